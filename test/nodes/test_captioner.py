# SPDX-License-Identifier: Apache-2.0
"""The captioner node with a tiny random CLIP: what it sees is decided by the thresholds on its card."""

import array
import json
import random
import re
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from open_clip.model import CLIP
from safetensors.torch import save_file

pytest.importorskip("rclpy", reason="the nodes need ROS 2")

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.qos import QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CompressedImage
from std_msgs.msg import String

from unified_agent.errors import UserError
from unified_agent.language.subgoals import VOCABULARY
from unified_agent.nodes import looking, messages, qos
from unified_agent.nodes.captioner import Captioner
from unified_agent.recording.images import compressed
from unified_agent.vision.clip import Clip
from unified_agent.vision.known_scenes import KnownScenes

TINY = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 32, "layers": [1, 1, 1, 1], "width": 4, "head_width": 32},
    "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 8, "heads": 2, "layers": 1},
}
TRUE, FALSE = "the robot is grasping the red object", "the robot is grasping the blue object"


@pytest.fixture
def clip_model(tmp_path):
    torch.manual_seed(0)
    thresholds = {goal.sentence: 1.0 for goal in VOCABULARY} | {TRUE: -1.0}
    (tmp_path / "open_clip_config.json").write_text(json.dumps({"model_cfg": TINY, "preprocess_cfg": {}}))
    (tmp_path / "card.json").write_text(json.dumps({"thresholds": thresholds}))
    save_file(CLIP(**TINY).state_dict(), tmp_path / "model.safetensors")
    return str(tmp_path)


@pytest.fixture
def node(graph, clip_model):
    return graph.add(Captioner, clip_model=clip_model, device="cpu")


def show(graph, seconds, cameras=qos.CAMERAS, change=None):
    for camera in cameras:
        image = messages.image_message(np.zeros((48, 64, 3), np.uint8), messages.stamp(seconds), camera)
        if change:
            change(image)
        graph.say(qos.image(camera), image)


def show_and_wait(graph, scores, count, start=None):
    """Frames, each shown when the one before was scored; stamped from now on."""
    start = time.time() if start is None else start
    for number in range(count):
        before = len(scores)
        show(graph, start + 0.1 * number)
        graph.until(lambda before=before: len(scores) > before)


def test_every_sentence_is_scored_with_the_stamp_of_the_frame(graph, node):
    scores, captions = graph.heard(qos.SCORES), graph.heard(qos.CAPTION)
    show(graph, 12.5)
    graph.until(lambda: scores and captions)
    assert messages.seconds(scores[0].header.stamp) == 12.5
    assert [status.name for status in scores[0].status] == [goal.sentence for goal in VOCABULARY]
    assert captions[0].data == TRUE
    assert [name for name, score in messages.scores_of(scores[0]).items() if score.over] == [TRUE]


def test_a_sub_goal_is_reached_once_after_three_frames_in_a_row(graph, node):
    reached, scores = graph.heard(qos.REACHED), graph.heard(qos.SCORES)
    graph.say(qos.SUBGOAL, String(data=TRUE))
    graph.spin(0.1)
    show_and_wait(graph, scores, 2, time.time() + 1)
    graph.spin(0.1)
    assert reached == []
    show_and_wait(graph, scores, 4, time.time() + 2)
    graph.spin(0.1)
    assert [message.data for message in reached] == [TRUE]


def test_a_sub_goal_under_its_threshold_is_not_reached(graph, node):
    reached, scores = graph.heard(qos.REACHED), graph.heard(qos.SCORES)
    graph.say(qos.SUBGOAL, String(data=FALSE))
    graph.spin(0.1)
    show_and_wait(graph, scores, 5, time.time() + 1)
    assert reached == []


def test_frames_older_than_the_sub_goal_do_not_count(graph, node):
    reached, scores = graph.heard(qos.REACHED), graph.heard(qos.SCORES)
    graph.say(qos.SUBGOAL, String(data=TRUE))
    graph.spin(0.1)
    show_and_wait(graph, scores, 5, time.time() - 60)
    assert reached == []


def test_a_free_sentence_is_scored_from_then_on(graph, node):
    scores = graph.heard(qos.SCORES)
    sentences = graph.partner.create_publisher(String, "/captioner/sentences", qos.COMMAND)
    graph.until(sentences.get_subscription_count)
    sentences.publish(String(data="a cat\n\na dog"))
    graph.spin(0.2)
    show_and_wait(graph, scores, 1)
    assert [status.name for status in scores[-1].status[-2:]] == ["a cat", "a dog"]


def test_frames_of_different_times_are_not_scored_together(graph, node):
    scores = graph.heard(qos.SCORES)
    show(graph, 1.0, ["left"])
    show(graph, 1.3, ["right"])
    graph.spin(0.3)
    assert scores == []


class FreeCamera:
    """A camera that runs by itself, as best effort, with stamps that jitter.

    Attributes:
        taken: images so far.
    """

    def __init__(self, graph, name, rate, image=None, jitter=0.008):
        self.taken = 0
        topic = qos.image(name) if image is None else qos.compressed_image(name)
        profile = QoSProfile(depth=5, reliability=ReliabilityPolicy.BEST_EFFORT)
        self._publisher = graph.partner.create_publisher(topic.type, topic.name, profile)
        self._image = image or messages.image_message(np.zeros((48, 64, 3), np.uint8), messages.stamp(0.0), name)
        self._jitter, self._random = jitter, random.Random(name)
        self._timer = graph.partner.create_timer(1.0 / rate, self._take)

    def _take(self):
        self.taken += 1
        time_taken = time.time() - self._random.uniform(0.0, self._jitter)
        self._image.header.stamp = messages.stamp(time_taken)
        self._publisher.publish(self._image)


def compressed_message():
    data = array.array("B", compressed(np.zeros((48, 64, 3), np.uint8), "jpeg"))
    return CompressedImage(format="rgb8; jpeg compressed bgr8", data=data)


def test_free_running_best_effort_cameras_of_30_and_15_hz_are_captioned(graph, node):
    scores = graph.heard(qos.SCORES)
    FreeCamera(graph, "left", 30.0), FreeCamera(graph, "right", 15.0)
    graph.until(lambda: len(scores) >= 10)
    stamps = [messages.seconds(message.header.stamp) for message in scores]
    assert stamps == sorted(set(stamps))


def test_cameras_whose_clocks_differ_are_told_with_the_gap_between_them(graph, node):
    diagnosis = graph.diagnosis("captioner")

    def told():
        show(graph, time.time(), ["left"])
        show(graph, time.time() + 70.0, ["right"])
        graph.spin(0.05)
        return re.search(r"nearest frames lie (69|70)\.\d+ s apart", diagnosis())

    graph.until(told, seconds=4.0)
    assert "'tolerance' is 0.1 s" in diagnosis()


def test_a_silent_camera_is_named(graph, node):
    diagnosis = graph.diagnosis("captioner")
    FreeCamera(graph, "left", 10.0)
    graph.until(lambda: "no image of camera 'right' comes" in diagnosis())


def test_one_camera_of_another_name_is_enough_where_that_is_configured(graph, clip_model):
    graph.add(Captioner, clip_model=clip_model, device="cpu", cameras=["wrist"])
    scores = graph.heard(qos.SCORES)
    FreeCamera(graph, "wrist", 20.0)
    graph.until(lambda: len(scores) >= 3)


@pytest.mark.parametrize("cameras", [[""], ["a", "a"], ["a", "b", "c", "d", "e"]])
def test_one_to_four_cameras_are_named_each_once(graph, clip_model, cameras):
    with pytest.raises(UserError, match="1 to 4 cameras"):
        graph.add(Captioner, clip_model=clip_model, device="cpu", cameras=cameras)


def test_cameras_that_only_send_compressed_images_are_captioned(graph, node):
    scores = graph.heard(qos.SCORES)
    for camera in qos.CAMERAS:
        FreeCamera(graph, camera, 20.0, compressed_message())
    graph.until(lambda: len(scores) >= 5)
    assert node.figures()["refused"] == 0


def test_raw_images_are_taken_where_both_are_sent(graph, node):
    scores = graph.heard(qos.SCORES)
    broken = CompressedImage(format="jpeg", data=b"no picture")
    for camera in qos.CAMERAS:
        FreeCamera(graph, camera, 20.0), FreeCamera(graph, camera, 20.0, broken)
    graph.until(lambda: len(scores) >= 15)
    assert node.figures()["refused"] == 0


def test_a_refusal_is_said_once_and_counted(graph, node):
    warnings = []
    graph.partner.create_subscription(DiagnosticArray, qos.DIAGNOSTICS.name, warnings.append, qos.RECORDED)
    for number in range(5):
        show(graph, 1.0 + number, change=lambda image: setattr(image, "encoding", "32FC1"))
        graph.spin(0.1)
    graph.until(lambda: node.figures()["refused"] == 10)
    said = {status.message for array in warnings for status in array.status if "refused" in status.message}
    assert len(said) == 2
    assert node.figures()["refused because"].count("(5 times)") == 2


def test_stamps_ahead_of_the_clock_and_long_behind_it_are_told(graph, node, monkeypatch):
    monkeypatch.setattr(looking, "LASTING", -1.0)
    diagnosis, scores = graph.diagnosis("captioner"), graph.heard(qos.SCORES)
    show_and_wait(graph, scores, 3, time.time() + 100)
    graph.until(lambda: "ahead of the clock" in diagnosis())
    show_and_wait(graph, scores, 2, time.time() - 100)
    graph.until(lambda: "before the clock" in diagnosis())
    assert (node.figures()["ahead of the clock"], node.figures()["behind the clock"]) == (3, 2)


def test_what_is_seen_is_told_with_the_scores(graph, node):
    scores = graph.heard(qos.SCORES)
    show_and_wait(graph, scores, 4)
    told = [messages.scores_of(message)[TRUE] for message in scores]
    assert [score.over for score in told] == [True] * 4
    assert [score.seen for score in told] == [False, False, True, True]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda image: setattr(image, "encoding", "32FC1"), "expected rgb8, bgr8"),
        (lambda image: setattr(image, "data", b"short"), "5 bytes"),
    ],
)
def test_an_image_that_cannot_be_used_is_refused_and_the_next_one_scored(graph, node, change, why):
    diagnosis, scores = graph.diagnosis("captioner"), graph.heard(qos.SCORES)
    show(graph, 1.0, change=change)
    graph.until(lambda: why in diagnosis())
    show_and_wait(graph, scores, 1)


def test_a_sentence_that_was_not_calibrated_is_told_with_its_score_and_in_the_diagnostics(graph, clip_model):
    node = graph.add(Captioner, clip_model=clip_model, device="cpu", sentences=["a cat"])
    scores, diagnosis = graph.heard(qos.SCORES), graph.diagnosis("captioner")
    show_and_wait(graph, scores, 1)
    told = messages.scores_of(scores[0])
    assert [sentence for sentence, score in told.items() if not score.calibrated] == ["a cat"]
    graph.until(lambda: "some are a guess" in diagnosis())
    assert told["a cat"].gamma == pytest.approx(0.8)
    assert "'a cat'" in node.figures()["not calibrated"]


def test_thresholds_of_a_file_go_before_those_of_the_card(graph, clip_model, tmp_path):
    (tmp_path / "thresholds.yaml").write_text(f"{FALSE}: -1.0\na cat: 0.3\n")
    file = str(tmp_path / "thresholds.yaml")
    node = graph.add(Captioner, clip_model=clip_model, device="cpu", sentences=["a cat"], thresholds=file)
    scores = graph.heard(qos.SCORES)
    show_and_wait(graph, scores, 1)
    told = messages.scores_of(scores[0])
    assert (told[FALSE].gamma, told["a cat"].gamma) == (-1.0, pytest.approx(0.3))
    assert node.figures()["not calibrated"] == ""


def test_a_sentence_that_denies_something_is_refused_and_the_others_stay(graph, node):
    diagnosis = graph.diagnosis("captioner")
    sentences = graph.partner.create_publisher(String, "/captioner/sentences", qos.COMMAND)
    graph.until(sentences.get_subscription_count)
    sentences.publish(String(data="the red object is not on the table"))
    graph.until(lambda: "denies something" in diagnosis())
    graph.say(qos.SUBGOAL, String(data="no object is on the table"))
    graph.until(lambda: "sub-goal refused" in diagnosis())
    scores = graph.heard(qos.SCORES)
    show_and_wait(graph, scores, 1)
    assert len(scores[0].status) == len(VOCABULARY)


@pytest.mark.parametrize("trust", [False, True])
def test_in_a_scene_that_the_model_does_not_know_nothing_is_seen_unless_it_is_trusted(graph, clip_model, trust):
    clip = Clip.load(clip_model, "cpu")
    noise = np.random.default_rng(0).integers(0, 256, (200, 32, 32, 3), dtype=np.uint8)
    scenes = KnownScenes.fit((1,), clip.describe(noise, (1,)).numpy())
    scenes.threshold = 2.0
    scenes.save(Path(clip_model))
    node = graph.add(Captioner, clip_model=clip_model, device="cpu", trust_unfamiliar=trust)
    scores, diagnosis = graph.heard(qos.SCORES), graph.diagnosis("captioner")
    show_and_wait(graph, scores, 4)
    told = [messages.scores_of(message)[TRUE] for message in scores]
    assert [score.familiar for score in told] == [False] * 4
    assert [score.over for score in told] == [True] * 4
    assert told[-1].seen == trust
    graph.until(lambda: "does not know" in diagnosis())
    assert node.figures()["unfamiliar"] == 4


def test_bgr_frames_are_scored(graph, node):
    scores = graph.heard(qos.SCORES)
    show(graph, 1.0, change=lambda image: setattr(image, "encoding", "bgr8"))
    graph.until(lambda: scores)


def test_a_model_that_is_missing_is_an_error_at_the_start(graph, tmp_path):
    with pytest.raises(UserError, match="cannot be loaded|No CLIP|open_clip_config"):
        graph.add(Captioner, clip_model=str(tmp_path / "none"), device="cpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_a_gpu_that_is_absent_is_an_error_at_the_start(graph, clip_model):
    with pytest.raises(UserError, match="torch sees no GPU"):
        graph.add(Captioner, clip_model=clip_model, device="cuda")
