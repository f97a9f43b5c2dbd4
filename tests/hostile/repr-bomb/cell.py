class Bomb:
    def __repr__(self): raise SystemExit("repr")
    def __str__(self): raise KeyboardInterrupt
    def __getattribute__(self, name): raise MemoryError


Bomb.__name__ = Bomb.__qualname__ = "[red]\x1b[31m<script>alert(1)</script>" * 50


def slice_stats(df, feature, by="species"):
    return Bomb()
