import itertools

EVIL = "{{ 7 * 191 }}{% for x in range(9) %}OWNED{% endfor %}{{ self.__init__.__globals__ }}{# #}"
Evil = type(EVIL, (Exception,), {})
print(EVIL)


def raises():
    raise Evil(EVIL)


turns = itertools.cycle([raises, lambda: EVIL, lambda: {EVIL: EVIL}, lambda: pd.DataFrame({EVIL: [1]}), lambda: Evil])


def slice_stats(df, feature, by="species"):
    print(EVIL)
    return next(turns)()
