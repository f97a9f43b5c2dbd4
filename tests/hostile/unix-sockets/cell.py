import glob
import socket

names = ["\0@ABSTRACT@", "@SOCKET@", "/run/docker.sock", "/var/run/docker.sock", "/run/dbus/system_bus_socket", "/tmp/.X11-unix/X0"]
for name in names + glob.glob("/run/**", recursive=True):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        sock = socket.socket(socket.AF_UNIX, kind)
        try:
            sock.connect(name)
            print("LOOT", name)
        except OSError:
            pass
print("TRIED")
