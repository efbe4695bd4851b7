"""Records of TensorBoard event files, written without TensorFlow."""

from __future__ import annotations

import struct

_CHECKSUM = b"\0" * 4  # readers of the app ignore it


def _varint(number: int) -> bytes:
    parts = []
    while number > 127:
        parts.append(number & 127 | 128)
        number >>= 7
    return bytes([*parts, number])


def _field(number: int, content: bytes) -> bytes:
    """Encodes a length-delimited field of a protocol buffer."""
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def framed(record: bytes) -> bytes:
    """Returns a record with its length and checksums, as in an event file."""
    return struct.pack("<Q", len(record)) + _CHECKSUM + record + _CHECKSUM


def event(step: int, tag: str, value: float, time: float = 0.0, tensor: bool = True) -> bytes:
    """Returns a framed event with a scalar, as ``tf.summary.scalar`` writes it; an older form if not ``tensor``."""
    packed = struct.pack("<f", value)
    content = _field(8, b"\x08\x01" + _field(4, packed)) if tensor else b"\x15" + packed
    summary = _field(5, _field(1, _field(1, tag.encode()) + content))
    return framed(b"\x09" + struct.pack("<d", time) + b"\x10" + _varint(step) + summary)
