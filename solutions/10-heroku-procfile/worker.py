"""The worker: it would take jobs from a queue, and without one it says so now and then. There is nothing to do here."""

from __future__ import annotations

import os
import signal
import threading

stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())

print("worker: ready", flush=True)
while not stop.wait(float(os.environ.get("WORKER_SECONDS", "5"))):
    print("worker: nothing to do", flush=True)
print("worker: stopped", flush=True)
