"""Run student code apart from everything that judges it, and bring back plain data only."""
