"""What the hidden checks need to grow raisins and to read a model card; it knows no true figure."""
