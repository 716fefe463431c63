# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from unified_agent.errors import UserError
from unified_agent.language.subgoals import VOCABULARY
from unified_agent.training.eyes import report, train_clip
from unified_agent.training.eyes.frames import LabelledMoments, Shard
from unified_agent.training.eyes.train_clip import ClipTrainer, TrainingConfig
from unified_agent.vision.clip import Clip
from unified_agent.vision.detector import Detector

SMALL = {
    "model_cfg": {
        **train_clip.ARCHITECTURE["model_cfg"],
        "vision_cfg": {"image_size": 32, "layers": [1, 1, 1, 1], "width": 8, "head_width": 64},
    },
    "preprocess_cfg": train_clip.ARCHITECTURE["preprocess_cfg"],
}


def moments(count: int, seed: int) -> LabelledMoments:
    """Noise with a patch of one colour: the sub-goal 'grasping' that colour is true, all others are false."""
    rng = np.random.default_rng(seed)
    frames = rng.integers(60, 120, (count, 2, 32, 32, 3), dtype=np.uint8)
    truth = np.zeros((count, len(VOCABULARY)), dtype=np.int8)
    colours = rng.integers(0, 3, count)
    for i, colour in enumerate(colours):
        frames[i, :, 8:24, 8:24] = np.eye(3, dtype=np.uint8)[colour] * 200
        truth[i, colour] = 1
    return LabelledMoments([Shard(frames, truth, np.full(count, "patch"))])


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(train_clip, "ARCHITECTURE", SMALL)


def config(**changes) -> TrainingConfig:
    return TrainingConfig(**{"epochs": 6, "batch": 16, "warmup": 4, "threads": 1, **changes})


def test_a_trained_clip_reads_frames_it_has_not_seen(tmp_path):
    history = ClipTrainer(moments(128, 0), tmp_path, config(), "cpu").run()
    assert history[-1]["loss"] < history[0]["loss"] / 2
    clip = Clip.load(str(tmp_path), "cpu")
    unseen = moments(48, 1)
    scores = report.score_moments(clip, unseen)[:, :3]
    assert (scores.argmax(axis=1) == unseen.truth[:, :3].argmax(axis=1)).mean() > 0.9


def test_after_the_first_epoch_it_learns_from_the_hardest_and_from_others_by_chance(tmp_path):
    epochs = []

    class Watched(ClipTrainer):
        def _order(self, epoch, rng):
            hardness, order = self._hardness.copy(), super()._order(epoch, rng)
            epochs.append((hardness, order))
            return order

    Watched(moments(64, 0), tmp_path, config(epochs=2, share=0.5), "cpu").run()
    (_, first), (hardness, second) = epochs
    assert sorted(first) == list(range(64))
    assert len(set(second)) == 32
    assert set(np.argsort(-hardness)[:16]) <= set(second)
    assert np.median(hardness[list(set(second))]) > np.median(hardness)


@pytest.mark.parametrize("share", [1.0, 0.5])
def test_a_run_cut_off_goes_on_and_ends_as_if_it_had_not_been(tmp_path, share):
    settings = config(epochs=3, share=share)
    whole = ClipTrainer(moments(48, 0), tmp_path / "whole", settings, "cpu").run()

    class Cut(ClipTrainer):
        def _save_progress(self, own):
            super()._save_progress(own)
            if len(self.history) == 2:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Cut(moments(48, 0), tmp_path / "cut", settings, "cpu").run()
    assert not (tmp_path / "cut" / "model.safetensors").exists()
    resumed = ClipTrainer(moments(48, 0), tmp_path / "cut", settings, "cpu").run()
    assert [h["loss"] for h in resumed] == pytest.approx([h["loss"] for h in whole], rel=1e-3)


def test_a_run_can_go_on_from_a_checkpoint(tmp_path):
    ClipTrainer(moments(128, 0), tmp_path / "first", config(), "cpu").run()
    start = Clip.load(str(tmp_path / "first"), "cpu")
    anew, onwards = (
        ClipTrainer(moments(64, 2), tmp_path / name, config(epochs=1), "cpu", clip).run()[0]["loss"]
        for name, clip in (("anew", None), ("onwards", start))
    )
    assert onwards < anew / 2


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        ({"seed": 5}, "seed was 0 and is 5 now"),
        ({"epochs": 2}, "epochs was 1 and is 2 now"),
        ({"frames": 1}, "frames was"),
    ],
)
def test_another_run_in_the_same_folder_is_refused(tmp_path, changes, difference):
    ClipTrainer(moments(32, 0), tmp_path, config(epochs=1), "cpu").run()
    before = (tmp_path / "model.safetensors").read_bytes()
    others = moments(32, changes.pop("frames", 0))
    with pytest.raises(UserError, match=f"other settings.*{difference}"):
        ClipTrainer(others, tmp_path, config(**{"epochs": 1, **changes}), "cpu").run()
    assert (tmp_path / "model.safetensors").read_bytes() == before


def test_a_folder_of_others_is_not_written_to(tmp_path):
    (tmp_path / "open_clip_config.json").write_text("{}")
    with pytest.raises(UserError, match="not empty"):
        ClipTrainer(moments(32, 0), tmp_path, config(epochs=1), "cpu").run()
    assert (tmp_path / "open_clip_config.json").read_text() == "{}"


def test_too_few_views_for_a_batch_are_refused(tmp_path):
    with pytest.raises(UserError, match="collect more"):
        ClipTrainer(moments(8, 0), tmp_path, config(), "cpu").run()


def test_the_report_scores_views_as_the_detector_does(tmp_path):
    ClipTrainer(moments(32, 0), tmp_path, config(epochs=1), "cpu").run()
    clip = Clip.load(str(tmp_path), "cpu")
    some = moments(5, 1)
    left, right = some.frames(np.array([4]))[0]
    expected = Detector(clip, report.SENTENCES).scores({"left": left, "right": right})
    np.testing.assert_allclose(report.score_moments(clip, some, batch=2)[4], expected, atol=1e-5)
