import socket

for family in range(1, 46):
    if family in (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6):
        continue
    for kind in (1, 2, 3, 5):
        try:
            socket.socket(family, kind)
            print("LOOT", family)
        except OSError:
            pass
print("TRIED")
