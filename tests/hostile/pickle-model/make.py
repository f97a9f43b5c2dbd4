import os
import pickle


class Payload:
    def __reduce__(self):
        return (os.system, ("echo LOOT > @CANARY@/pickled; id -u > /tmp/ran",))


def make(folder, course):
    text = pickle.dumps(Payload(), 0).decode().replace("@CANARY@", str(course.parent / "canary"))
    (folder / "model.pkl").write_text(text)
