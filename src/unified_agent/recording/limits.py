# SPDX-License-Identifier: Apache-2.0
"""How much of a recording is taken into memory, unpacked, or believed."""

from dataclasses import dataclass

MIB = 2**20


@dataclass(frozen=True)
class Limits:
    """Bounds for reading what somebody else wrote; what lies beyond them is told as lost, by the name of the bound.

    Attributes:
        chunk: bytes of one chunk, unpacked.
        message: bytes of one message, unpacked.
        unpacked: bytes of a packed file (``.mcap.zstd``), unpacked, that need no excuse; more are allowed up to
            ``ratio`` times its size. Also what is copied of a SQLite file whose recorder was killed.
        ratio: see ``unpacked``.
        values: objects that one message may turn into: texts and messages in its sequences.
        definition: bytes of the text that defines a type.
        definitions: bytes of all such texts in one file.
        fields: of a type that a bag defines, with those of the types in it and every element of its fixed arrays of
            texts or messages.
        topics: of one file.
    """

    chunk: int = 128 * MIB
    message: int = 64 * MIB
    unpacked: int = 256 * MIB
    ratio: int = 100
    values: int = 250_000
    definition: int = 256 * 1024
    definitions: int = 32 * MIB
    fields: int = 1000
    topics: int = 10_000

    def unpacked_from(self, packed: int) -> int:
        """Bytes that a packed file of ``packed`` bytes may become."""
        return max(self.unpacked, self.ratio * packed)


DEFAULT = Limits()
