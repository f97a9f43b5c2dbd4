import ctypes


def slice_stats(df, feature, by="species"):
    ctypes.string_at(0)
