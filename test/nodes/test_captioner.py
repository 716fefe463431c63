# SPDX-License-Identifier: Apache-2.0
"""The captioner node with a tiny random CLIP: what it sees is decided by the thresholds on its card."""

import json
import time

import numpy as np
import pytest
import torch
from open_clip.model import CLIP
from safetensors.torch import save_file

pytest.importorskip("rclpy", reason="the nodes need ROS 2")

from std_msgs.msg import String

from unified_agent.errors import UserError
from unified_agent.language.subgoals import VOCABULARY
from unified_agent.nodes import messages, qos
from unified_agent.nodes.captioner import Captioner

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
    return graph.add(Captioner, clip_model=clip_model, device="cpu", successive_frames=3)


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
    show(graph, 1.1, ["right"])
    graph.spin(0.3)
    assert scores == []


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda image: setattr(image, "encoding", "mono8"), "rgb8 or bgr8"),
        (lambda image: setattr(image, "data", b"short"), "5 bytes"),
    ],
)
def test_an_image_that_cannot_be_used_is_refused_and_the_next_one_scored(graph, node, change, why):
    diagnosis, scores = graph.diagnosis("captioner"), graph.heard(qos.SCORES)
    show(graph, 1.0, change=change)
    graph.until(lambda: why in diagnosis())
    show_and_wait(graph, scores, 1)


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
