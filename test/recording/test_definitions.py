# SPDX-License-Identifier: Apache-2.0
import pytest

from unified_agent.recording.cdr import BadMessage, Decoder, TopicInfo
from unified_agent.recording.definitions import BadDefinition, full_name, learnt

SEPARATOR = "=" * 80 + "\n"


def refused(definition: str, form: str = "ros2msg", data: bytes = bytes(16)) -> str:
    """Why a message of such a type cannot be read."""
    with pytest.raises(BadMessage) as error:
        Decoder().decode(TopicInfo("/x", "evil/msg/X", (), definition, form), data)
    return str(error.value)


def nested(levels: int, size: int) -> str:
    """Arrays of arrays of ... in types of their own."""
    kinds = [f"{SEPARATOR}MSG: evil/L{level}\nevil/L{level + 1}[{size}] a\n" for level in range(levels)]
    return "evil/L0 a\n" + "".join(kinds) + f"{SEPARATOR}MSG: evil/L{levels}\nint32 a\n"


@pytest.mark.parametrize(
    "definition",
    [
        "string[200000000] a",
        "float64[100000000] a",
        "string[2000] a",
        nested(6, 100),
        nested(200, 1),
        "\n".join(f"int8 a{number}" for number in range(1500)),
        "evil/X a",
        f"evil/Y a\n{SEPARATOR}MSG: evil/Y\nevil/X b\n",
        "evil/Unknown a",
        "# comment\n" * 50_000,
        "int8 a" + "x" * 300_000,
        "int8 a b c d",
        "",
        "\0",
        "int8[-5] a",
        f"float64 X={'9' * 5000}",
    ],
)
def test_a_type_that_costs_too_much_or_is_none_is_refused_at_once(definition):
    assert "evil/msg/X" in refused(definition) or "evil" in refused(definition)


@pytest.mark.parametrize(
    "body",
    [
        f"module C {{ const long x = {'(' * 9}1{')' * 9}; }}; struct X {{ long a; }};",
        f"struct X {{ {'sequence<' * 30}long{'>' * 30} a; }};",
        "struct X { " + "".join(f"long a{number};" for number in range(5000)) + " };",
        "struct X { string a[100000000]; };",
    ],
)
def test_idl_is_bounded_alike(body):
    assert "evil" in refused(f"module evil {{ module msg {{ {body} }}; }};", "ros2idl")


def test_idl_is_read_as_rosbag2_writes_it():
    text = f"""{SEPARATOR}IDL: acme/msg/Hand
#include "acme/msg/Grip.idl"
module acme {{ module msg {{
  @verbatim (language="comment", text="how it (really) grips")
  struct Hand {{ @unit (value="m") double width; acme::msg::Grip grip; }};
}}; }};
{SEPARATOR}IDL: acme/msg/Grip
module acme {{ module msg {{ struct Grip {{ float force; }}; }}; }};
"""
    topic = TopicInfo("/hand", "acme/msg/Hand", (), text.replace('#include "acme/msg/Grip.idl"\n', ""), "ros2idl")
    data = b"\0\1\0\0" + bytes(6) + b"\xe0\x3f" + b"\0\0\0\x3f"
    hand = Decoder().decode(topic, data)
    assert (hand.width, hand.grip.force) == (0.5, 0.5)


@pytest.mark.parametrize("definition", ["std_msgs/Empty[] a", "string[] a", "string a", "uint8[] a", "float64[] a"])
@pytest.mark.parametrize("count", [2**31, 2**32 - 1, 5_000_000])
def test_lengths_in_a_message_are_held_against_its_bytes(definition, count):
    data = b"\0\1\0\0" + count.to_bytes(4, "little") + bytes(100)
    assert "/x" in refused(definition, data=data)


def test_a_message_of_many_small_objects_is_refused_before_they_are_made():
    count = 3_000_000
    data = b"\0\1\0\0" + count.to_bytes(4, "little") + bytes(count)
    assert "Limits.values" in refused("std_msgs/Empty[] a", data=data)


def test_names_that_python_does_not_know_are_no_traceback():
    for definition in ("int8 None", "int8 class", "int8 a\nint8 a", "int8 A=1\nint8 A", "int8 __init__"):
        try:
            learnt(definition, "ros2msg", "evil/msg/X")
            Decoder().decode(TopicInfo("/x", "evil/msg/X", (), definition, "ros2msg"), bytes(8))
        except (BadDefinition, BadMessage):
            pass


def test_short_names_become_full():
    assert full_name("sensor_msgs/Image") == "sensor_msgs/msg/Image"
    assert [full_name(name) for name in ("a/msg/B", "", "/", "a/", "x")] == ["a/msg/B", "", "/", "a/", "x"]
