# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from unified_agent.errors import UserError
from unified_agent.training.policy import experience


def test_what_was_saved_is_what_is_loaded(tmp_path, episode):
    experience.save([episode(2, grey=40), episode(3, grey=200)], tmp_path / "a.safetensors")
    first, second = experience.load(tmp_path / "a.safetensors", frames=True)
    assert (len(first), len(second)) == (2, 3)
    assert second.pursued == ["the robot is grasping the red object"] * 3 and second.done
    np.testing.assert_allclose(second.scores[3], [0.3, 0.5], rtol=1e-6)
    np.testing.assert_allclose(second.states[3].objects["green"], [0.7, 1, 0.02])
    assert [s.holding for s in first.states] == [False, True, False]
    np.testing.assert_allclose(first.frames_of(0), 40, atol=3)
    np.testing.assert_allclose(second.frames_of(3), 200, atol=3)


def test_pictures_are_left_on_disk_unless_asked_for(tmp_path, episode):
    experience.save([episode()], tmp_path / "a.safetensors")
    assert experience.load(tmp_path / "a.safetensors")[0].frames == []


def test_an_episode_tells_with_what_it_was_seen(tmp_path, episode):
    seen, old = episode(1), episode(1)
    seen.provenance = experience.Provenance("f00", (0.25, 0.5), "fr3")
    experience.save([seen, old], tmp_path / "a.safetensors")
    assert [e.provenance for e in experience.load(tmp_path / "a.safetensors")] == [seen.provenance, None]


def test_an_episode_that_ended_before_any_action_is_kept(tmp_path, episode):
    experience.save([episode(0), episode(1)], tmp_path / "a.safetensors")
    assert [len(e) for e in experience.load(tmp_path / "a.safetensors", frames=True)] == [0, 1]


def test_episodes_that_nobody_looked_at_are_kept_too(tmp_path, episode):
    unseen = episode(2)
    unseen.frames, unseen.scores = [], []
    experience.save([unseen], tmp_path / "a.safetensors")
    (loaded,) = experience.load(tmp_path / "a.safetensors", frames=True)
    assert len(loaded) == 2 and loaded.frames == [] and loaded.scores == []


@pytest.mark.parametrize("damage", [lambda data: data[:200], lambda data: b"\0" * 64, lambda data: data[:-7]])
def test_a_broken_file_is_named_and_explained(tmp_path, episode, damage):
    path = tmp_path / "a.safetensors"
    experience.save([episode()], path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(UserError, match=r"a\.safetensors.*cannot be read"):
        experience.load(path)


def test_episodes_that_do_not_fit_into_one_file_are_refused(tmp_path, episode):
    unseen, blind = episode(1), episode(1)
    unseen.scores, blind.frames = [], []
    for other in (unseen, blind):
        with pytest.raises(UserError, match="one number of"):
            experience.save([other, episode(1)], tmp_path / "a.safetensors")
    short = episode(2)
    del short.scores[0]
    with pytest.raises(UserError, match="3 moments"):
        experience.save([short], tmp_path / "a.safetensors")
    assert list(tmp_path.iterdir()) == []


def test_frames_that_are_no_pictures_are_told(episode):
    for data in (b"", b"no picture", episode().frames[0][0][:80]):
        one = episode()
        one.frames[0] = [data, data]
        with pytest.raises(UserError, match="no whole JPEG"):
            one.frames_of(0)
