# SPDX-License-Identifier: Apache-2.0
"""What a bag holds: messages as bytes, and between those bytes and Python objects without a ROS installation."""

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import yaml
from rosbags.typesys import Stores, get_types_from_idl, get_types_from_msg, get_typestore
from rosbags.typesys.store import Typestore

from unified_agent.errors import UserError

NANO = 1_000_000_000


class BadMessage(UserError):
    """A recorded message that cannot be used: what it is, and what was expected."""


class Message(NamedTuple):
    """One recorded message.

    Attributes:
        topic: name of its topic.
        received: time of the recording, nanoseconds.
        published: time of the sending, nanoseconds; as ``received`` where it is not known.
        data: CDR, header included.
    """

    topic: str
    received: int
    published: int
    data: bytes


@dataclass(frozen=True)
class TopicInfo:
    """What a bag says about a topic.

    Attributes:
        name: of the topic.
        type: such as ``sensor_msgs/msg/Image``.
        qos: the publishers' profiles as rosbag2 writes them; empty where the bag has none.
        definition: of the type, as text; empty where the bag has none.
        definition_format: ``ros2msg`` or ``ros2idl``; empty without a definition.
        encoding: of the messages; only ``cdr`` can be decoded.
    """

    name: str
    type: str
    qos: tuple[dict, ...] = ()
    definition: str = ""
    definition_format: str = ""
    encoding: str = "cdr"


@cache
def common_types() -> Typestore:
    """The types of ROS 2's common interfaces."""
    return get_typestore(Stores.ROS2_KILTED)


def encode(message: object) -> bytes:
    """A message object of `common_types` as CDR."""
    return bytes(common_types().serialize_cdr(message, message.__msgtype__))


def profiles(text: str) -> tuple[dict, ...]:
    """A bag's YAML text of quality-of-service profiles; nothing where it cannot be read."""
    try:
        entries = yaml.safe_load(text)
    except yaml.YAMLError:
        return ()
    return tuple(entry for entry in entries if isinstance(entry, dict)) if isinstance(entries, list) else ()


class Decoder:
    """Turns messages of one bag into objects; a type that is not common is learnt from the bag's own definition."""

    def __init__(self) -> None:
        self._types = common_types()
        self._learnt = False

    def decode(self, topic: TopicInfo, data: bytes) -> object:
        """The message as an object with the fields of its type; arrays are NumPy arrays.

        Raises:
            BadMessage: bytes that are no such message, or a type that nobody defines.
        """
        if topic.encoding != "cdr":
            raise BadMessage(f"Topic {topic.name} is encoded as '{topic.encoding[:20]}': expected 'cdr'.")
        try:
            self._learn(topic)
            return self._types.deserialize_cdr(data, topic.type)
        except BadMessage:
            raise
        except Exception as error:  # broken bytes make the generated code raise almost anything
            raise BadMessage(f"A message on {topic.name} is no whole {topic.type}: {str(error)[:200]}") from None

    def _learn(self, topic: TopicInfo) -> None:
        if topic.type in self._types.types:
            return
        if not topic.definition:
            raise BadMessage(f"Topic {topic.name} has the type {topic.type}, and the bag does not define it.")
        read = get_types_from_idl if topic.definition_format == "ros2idl" else get_types_from_msg
        types = read(topic.definition) if read is get_types_from_idl else read(topic.definition, topic.type)
        if not self._learnt:
            # A store of this bag's own: another bag may define a type of the same name otherwise.
            self._types, self._learnt = get_typestore(Stores.ROS2_KILTED), True
        self._types.register({name: kind for name, kind in types.items() if name not in self._types.types})
