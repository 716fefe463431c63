# SPDX-License-Identifier: Apache-2.0
import bz2

import lz4.frame
import pytest
import zstandard

from unified_agent.recording.limits import Limits
from unified_agent.recording.unpacking import BadPacking, PackedStream, unpacked

PACKERS = {"zstd": zstandard.compress, "lz4": lz4.frame.compress, "bz2": bz2.compress, "none": bytes, "": bytes}


@pytest.mark.parametrize("packing", PACKERS)
def test_what_was_packed_comes_back_within_the_limit(packing):
    packed = PACKERS[packing](b"hello" * 100)
    assert unpacked(packed, packing, 500) == b"hello" * 100
    with pytest.raises(BadPacking):
        unpacked(packed, packing, 499)


@pytest.mark.parametrize("packing", ["zstd", "lz4", "bz2"])
def test_broken_bytes_are_told(packing):
    packed = PACKERS[packing](bytes(range(256)) * 20)
    for broken in (packed[:-5], packed[:3], b"", b"nonsense", packed[:10] + bytes(20) + packed[30:]):
        with pytest.raises(BadPacking):
            unpacked(broken, packing, 10**6)


def test_a_packed_file_ends_at_its_limit(tmp_path):
    path = tmp_path / "x.zstd"
    path.write_bytes(zstandard.compress(bytes(2**22)))
    stream = PackedStream(path, Limits(unpacked=2**20, ratio=1))
    with pytest.raises(BadPacking, match="Limits.unpacked"):
        stream.skip(2**22)
    stream.close()
