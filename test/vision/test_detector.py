# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from unified_agent.errors import UserError
from unified_agent.vision.clip import Clip
from unified_agent.vision.detector import PAPER_GAMMA, Detector
from unified_agent.vision.known_scenes import KnownScenes
from unified_agent.vision.preprocess import FrameError

TABLE, GRASP = "the red object is on the table", "the robot is grasping the red object"


@pytest.fixture
def clip(tiny_folder):
    return Clip.load(str(tiny_folder), "cpu")


def frame(seed: int, height: int = 32, width: int = 32) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_the_score_is_the_mean_over_the_cameras(clip):
    detector = Detector(clip, [TABLE, GRASP])
    left, right = frame(0), frame(1)
    both = detector.scores({"left": left, "right": right})
    alone = [detector.scores({"left": moment}) for moment in (left, right)]
    assert both.shape == (2,)
    np.testing.assert_allclose(both, np.mean(alone, axis=0), atol=1e-5)


def test_cameras_may_differ_in_size(clip):
    detector = Detector(clip, [TABLE])
    left, right = frame(0), frame(1, 48, 64)
    alone = [detector.scores({"moment": moment}) for moment in (left, right)]
    np.testing.assert_allclose(detector.scores({"left": left, "right": right}), np.mean(alone, axis=0), atol=1e-5)


def test_thresholds_come_from_the_caller_then_the_card_then_the_default(clip):
    assert Detector(clip, [TABLE, GRASP]).thresholds.tolist() == [0.25, 0.5]
    assert Detector(clip, [TABLE, GRASP], {TABLE: 0.1}).thresholds.tolist() == [0.1, 0.5]
    clip.card = {}
    assert Detector(clip, [TABLE]).thresholds.tolist() == [PAPER_GAMMA]


def test_a_sentence_is_true_above_its_threshold(clip):
    detector = Detector(clip, [TABLE, GRASP])
    assert detector.true(np.array([0.26, 0.49])).tolist() == [True, False]


def test_the_caption_is_the_sentence_furthest_above_its_threshold(clip):
    assert Detector(clip, [TABLE, GRASP]).best(np.array([0.3, 0.6])) == GRASP


def test_free_sentences_can_be_asked_for_later(clip):
    detector = Detector(clip, [TABLE])
    before = detector.scores({"left": frame(0)})
    detector.ask([TABLE, "a hand waves", TABLE])
    assert detector.sentences == (TABLE, "a hand waves")
    np.testing.assert_allclose(detector.scores({"left": frame(0)})[0], before[0], atol=1e-6)


def test_sentences_are_encoded_once(clip, monkeypatch):
    detector = Detector(clip, [TABLE])
    monkeypatch.setattr(clip, "encode_text", lambda sentences: pytest.fail("a sentence was encoded again"))
    detector.scores({"left": frame(0)})


def test_no_sentence_no_frame_and_impossible_thresholds_are_refused(clip):
    with pytest.raises(UserError, match="at least one sentence"):
        Detector(clip, [])
    with pytest.raises(UserError, match="must say something"):
        Detector(clip, ["  "])
    with pytest.raises(UserError, match="cosine"):
        Detector(clip, [TABLE], {TABLE: 1.5})
    with pytest.raises(FrameError, match="No frame"):
        Detector(clip, [TABLE]).scores({})


def test_a_sentence_without_a_threshold_of_its_own_is_not_calibrated_and_says_so(clip):
    detector = Detector(clip, [TABLE, GRASP, "a cat"], {"a cat": 0.3})
    assert detector.calibrated.tolist() == [True, False, True]
    doubts = detector.doubts()
    assert doubts.startswith("1 of 3 sentences are not calibrated for this CLIP and are held true above 0.5, a guess")
    assert f"'{GRASP}'" in doubts
    assert "unified-agent calibrate" in doubts
    assert Detector(clip, [TABLE]).doubts() == ""


def test_a_threshold_for_all_calibrates_none(clip):
    detector = Detector(clip, [TABLE, GRASP], default=0.3)
    assert detector.thresholds.tolist() == [0.25, 0.3]
    assert detector.calibrated.tolist() == [True, False]


def test_a_capital_or_a_full_stop_makes_no_other_sentence(clip):
    detector = Detector(clip, [TABLE, "The red  object is on the table."])
    assert detector.sentences[1] == "The red  object is on the table."
    assert detector.calibrated.all()
    scores = detector.scores({"left": frame(0)})
    assert scores[0] == scores[1]


@pytest.mark.parametrize(
    ("sentence", "why"),
    [
        ("the red object is not on the table", "denies something \\('not'\\)"),
        ("...", "must say something"),
        ("a red object " * 10, "longer than this CLIP reads \\(16 tokens"),
    ],
)
def test_a_sentence_that_would_be_scored_as_another_is_refused_and_the_old_ones_stay(clip, sentence, why):
    detector = Detector(clip, [TABLE])
    with pytest.raises(UserError, match=why):
        detector.ask([TABLE, sentence])
    assert detector.sentences == (TABLE,)


def known(clip, threshold: float) -> KnownScenes:
    """Frames of noise are known."""
    described = clip.describe(np.stack([frame(seed) for seed in range(200)]), (1, 2)).numpy()
    scenes = KnownScenes.fit((1, 2), described)
    scenes.threshold = threshold
    return scenes


def test_a_scene_that_is_not_known_is_unfamiliar_and_nothing_is_held_true_in_it(clip):
    clip.known = known(clip, 2.0)
    detector = Detector(clip, [TABLE], {TABLE: -1.0})
    noise, flat = frame(1000), np.full((32, 32, 3), 90, np.uint8)
    views = detector.views(np.stack([[noise, frame(1001)], [noise, flat]]))
    assert views.unfamiliar.tolist() == [False, True]
    assert detector.held(views).tolist() == [[True], [False]]
    alone = detector.look({"left": noise, "right": flat})
    assert alone.unfamiliar
    np.testing.assert_allclose(alone.distances, views.distances[1], rtol=1e-4)
    np.testing.assert_allclose(alone.scores, views.scores[1], atol=1e-6)
    assert not detector.held(alone).any()


def test_without_known_scenes_nothing_is_unfamiliar(clip):
    detector = Detector(clip, [TABLE], {TABLE: -1.0})
    view = detector.look({"left": frame(0)})
    assert view.unfamiliar is None
    assert detector.held(view).all()
