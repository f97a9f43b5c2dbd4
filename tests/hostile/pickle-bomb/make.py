def make(folder, course):
    """A hundred times the memory of the one before, in a few bytes each."""
    body = b"(lp0\n" + b"I1\na" * 100
    grow = b"".join(b"(lp%d\n" % n + b"g%d\na" % (n - 1) * 100 for n in range(1, 3))
    (folder / "model.pkl").write_bytes(b"cbuiltins\nbytearray\n(I99999999999\ntR.")
