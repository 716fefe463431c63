# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from unified_agent.errors import UserError
from unified_agent.vision.clip import Clip
from unified_agent.vision.known_scenes import FILE, KnownScenes, described


@pytest.fixture
def scenes() -> KnownScenes:
    rng = np.random.default_rng(0)
    return KnownScenes.fit((1, 2), rng.normal((1.0, -2.0, 5.0), (0.1, 1.0, 3.0), (500, 3)))


def test_a_known_description_is_about_one_away_and_a_strange_one_far(scenes):
    near = scenes.distances(torch.tensor([[1.1, -3.0, 8.0], [0.9, -1.0, 2.0]]))
    torch.testing.assert_close(near, torch.ones(2), atol=0.15, rtol=0.0)
    assert scenes.distances(torch.tensor([[2.0, -2.0, 5.0]])).item() > 5.0


def test_it_is_the_same_when_it_is_read_again(scenes, tmp_path):
    scenes.threshold = 1.75
    scenes.save(tmp_path)
    again = KnownScenes.beside(tmp_path)
    assert (again.layers, again.threshold) == ((1, 2), 1.75)
    some = torch.randn(4, 3)
    torch.testing.assert_close(again.distances(some), scenes.distances(some), rtol=1e-3, atol=1e-3)


def test_nothing_is_known_where_nothing_is_written(tmp_path):
    assert KnownScenes.beside(tmp_path) is None


def test_too_few_frames_are_refused():
    with pytest.raises(UserError, match="too few"):
        KnownScenes.fit((1,), np.zeros((3, 3)))


GOOD = {
    "layers": torch.tensor([1, 2]),
    "mean": torch.zeros(3),
    "whitening": torch.eye(3),
    "threshold": torch.tensor([1.5]),
}


@pytest.mark.parametrize(
    "change",
    [
        {"layers": torch.tensor([5])},
        {"layers": torch.tensor([2, 1])},
        {"layers": torch.zeros(0)},
        {"layers": torch.tensor([[1]])},
        {"mean": torch.zeros(4)},
        {"whitening": torch.zeros(3)},
        {"whitening": torch.full((3, 3), torch.nan)},
        {"threshold": torch.tensor(1.0)},
        {"threshold": torch.tensor([torch.inf])},
    ],
)
def test_what_does_not_fit_together_is_refused(tmp_path, change):
    save_file({**GOOD, **change}, tmp_path / FILE)
    with pytest.raises(UserError, match="no description of known scenes"):
        KnownScenes.beside(tmp_path)


@pytest.mark.parametrize("content", [b"", b"no tensors", b"\xff" * 64])
def test_a_file_of_something_else_is_refused(tmp_path, content):
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(UserError, match="no description of known scenes"):
        KnownScenes.beside(tmp_path)


def test_a_folder_in_its_place_and_a_part_that_lacks_are_refused(tmp_path):
    (tmp_path / FILE).mkdir()
    with pytest.raises(UserError, match="no description"):
        KnownScenes.beside(tmp_path)
    (tmp_path / FILE).rmdir()
    save_file({name: part for name, part in GOOD.items() if name != "mean"}, tmp_path / FILE)
    with pytest.raises(UserError, match="no description"):
        KnownScenes.beside(tmp_path)


def test_one_of_another_tower_is_refused_with_the_model(tiny_folder):
    save_file(GOOD, tiny_folder / FILE)
    with pytest.raises(UserError, match="does not fit"):
        Clip.load(str(tiny_folder), "cpu")


def test_a_description_is_the_logarithm_of_mean_and_deviation_of_each_channel():
    activation = torch.rand(2, 3, 4, 5)
    expected = torch.cat([activation.mean((2, 3)), activation.std((2, 3), correction=0)], dim=1)
    torch.testing.assert_close(described([activation]), expected.add(1e-3).log())
