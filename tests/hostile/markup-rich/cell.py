import itertools

EVIL = "[red]owned[/red] [link=file:///etc/passwd]click[/link] [/] [bold"
Evil = type(EVIL, (Exception,), {})
print(EVIL)


def raises():
    raise Evil(EVIL)


turns = itertools.cycle([raises, lambda: EVIL, lambda: {EVIL: EVIL}, lambda: pd.DataFrame({EVIL: [1]}), lambda: Evil])


def slice_stats(df, feature, by="species"):
    print(EVIL)
    return next(turns)()
