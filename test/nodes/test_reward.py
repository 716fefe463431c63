# SPDX-License-Identifier: Apache-2.0
"""The reward node with a tiny random CLIP."""

import json

import numpy as np
import pytest
import torch
from open_clip.model import CLIP
from safetensors.torch import save_file

pytest.importorskip("rclpy", reason="the nodes need ROS 2")

from rclpy.parameter import Parameter
from std_msgs.msg import String

from unified_agent.errors import UserError
from unified_agent.nodes import messages, qos
from unified_agent.nodes.reward import Reward
from unified_agent.recording.rewards import rewards_of
from unified_agent.vision.clip import Clip
from unified_agent.vision.reward import Goal, RewardModel

TINY = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 32, "layers": [1, 1, 1, 1], "width": 4, "head_width": 32},
    "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 8, "heads": 2, "layers": 1},
}
GOAL, BASELINE = "the red object is on the table", "a table"
FRAMES = {name: np.random.default_rng(7).integers(0, 256, (48, 64, 3), dtype=np.uint8) for name in qos.CAMERAS}


@pytest.fixture
def clip_model(tmp_path):
    torch.manual_seed(0)
    (tmp_path / "open_clip_config.json").write_text(json.dumps({"model_cfg": TINY, "preprocess_cfg": {}}))
    (tmp_path / "card.json").write_text(json.dumps({"thresholds": {GOAL: -1.0}, "default_threshold": 1.0}))
    save_file(CLIP(**TINY).state_dict(), tmp_path / "model.safetensors")
    return str(tmp_path)


def show(graph, seconds):
    for camera, frame in FRAMES.items():
        graph.say(qos.image(camera), messages.image_message(frame, messages.stamp(seconds), camera))


def rewarded(graph, heard, seconds):
    """The message about a moment that is shown now."""
    before = len(heard)
    show(graph, seconds)
    graph.until(lambda: len(heard) > before)
    return heard[-1]


def values(message):
    [status] = message.status
    return {entry.key: entry.value for entry in status.values}


def expected(clip_model, *sentences, baseline=(), alpha=0.0):
    model = RewardModel(Clip.load(clip_model, "cpu"), Goal(sentences, baseline, alpha))
    return float(model.score(np.stack(list(FRAMES.values()))[None])[0])


def test_the_reward_of_a_moment_bears_its_stamp_and_the_calibrated_threshold(graph, clip_model):
    graph.add(Reward, clip_model=clip_model, device="cpu", goal=GOAL + ".")
    message = rewarded(graph, graph.heard(qos.REWARD), 12.5)
    assert messages.seconds(message.header.stamp) == 12.5
    assert rewards_of(message)[GOAL] == pytest.approx(expected(clip_model, GOAL), abs=2e-6)
    said = values(message)
    assert said["reward"] == said["cosine"]
    assert (said["threshold"], said["over"]) == ("-1.000000", "true")
    assert "calibrated" not in said


def test_goal_and_baseline_are_changed_while_it_runs(graph, clip_model):
    node = graph.add(Reward, clip_model=clip_model, device="cpu", goal=GOAL)
    heard = graph.heard(qos.REWARD)
    rewarded(graph, heard, 1.0)
    node.set_parameters([Parameter("baseline", value=BASELINE), Parameter("alpha", value=0.5)])
    regularized = rewarded(graph, heard, 2.0)
    assert rewards_of(regularized)[GOAL] == pytest.approx(
        expected(clip_model, GOAL, baseline=(BASELINE,), alpha=0.5), abs=2e-6
    )
    goals = graph.partner.create_publisher(String, "/reward/goal", qos.COMMAND)
    graph.until(goals.get_subscription_count)
    goals.publish(String(data="a cat\na small cat"))
    graph.spin(0.2)
    message = rewarded(graph, heard, 3.0)
    assert rewards_of(message)["a cat / a small cat"] == pytest.approx(
        expected(clip_model, "a cat", "a small cat", baseline=(BASELINE,), alpha=0.5), abs=2e-6
    )
    assert values(message)["calibrated"] == "false"
    assert values(message)["over"] == "false"


def test_without_a_goal_it_waits_for_one_and_says_so(graph, clip_model):
    node = graph.add(Reward, clip_model=clip_model, device="cpu")
    heard, diagnosis = graph.heard(qos.REWARD), graph.diagnosis("reward")
    show(graph, 1.0)
    graph.until(lambda: "nothing is wanted yet" in diagnosis())
    assert heard == []
    node.set_parameters([Parameter("goal", value="a cat")])
    rewarded(graph, heard, 2.0)


@pytest.mark.parametrize(
    ("parameter", "value"),
    [("alpha", 0.5), ("goal", "nothing is not red"), ("baseline", GOAL), ("threshold", "high"), ("threshold", "3")],
)
def test_what_cannot_be_asked_is_refused_and_what_was_asked_goes_on(graph, clip_model, parameter, value):
    node = graph.add(Reward, clip_model=clip_model, device="cpu", goal=GOAL)
    [result] = node.set_parameters([Parameter(parameter, value=value)])
    assert not result.successful
    assert result.reason
    assert GOAL in rewards_of(rewarded(graph, graph.heard(qos.REWARD), 1.0))


def test_a_node_with_a_goal_that_denies_something_does_not_start(graph, clip_model):
    with pytest.raises(UserError, match="denies"):
        graph.add(Reward, clip_model=clip_model, device="cpu", goal="there is no cat")


def test_a_refused_goal_on_the_topic_is_told(graph, clip_model):
    graph.add(Reward, clip_model=clip_model, device="cpu", goal=GOAL)
    diagnosis = graph.diagnosis("reward")
    goals = graph.partner.create_publisher(String, "/reward/goal", qos.COMMAND)
    graph.until(goals.get_subscription_count)
    goals.publish(String(data="there is no cat"))
    graph.until(lambda: "goal refused" in diagnosis())
