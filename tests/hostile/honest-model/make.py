import pickle


def make(folder, course):
    (folder / "model.pkl").write_bytes(pickle.dumps({"slope": 3}))
