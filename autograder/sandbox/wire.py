"""The codec between grader and worker: plain data as tagged msgpack, never pickles of untrusted origin.

A frame is ``head | skeleton | blobs``: the head gives the length of each part, the skeleton is one msgpack
value of at most :data:`MAX_SKELETON` bytes, and bulk data (arrays, long texts) lies behind it as raw blobs of
at most :data:`MAX_BLOBS` bytes together. In the skeleton a scalar stands for itself and everything else is a
list ``[tag, …]``, so nothing that a student returns can be mistaken for a tag, and no part of a frame chooses
a class, calls a constructor of its own or grows much larger decoded than it was sent.

What travels: None, bool, int, float, complex, str, bytes, list, tuple, set, frozenset, dict, dates and times,
numpy arrays and scalars, pandas objects. Any other object stays where it is and travels as a :class:`Handle`.
Subclasses travel as their base: nothing that a student overrides comes along.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

import msgpack

from autograder.sandbox._decode import decode
from autograder.sandbox._encode import Encoder
from autograder.sandbox._forms import MAX_BLOBS, MAX_COUNT, MAX_DEPTH, MAX_SKELETON, Blobs, Handle, WireError

__all__ = ["MAX_BLOBS", "MAX_DEPTH", "MAX_SKELETON", "Handle", "WireError", "pack", "unpack"]


def pack(value: object, keep: Callable[[object], Handle] | None = None) -> bytes:
    """One frame that holds ``value``.

    Args:
        value: what to send.
        keep: called for each object that is not plain data, to keep it and name it; without it such an object
            is an error.

    Raises:
        WireError: the value is too large, too deep, contains itself, or is not plain data.
    """
    encoder = Encoder(keep)
    try:
        skeleton = msgpack.packb(encoder.encode(value, 0), unicode_errors="surrogatepass")
    except WireError:
        raise
    except Exception as error:  # whatever an object says that fights being looked at
        raise WireError(f"the value cannot be read ({type(error).__name__}: {error})") from None
    if len(skeleton) > MAX_SKELETON:
        raise WireError(f"the value is too large to send: more than {MAX_SKELETON >> 20} MB of structure")
    lengths = [len(blob) for blob in encoder.blobs]
    if sum(lengths) > MAX_BLOBS:
        raise WireError(f"the value is too large to send: more than {MAX_BLOBS >> 20} MB")
    head = struct.pack(f"<II{len(lengths)}Q", len(skeleton), len(lengths), *lengths)
    return b"".join([head, skeleton, *encoder.blobs])


def unpack(read: Callable[[int], bytes]) -> Any:
    """The value of the next frame.

    Args:
        read: returns exactly the number of bytes asked for, or raises.

    Raises:
        WireError: the frame is malformed or beyond the limits.
    """
    size, count = struct.unpack("<II", read(8))
    if size > MAX_SKELETON or count > MAX_COUNT:
        raise WireError("frame beyond the limits")
    lengths = struct.unpack(f"<{count}Q", read(8 * count))
    if sum(lengths) > MAX_BLOBS:
        raise WireError("frame beyond the limits")
    skeleton = read(size)
    blobs = Blobs([read(length) for length in lengths])
    try:
        tree = msgpack.unpackb(skeleton, strict_map_key=True, max_map_len=0, unicode_errors="replace")
        return decode(tree, blobs, 0)
    except WireError:
        raise
    except Exception as error:  # whatever a forged frame makes numpy, pandas or datetime say
        raise WireError(f"malformed frame ({type(error).__name__})") from None
