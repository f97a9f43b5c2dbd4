import socket

for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"), (socket.AF_INET, "0.0.0.0")):
    sock = socket.socket(family)
    sock.settimeout(1)
    try:
        sock.connect((host, @PORT@))
        print("LOOT", host)
    except OSError:
        pass
    udp = socket.socket(family, socket.SOCK_DGRAM)
    try:
        udp.sendto(b"LOOT", (host, @PORT@))
    except OSError:
        pass
print("TRIED")
