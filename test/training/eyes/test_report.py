# SPDX-License-Identifier: Apache-2.0
import json

import numpy as np
import pytest
import torch

from unified_agent.training.eyes import report
from unified_agent.training.eyes.frames import LabelledMoments, Shard
from unified_agent.training.eyes.labels import Reason
from unified_agent.training.eyes.report import SENTENCES, certify
from unified_agent.vision.clip import Clip
from unified_agent.vision.detector import Detector


@pytest.fixture
def moments() -> LabelledMoments:
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 256, (40, 2, 8, 8, 3), dtype=np.uint8)
    return LabelledMoments(
        [Shard(frames, rng.integers(-1, 2, (40, len(SENTENCES))).astype(np.int8), np.full(40, "noise"))]
    )


@pytest.fixture
def perfect(monkeypatch, moments):
    """Scores that are 0.6 where a sentence is true, 0.2 where it is not."""
    monkeypatch.setattr(
        report, "score_moments", lambda clip, moments, change=None: np.where(moments.truth == 1, 0.6, 0.2)
    )


@pytest.fixture
def folder(tmp_path):
    from open_clip.model import CLIP
    from safetensors.torch import save_file

    config = {
        "embed_dim": 16,
        "vision_cfg": {"image_size": 32, "layers": [1, 1, 1, 1], "width": 4, "head_width": 32},
        "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 8, "heads": 2, "layers": 1},
    }
    torch.manual_seed(0)
    (tmp_path / "open_clip_config.json").write_text(json.dumps({"model_cfg": config, "preprocess_cfg": {}}))
    save_file(CLIP(**config).state_dict(), tmp_path / "model.safetensors")
    return tmp_path


def test_a_certified_checkpoint_has_a_card_with_thresholds_a_test_and_a_figure(folder, moments, perfect):
    found = certify(folder, moments, moments, [{"epoch": 0, "loss": 0.5}], moments=7)
    card = json.loads((folder / "card.json").read_text())
    assert card["thresholds"] == dict.fromkeys(SENTENCES, 0.4)
    assert card["test"]["precision"] == card["test"]["recall"] == 1.0
    assert card["moments"] == 7
    assert {d.true_positives for d in found[report.AS_THEY_ARE]} == set((moments.truth == 1).sum(axis=0))
    assert {"as it is", "hue + 0.06", "JPEG, quality 40"} < set(card["test"]["shifts"])
    assert card["test"]["relations"]["on top of"] == {"precision": 1.0, "recall": 1.0}
    assert (folder / "report.png").stat().st_size > 1000


def test_the_detector_takes_its_thresholds_from_the_card(folder, moments, perfect):
    certify(folder, moments, moments, [{"epoch": 0, "loss": 0.5}])
    detector = Detector(Clip.load(str(folder), "cpu"), [SENTENCES[3], "a hand waves"])
    assert detector.thresholds.tolist() == [0.4, 0.4]


def test_what_is_not_counted_is_told_with_its_reasons():
    truth = np.zeros((10, len(SENTENCES)), np.int8)
    reasons = np.zeros_like(truth)
    truth[:3, 0], reasons[:3, 0] = -1, Reason.TOUCHED
    shard = Shard(np.zeros((10, 2, 8, 8, 3), np.uint8), truth, np.full(10, "noise"), reasons=reasons)
    share = report.not_counted(LabelledMoments([shard]))
    assert share["all"] == pytest.approx(3 / 120)
    assert share["grasping"] == pytest.approx(3 / 30)
    assert share["reasons"]["touched by the gripper, not lifted"] == pytest.approx(3 / 120)
    assert "grasping 10.0%" in report.told(share)


def test_a_change_of_the_frames_reaches_the_detector(folder, moments):
    clip = Clip.load(str(folder), "cpu")
    dark = LabelledMoments([Shard(np.zeros((40, 2, 8, 8, 3), np.uint8), moments.truth, moments.scenes)])
    changed = report.score_moments(clip, moments, change=np.zeros_like)
    np.testing.assert_allclose(changed, report.score_moments(clip, dark), atol=1e-6)
