# SPDX-License-Identifier: Apache-2.0
"""Files of experience as nobody of us would write them."""

import json
import os

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from unified_agent.training.policy import experience
from unified_agent.training.policy.experience_file import BadExperience, is_experience


@pytest.fixture
def changed(tmp_path, episode):
    """A function that writes a good file with other tensors, metadata or texts of its first episode."""
    path = tmp_path / "a.safetensors"
    experience.save([episode(2), episode(1)], path)
    tensors = load_file(path)
    with safe_open(path, "np") as file:
        metadata = dict(file.metadata())

    def write(tensor=None, told=None, text=None):
        episodes = json.loads(metadata["episodes"])
        episodes[0] |= text or {}
        both = {**metadata, "episodes": json.dumps(episodes), **(told or {})}
        everything = {**tensors, **(tensor or {})}
        save_file(
            {name: data for name, data in everything.items() if data is not None},
            path,
            {key: value for key, value in both.items() if value is not None},
        )
        return path

    return write


def test_the_unchanged_file_is_read(changed):
    assert [len(one) for one in experience.load(changed(), frames=True)] == [2, 1]
    assert is_experience(changed())


NAN = np.full((5, 3), np.nan)


@pytest.mark.parametrize(
    "tensor",
    [
        {"objects": None},
        {"objects": np.zeros((5, 3))},
        {"objects": np.zeros((4, 3, 3))},
        {"objects": np.zeros((5, 2, 3))},
        {"tool": NAN},
        {"tool": np.zeros((5, 3), np.int64)},
        {"tool": np.zeros((5, 3), np.float16)},
        {"holding": np.zeros(5)},
        {"holding": np.zeros(4, bool)},
        {"scores": np.zeros((5, 3), np.float32)},
        {"scores": np.full((5, 2), np.inf, np.float32)},
        {"actions": np.zeros((3, 3))},
        {"actions": np.zeros((7, 2))},
        {"jpeg": np.zeros((2, 2), np.uint8)},
        {"jpeg": np.zeros(3, np.int8)},
        {"ends": np.zeros(5, np.int64)},
        {"ends": -np.ones((5, 2), np.int64)},
        {"ends": np.full((5, 2), 2**62, np.int64)},
        {"ends": np.zeros((5, 2), np.int64)},
        {"ends": np.zeros((0, 2), np.int64), "jpeg": np.zeros((), np.uint8)},
    ],
)
def test_tensors_that_do_not_fit_are_refused_by_name(changed, tensor):
    with pytest.raises(BadExperience, match=r"a\.safetensors.*cannot be read"):
        experience.load(changed(tensor), frames=True)


@pytest.mark.parametrize(
    "told",
    [
        {"format": None},
        {"format": "something else 1"},
        {"objects": None},
        {"objects": "5"},
        {"objects": '["red", "red", "blue"]'},
        {"objects": '["cup", "green", "blue"]'},
        {"objects": "[[], [], []]"},
        {"episodes": None},
        {"episodes": "["},
        {"episodes": "[" * 100_000},
        {"episodes": "{}"},
        {"episodes": "[5, 6]"},
        {"episodes": "[]"},
        {"episodes": '["' + "x" * 9_000_000 + '"]'},
    ],
)
def test_metadata_that_are_not_ours_are_refused(changed, told):
    with pytest.raises(BadExperience, match="cannot be read"):
        experience.load(changed(told=told))


@pytest.mark.parametrize(
    "text",
    [
        {"pursued": "abc"},
        {"pursued": [1, 2]},
        {"pursued": ["a"] * 3},
        {"sentences": ["a", "a"]},
        {"sentences": [[], []]},
        {"sentences": ["a"]},
        {"instruction": None},
        {"done": 1},
        {"more": 1},
        {"provenance": 5},
        {"provenance": {"clip": "x", "arm": "fr3", "thresholds": [0.1]}},
        {"provenance": {"clip": "x", "arm": "fr3", "thresholds": [0.1, float("nan")]}},
        {"provenance": {"clip": "x", "arm": "fr3", "thresholds": [0.1, "0.2"]}},
        {"provenance": {"clip": 1, "arm": "fr3", "thresholds": [0.1, 0.2]}},
    ],
)
def test_texts_of_an_episode_that_are_not_ours_are_refused(changed, text):
    with pytest.raises(BadExperience, match="cannot be read"):
        experience.load(changed(text=text))


def test_a_header_of_any_size_and_a_pipe_are_refused_at_once(tmp_path):
    path = tmp_path / "a.safetensors"
    for length in (2**63, 2**32, 99_000_000):
        path.write_bytes(length.to_bytes(8, "little") + b"{}")
        with pytest.raises(BadExperience, match="cannot be read"):
            experience.load(path)
    os.mkfifo(tmp_path / "pipe.safetensors")
    for path in (tmp_path / "pipe.safetensors", tmp_path, tmp_path / "none"):
        assert not is_experience(path)
        with pytest.raises(BadExperience):
            experience.load(path)
