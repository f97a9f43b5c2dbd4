import socket

for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
    for host in ("192.0.2.1", "8.8.8.8", "169.254.169.254", "10.0.0.1"):
        sock = socket.socket(socket.AF_INET, kind)
        sock.settimeout(1)
        try:
            sock.connect((host, 53))
            print("LOOT", host)
        except OSError as error:
            assert "unreachable" in str(error), error
try:
    print("LOOT", socket.getaddrinfo("example.org", 80))
except OSError:
    pass
for family, kind, protocol in ((socket.AF_INET, socket.SOCK_RAW, 1), (socket.AF_PACKET, socket.SOCK_RAW, 3)):
    try:
        socket.socket(family, kind, protocol)
        print("LOOT raw")
    except OSError:
        pass
print("TRIED")
