# SPDX-License-Identifier: Apache-2.0
"""What a bag holds: messages as bytes, and between those bytes and Python objects without a ROS installation."""

import struct
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from rosbags.typesys import Stores, get_typestore
from rosbags.typesys.store import Typestore

from unified_agent.errors import UserError
from unified_agent.recording.definitions import BadDefinition, Sizes, learnt
from unified_agent.recording.limits import DEFAULT, Limits
from unified_agent.recording.more_types import DEFINITIONS

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
        qos: the publishers' profiles as `quality.quality_of_service` makes them; empty where the bag has none.
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
    """The types of ROS 2's common interfaces, and some others that bags without definitions are full of."""
    store = get_typestore(Stores.ROS2_KILTED)
    for name, text in DEFINITIONS.items():
        store.register({name: kind for name, kind in learnt(text, "ros2msg", name).items() if name not in store.types})
    return store


def encode(message: object) -> bytes:
    """A message object of `common_types` as CDR."""
    return bytes(common_types().serialize_cdr(message, message.__msgtype__))


def stamp_in(data: bytes) -> int:
    """The stamp with which a serialised message begins that has a header, nanoseconds; 0 where there is none."""
    if len(data) < 12:
        return 0
    seconds, nanoseconds = struct.unpack_from("<iI" if data[1] & 1 else ">iI", data, 4)
    return seconds * NANO + nanoseconds


class Decoder:
    """Turns messages of one bag into objects; a type that is not common is learnt from the bag's own definition."""

    def __init__(self, limits: Limits = DEFAULT) -> None:
        self._limits = limits
        self._types = common_types()
        self._learnt = False
        # Type -> bytes that its message may have, or why it cannot be read.
        self._largest: dict[str, int | str] = {}

    def decode(self, topic: TopicInfo, data: bytes) -> object:
        """The message as an object with the fields of its type; arrays are NumPy arrays.

        Raises:
            BadMessage: bytes that are no such message, or a type that nobody defines.
        """
        if topic.encoding != "cdr":
            raise BadMessage(f"Topic {topic.name} is encoded as '{topic.encoding[:20]}': expected 'cdr'.")
        largest = self._largest.get(topic.type)
        if largest is None:
            largest = self._largest[topic.type] = self._learn(topic)
        if isinstance(largest, str):
            raise BadMessage(f"Topic {topic.name} has the type {topic.type[:100]}, which cannot be read: {largest}.")
        if len(data) > largest:
            raise BadMessage(
                f"A message on {topic.name} has {len(data)} bytes, more than {largest} of {topic.type} (Limits.values)."
            )
        try:
            return self._types.deserialize_cdr(memoryview(data), topic.type)
        except Exception as error:  # broken bytes make the generated code raise almost anything
            raise BadMessage(f"A message on {topic.name} is no whole {topic.type}: {str(error)[:200]}") from None

    def _learn(self, topic: TopicInfo) -> int | str:
        """Bytes that messages of the topic's type may have; or why they cannot be read."""
        try:
            if topic.type not in self._types.types:
                self._add(topic)
            grain = Sizes(self._types.fielddefs).grain(topic.type)
        except BadDefinition as error:
            return str(error)
        return self._limits.values * grain if grain else self._limits.message

    def _add(self, topic: TopicInfo) -> None:
        if not topic.definition:
            raise BadDefinition("the bag does not define it")
        limits = self._limits
        types = learnt(topic.definition, topic.definition_format, topic.type, limits)
        types = {name: kind for name, kind in types.items() if name not in self._types.types}
        if topic.type not in types:
            raise BadDefinition("the bag defines another type in its place")
        sizes = Sizes(self._types.fielddefs | types)
        if (smallest := max(map(sizes.smallest, types))) > limits.message:
            raise BadDefinition(f"a message has {smallest} bytes at least, more than {limits.message} (Limits.message)")
        if (fields := max(map(sizes.written_out, types))) > limits.fields:
            raise BadDefinition(f"it has {fields} fields, more than {limits.fields} (Limits.fields)")
        if not self._learnt:
            # A store of this bag's own: another bag may define a type of the same name otherwise.
            own = Typestore()
            own.types, own.fielddefs = dict(self._types.types), dict(self._types.fielddefs)
            self._types, self._learnt = own, True
        try:
            self._types.register(types)
            self._types.get_msgdef(topic.type)
        except Exception as error:  # names that are none in Python make the generated code raise almost anything
            raise BadDefinition(f"its definition cannot be used ({str(error)[:100]})") from None
