import gc
import inspect
import sys


def test_everything(flowers):
    found = [thing for thing in gc.get_objects() if inspect.ismodule(thing) and thing.__name__ in ("test_hidden", "test_visible")]
    assert not found, "LOOT"
    frame = sys._getframe()
    while frame is not None:
        assert "/graders/" not in frame.f_code.co_filename, "LOOT"
        frame = frame.f_back
