# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest

from unified_agent import topics
from unified_agent.recording.bag import BagWriter
from unified_agent.recording.cameras import image_topics
from unified_agent.recording.cdr import NANO, common_types, encode
from unified_agent.recording.contact_sheet import contact_sheet
from unified_agent.recording.film import film
from unified_agent.recording.history import History
from unified_agent.recording.images import IMAGE
from unified_agent.recording.reader import BagReader
from unified_agent.recording.said import TYPES, Said
from unified_agent.recording.scores import Score, encoded

from .conftest import image, noise, string


def bag(folder, *messages: tuple[str, str, bytes]) -> BagReader:
    """Images, and messages of (topic, type, data)."""
    with BagWriter(folder / "bag") as writer:
        writer.add_topic("/front", IMAGE)
        for topic, kind in {topic: kind for topic, kind, _ in messages}.items():
            writer.add_topic(topic, kind)
        for number in range(3):
            writer.write("/front", image(1 + number / 10, noise(number)), NANO + number)
            for topic, _, data in messages:
                writer.write(topic, data, NANO + number)
    return BagReader(folder / "bag")


def drawn(reader: BagReader, folder) -> History:
    names = image_topics(reader)
    assert contact_sheet(reader, names, folder / "x.png") == 3
    assert film(reader, names, folder / "x.mp4") == 3
    return History.of(reader)


@pytest.mark.parametrize("topic", [name for name in TYPES if name != topics.CAPTION])
def test_another_type_on_one_of_our_topics_is_told_and_the_rest_is_read(tmp_path, topic):
    number = encode(common_types().types["std_msgs/msg/Int32"](data=7))
    reader = bag(tmp_path, (topic, "std_msgs/msg/Int32", number))
    drawn(reader, tmp_path)
    assert Said(reader, TYPES).left_out == [f"{topic} has the type 'std_msgs/msg/Int32', not {TYPES[topic]}: left out"]


def test_broken_words_and_scores_are_counted_and_the_rest_is_read(tmp_path):
    scores = TYPES[topics.SCORES]
    types = common_types().types
    status = types["diagnostic_msgs/msg/DiagnosticStatus"]
    without = encode(
        types[scores](
            header=types["std_msgs/msg/Header"](stamp=types["builtin_interfaces/msg/Time"](0, 0), frame_id=""),
            status=[status(level=9, name="x", message="", hardware_id="", values=[])],
        )
    )
    history = drawn(
        bag(
            tmp_path,
            (topics.PLAN, TYPES[topics.PLAN], string("a plan")),
            (topics.PLAN, TYPES[topics.PLAN], b"\0\1\0\0\3\0\0\0\xff\xfe\0"),
            (topics.SCORES, scores, encoded(NANO, {"a": Score(float("nan"), 0.5)})),
            (topics.SCORES, scores, without),
            (topics.SCORES, scores, encoded(NANO, {"$x^{": Score(1e308, -1e308), "_a": Score(0.1, 0.2)})),
        ),
        tmp_path,
    )
    assert history.facts.plan == ["a plan"]
    assert len(history.times) == 3
    assert [line.endswith("(3 times)") for line in history.left_out] == [True] * 3


def test_words_of_megabytes_are_drawn_in_short(tmp_path):
    text = "a long word " * 50_000 + "\n" + "line\n" * 5_000
    words = [(name, kind, string(text)) for name, kind in TYPES.items() if kind == TYPES[topics.PLAN]]
    history = drawn(bag(tmp_path, *words), tmp_path)
    assert len(history.facts.plan) == 5_001


def test_a_marker_array_and_joint_states_are_looked_at_by_their_type(tmp_path):
    kind = TYPES[topics.JOINT_STATES]
    types = common_types().types
    head = types["std_msgs/msg/Header"](stamp=types["builtin_interfaces/msg/Time"](0, 0), frame_id="")
    short = types[kind](
        header=head, name=["a", "b"], position=np.array([np.nan]), velocity=np.zeros(0), effort=np.zeros(0)
    )
    reader = bag(tmp_path, (topics.JOINT_STATES, kind, encode(short)))
    said = Said(reader, TYPES)
    assert [said.take(message).name for message in reader.messages([topics.JOINT_STATES])] == [["a", "b"]] * 3
