# SPDX-License-Identifier: Apache-2.0
"""Packed bytes, unpacked up to a bound: what they claim to hold is never believed."""

import bz2
import io
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import lz4.frame
import zstandard

from unified_agent.errors import UserError
from unified_agent.recording.limits import MIB, Limits

ZSTD = b"\x28\xb5\x2f\xfd"
"""How every zstd frame begins; no CDR message does."""


class BadPacking(UserError):
    """Packed bytes that cannot be unpacked: why."""


def unpacked(data: bytes | memoryview, packing: str, limit: int) -> bytes:
    """The bytes that were packed.

    Args:
        packing: ``zstd``, ``lz4``, ``bz2``, or empty or ``none`` where they are not.
        limit: bytes of the result.

    Raises:
        BadPacking: they are broken, more than the limit, or packed in another way.
    """
    if packing in ("", "none"):
        return _within(bytes(data), limit)
    unpack = {"zstd": _zstd, "lz4": _lz4, "bz2": _bz2}.get(packing)
    if unpack is None:
        raise BadPacking(f"it is packed as {packing[:20]!r}: zstd, lz4 and bz2 can be read")
    try:
        return unpack(data, limit)
    except (zstandard.ZstdError, RuntimeError, OSError, EOFError, ValueError, MemoryError) as error:
        raise BadPacking(f"it cannot be unpacked ({str(error)[:100] or type(error).__name__})") from None


class PackedStream:
    """A zstd file as the bytes that were packed, forward only.

    Args:
        path: of the file.
        limits: more than they allow for a file of its size end in `BadPacking`.
    """

    def __init__(self, path: Path, limits: Limits):
        self.file = path.open("rb")
        unpacking = _Unpacking(self.file, limits.unpacked_from(path.stat().st_size))
        self._buffered = io.BufferedReader(unpacking, MIB)
        self.read, self.tell = self._buffered.read, self._buffered.tell

    def skip(self, size: int) -> None:
        """Pass over bytes."""
        while size > 0 and (part := self.read(min(size, MIB))):
            size -= len(part)

    def close(self) -> None:
        """Close the file."""
        self._buffered.close()
        self.file.close()


class _Unpacking(io.RawIOBase):
    def __init__(self, file: BinaryIO, limit: int):
        self._reader = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
        self._limit, self._position = limit, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Tells the position; there is no going anywhere."""
        if (offset, whence) != (0, io.SEEK_CUR):
            raise io.UnsupportedOperation("a packed file is read forward")
        return self._position

    def readinto(self, buffer: memoryview) -> int:
        try:
            count = self._reader.readinto(buffer)
        except (zstandard.ZstdError, MemoryError) as error:
            raise BadPacking(f"it cannot be unpacked ({str(error)[:100]})") from None
        self._position += count
        if self._position > self._limit:
            raise BadPacking(f"it holds more than {self._limit} bytes (Limits.unpacked, Limits.ratio)")
        return count


def _zstd(data: bytes | memoryview, limit: int) -> bytes:
    promised = zstandard.get_frame_parameters(data).content_size
    if promised == zstandard.CONTENTSIZE_UNKNOWN:
        reader = zstandard.ZstdDecompressor().stream_reader(data, read_across_frames=True)
        return _joined(iter(lambda: reader.read(MIB), b""), limit)
    if promised > limit:
        raise BadPacking(f"it holds {promised} bytes, more than {limit}")
    return zstandard.ZstdDecompressor().decompress(data)


def _lz4(data: bytes | memoryview, limit: int) -> bytes:
    return _joined(_pieces(lz4.frame.LZ4FrameDecompressor, data), limit)


def _bz2(data: bytes | memoryview, limit: int) -> bytes:
    return _joined(_pieces(bz2.BZ2Decompressor, data), limit)


def _pieces(decompressor_type, data: bytes | memoryview) -> Iterator[bytes]:
    decompressor, given = decompressor_type(), bytes(data)
    while True:
        piece = decompressor.decompress(given, max_length=MIB)
        given = b""
        if piece:
            yield piece
        if decompressor.eof:
            return
        if not piece and decompressor.needs_input:
            raise EOFError("it ends too early")


def _joined(pieces: Iterator[bytes], limit: int) -> bytes:
    kept, size = [], 0
    for piece in pieces:
        size += len(piece)
        if size > limit:
            raise BadPacking(f"it holds more than {limit} bytes")
        kept.append(piece)
    return b"".join(kept)


def _within(data: bytes, limit: int) -> bytes:
    if len(data) > limit:
        raise BadPacking(f"it holds {len(data)} bytes, more than {limit}")
    return data
