# SPDX-License-Identifier: Apache-2.0
"""Messages that nobody should send, into every subscription of every node: a node says what is wrong and goes on."""

import array
import inspect
import math
import random

import pytest

pytest.importorskip("rclpy", reason="the nodes need ROS 2")

from rclpy.serialization import serialize_message

from unified_agent.nodes.captioner import Captioner
from unified_agent.nodes.mujoco_bridge import MujocoBridge
from unified_agent.nodes.policy import PolicyNode
from unified_agent.nodes.recorder import Recorder

ROUNDS = 60
WORDS = ("", " ", "red", "start", "end success", "rgb8", "base_link", "\n" * 50, "x" * 5000, "\x1b[2J", "🤖", "a: 1")
SMALL = (0.0, 1.0, math.nan, math.inf)
NUMBERS = (0.0, -0.0, 1.0, -1.0, 1e-300, 1e300, math.nan, math.inf, -math.inf)


class Nonsense:
    """Random messages of any type, valid for ROS and for nobody else."""

    def __init__(self, seed: int, names):
        self._random = random.Random(seed)
        self._names = (*WORDS, *names)
        self._length: int | None = None

    def whole(self, kind):
        """A message; in every other one all lists are of one length, which gets further than a mixture."""
        self._length = self._random.choice((None, None, 0, 0, 1, 7))
        return self.message(kind)

    def message(self, kind):
        message = kind()
        for name, spec in kind.get_fields_and_field_types().items():
            if self._random.random() < 0.8:
                setattr(message, name, self._value(getattr(message, name), spec))
        return message

    def _value(self, like, spec):
        draw = self._random
        if spec.startswith("sequence"):
            inner = spec.removeprefix("sequence<").removesuffix(">").split(",")[0]
            count = draw.choice((0, 1, 2, 7, 40)) if self._length is None else self._length
            if inner in ("double", "float"):
                return [
                    draw.choice(NUMBERS) if inner == "double" else draw.choice((0.0, math.nan)) for _ in range(count)
                ]
            if inner in ("uint8", "octet"):
                return array.array("B", draw.randbytes(count))
            if inner.startswith("string"):
                return [draw.choice(self._names) for _ in range(count)]
            if "/" in inner:
                return [self.message(_class_of(inner)) for _ in range(min(count, 3))]
            return []
        if "/" in spec and not spec.endswith("]"):
            return self.message(type(like))
        if isinstance(like, bool):
            return draw.random() < 0.5
        if isinstance(like, bytes):
            return draw.randbytes(1)
        if isinstance(like, int):
            signed, bits = not spec.startswith("u"), int("".join(filter(str.isdigit, spec)) or 8)
            low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
            return draw.choice((0, 1, low, high, draw.randint(low, high)))
        if isinstance(like, float):
            return draw.choice(NUMBERS if spec == "double" else SMALL)
        return draw.choice(self._names) if isinstance(like, str) else like


def _class_of(spec):
    package, name = spec.split("/")
    return getattr(__import__(f"{package}.msg", fromlist=[name]), name)


def deliver(subscription, message, data=None):
    """As the executor would."""
    if data is not None or subscription.raw:
        message = serialize_message(message) if data is None else data
    callback = subscription.callback
    wanted = [p for p in inspect.signature(callback).parameters.values() if p.default is p.empty]
    callback(message, {"source_timestamp": 0, "received_timestamp": 0}) if len(wanted) == 2 else callback(message)


@pytest.fixture(params=["policy", "captioner", "recorder", "mujoco_bridge"])
def node(request, graph, tmp_path, tiny_folder):
    if request.param == "policy":
        return graph.add(PolicyNode, device="cpu")
    if request.param == "captioner":
        return graph.add(Captioner, clip_model=str(tiny_folder), device="cpu")
    if request.param == "recorder":
        return graph.add(Recorder, directory=str(tmp_path / "run"))
    return graph.add(MujocoBridge)


@pytest.mark.parametrize("seed", [1, 2])
def test_no_message_ends_a_node(graph, node, seed):
    joints = [f"fr3_joint{i}" for i in range(1, 8)]
    nonsense = Nonsense(seed, (*joints, "fr3_finger_joint1", "red", "green", "blue"))
    heard = [one for one in node.subscriptions if "/parameter" not in one.topic_name]
    assert heard
    for _ in range(ROUNDS):
        for subscription in heard:
            deliver(subscription, nonsense.whole(subscription.msg_type))
        graph.spin(0.0)
    node.publish_diagnostics()
    graph.spin(0.2)
