import itertools

EVIL = "\x1b]0;owned\x07\x1b[2J\x1b[H\x1b[32m✓ 12 / 12\x1b[0m\x9b31m\r\x08\u202e\u2066\x00"
Evil = type(EVIL.replace("\x00", ""), (Exception,), {})
print(EVIL)


def raises():
    raise Evil(EVIL)


turns = itertools.cycle([raises, lambda: EVIL, lambda: {EVIL: EVIL}, lambda: pd.DataFrame({EVIL: [1]}), lambda: type(EVIL[:5], (), {})()])


def slice_stats(df, feature, by="species"):
    print(EVIL)
    return next(turns)()
