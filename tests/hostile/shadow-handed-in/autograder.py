import os

os.system("echo LOOT > @CANARY@/shadowed")
raise SystemExit("LOOT: this file was imported")
