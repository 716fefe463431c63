# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from unified_agent.errors import UserError
from unified_agent.training.eyes.frames import LabelledMoments, Shard, truth_value


def shard(first: int, count: int) -> Shard:
    frames = np.arange(first, first + count, dtype=np.uint8)[:, None, None, None, None]
    frames = np.broadcast_to(frames, (count, 2, 4, 4, 3))
    return Shard(frames, np.full((count, 12), first % 2, np.int8), np.full(count, f"scene {first}"))


def test_a_shard_is_read_back_as_it_was_written(tmp_path):
    shard(3, 5).save(tmp_path / "train" / "0000")
    again = Shard.load(tmp_path / "train" / "0000")
    np.testing.assert_array_equal(again.frames, shard(3, 5).frames)
    np.testing.assert_array_equal(again.truth, shard(3, 5).truth)
    assert again.scenes.tolist() == ["scene 3"] * 5


def test_a_shard_cut_off_while_it_was_written_does_not_count(tmp_path, monkeypatch):
    save = np.save

    def dies_in_the_frames(path, array, **options):
        if "frames" in path.name:
            raise KeyboardInterrupt
        save(path, array, **options)

    monkeypatch.setattr(np, "save", dies_in_the_frames)
    with pytest.raises(KeyboardInterrupt):
        shard(0, 5).save(tmp_path / "0000")
    assert not Shard.exists(tmp_path / "0000")


def test_views_are_found_across_shards():
    moments = LabelledMoments([shard(0, 5), shard(5, 3), shard(8, 4)])
    assert len(moments) == 12
    assert moments.frames(np.array([11, 0, 5, 4, 7]))[:, 0, 0, 0, 0].tolist() == [11, 0, 5, 4, 7]


def test_a_set_needs_frames():
    with pytest.raises(UserError, match="collect some"):
        LabelledMoments([])


def test_truth_has_three_values():
    assert [truth_value(holds) for holds in (True, False, None)] == [1, 0, -1]
