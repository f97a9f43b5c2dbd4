import builtins
import time

for name in ("time", "monotonic", "perf_counter"):
    setattr(time, name, lambda: 0.0)
time.sleep = lambda seconds: None
builtins.exit = builtins.quit = builtins.input = lambda *args: 0
