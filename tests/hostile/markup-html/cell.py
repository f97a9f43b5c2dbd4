import itertools

EVIL = "<script>alert('owned')</script><img src=x onerror=alert(1)></pre></td></details>&lt;b&gt; javascript:alert(1)"
Evil = type(EVIL, (Exception,), {})
print(EVIL)


def raises():
    raise Evil(EVIL)


turns = itertools.cycle([raises, lambda: EVIL, lambda: {EVIL: EVIL}, lambda: pd.DataFrame({EVIL: [1]}), lambda: Evil])


def slice_stats(df, feature, by="species"):
    print(EVIL)
    return next(turns)()
