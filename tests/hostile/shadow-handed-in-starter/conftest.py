import os

os.system("echo LOOT > @CANARY@/shadowed")


def pytest_runtest_makereport(item, call):
    raise SystemExit("LOOT: this conftest was loaded")
