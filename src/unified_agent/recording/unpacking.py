# SPDX-License-Identifier: Apache-2.0
"""Packed bytes, unpacked up to a bound: what they claim to hold is never believed."""

import bz2
import io
from collections.abc import Iterator
from pathlib import Path

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


class PackedStream(io.RawIOBase):
    """A zstd file as the bytes that were packed, forward only.

    Args:
        path: of the file.
        limits: more than they allow for a file of its size end in `BadPacking`.
    """

    def __init__(self, path: Path, limits: Limits):
        self.file = path.open("rb")
        self._reader = zstandard.ZstdDecompressor().stream_reader(self.file, read_across_frames=True)
        self._limit = limits.unpacked_from(path.stat().st_size)
        self._read = 0

    def read(self, size: int = -1) -> bytes:
        """At most ``size`` bytes; fewer at the end."""
        parts = []
        while size > 0:
            try:
                part = self._reader.read(min(size, MIB))
            except (zstandard.ZstdError, MemoryError) as error:
                raise BadPacking(f"it cannot be unpacked ({str(error)[:100]})") from None
            if not part:
                break
            parts.append(part)
            size -= len(part)
            self._read += len(part)
            if self._read > self._limit:
                raise BadPacking(f"it holds more than {self._limit} bytes (Limits.unpacked, Limits.ratio)")
        return b"".join(parts)

    def skip(self, size: int) -> None:
        """Pass over bytes."""
        while size > 0 and (part := self.read(min(size, MIB))):
            size -= len(part)

    def tell(self) -> int:
        """Unpacked bytes so far."""
        return self._read

    def close(self) -> None:
        """Close the file."""
        if not self.closed:
            self._reader.close()
            self.file.close()
        super().close()


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
