# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
from PIL import Image

from unified_agent.cli import main
from unified_agent.errors import UserError
from unified_agent.training.eyes import collection, familiarity
from unified_agent.training.eyes.collection import Split
from unified_agent.training.eyes.familiarity import disguised, foreign, known_scenes, unfamiliar_share
from unified_agent.training.eyes.frames import LabelledMoments, Shard
from unified_agent.vision.clip import Clip
from unified_agent.vision.known_scenes import KnownScenes


@pytest.fixture(autouse=True)
def early(monkeypatch):
    """The tiny CLIP has more channels behind its third layer than there are frames here."""
    monkeypatch.setattr(familiarity, "LAYERS", (1, 2))


def moments(seed: int, count: int = 150) -> LabelledMoments:
    """Grey noise with a bright patch somewhere."""
    rng = np.random.default_rng(seed)
    frames = rng.integers(60, 120, (count, 2, 32, 32, 3), dtype=np.uint8)
    for frame, (x, y) in zip(frames.reshape(-1, 32, 32, 3), rng.integers(0, 24, (2 * count, 2)), strict=True):
        frame[x : x + 8, y : y + 8] = 200
    return LabelledMoments([Shard(frames, np.zeros((count, 12), np.int8), np.full(count, "noise"))])


@pytest.fixture
def clip(tiny_folder):
    clip = Clip.load(str(tiny_folder), "cpu")
    clip.known = known_scenes(clip, moments(0), moments(1))
    return clip


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "pictures"
    (folder / "more").mkdir(parents=True)
    Image.new("RGB", (64, 48), (200, 0, 0)).save(folder / "red.png")
    gradient = np.tile(np.arange(0, 256, 4, dtype=np.uint8)[:, None, None], (1, 64, 3))
    Image.fromarray(gradient).save(folder / "more" / "gradient.JPG", "JPEG")
    (folder / "broken.png").write_bytes(b"no picture")
    (folder / "notes.txt").write_text("no picture")
    return folder


def test_held_out_moments_are_known_and_other_pictures_are_not(clip, pictures):
    assert unfamiliar_share(clip, moments(2)) < 0.05
    found = foreign(clip, pictures)
    assert (found.pictures, found.unfamiliar, found.unreadable, found.missed) == (2, 2, 1, ())
    assert found.held == 0


def test_what_is_known_survives_being_written(clip, tiny_folder):
    clip.known.save(tiny_folder)
    again = Clip.load(str(tiny_folder), "cpu")
    assert again.known.threshold == pytest.approx(clip.known.threshold)
    assert unfamiliar_share(again, moments(2)) == unfamiliar_share(clip, moments(2))


def test_pictures_taken_for_known_are_named(clip, pictures, monkeypatch):
    clip.known = KnownScenes(clip.known.layers, clip.known._mean, clip.known._whitening, 1e6)
    assert foreign(clip, pictures).missed == ("more/gradient.JPG", "red.png")


def test_half_of_the_frames_are_disguised_and_those_that_came_stay_as_they_were():
    frames = moments(0).frames(np.arange(100))[:, 0]
    before = frames.copy()
    changed = (disguised(frames, np.random.default_rng(0)) != frames).any(axis=(1, 2, 3)).mean()
    assert 0.3 < changed < 0.7
    assert (frames == before).all()


def test_a_folder_without_pictures_and_a_clip_without_known_scenes_are_told(clip, tmp_path):
    (tmp_path / "none").mkdir()
    with pytest.raises(UserError, match="no picture"):
        foreign(clip, tmp_path / "none")
    clip.known = None
    with pytest.raises(UserError, match="train-clip --describe"):
        foreign(clip, tmp_path)


def test_the_command_describes_a_checkpoint_and_counts_its_false_alarms(tiny_folder, pictures, monkeypatch, capsys):
    sets = {Split.TRAIN: moments(0), Split.CALIBRATION: moments(1), Split.TEST: moments(2)}
    monkeypatch.setattr(collection, "collect", lambda folder, split, count, arm: sets[split])
    assert main(["train-clip", "--describe", str(tiny_folder), "--device", "cpu"]) == 0
    assert Clip.load(str(tiny_folder), "cpu").known is not None
    words = ["train-clip", "--evaluate", str(tiny_folder), "--foreign", str(pictures), "--device", "cpu"]
    assert main(words) == 0
    told = capsys.readouterr().out
    assert "of 150 held-out moments" in told
    assert "2 of 2 pictures called unfamiliar" in told
    assert main(["train-clip", "--foreign", str(pictures)]) == 2
