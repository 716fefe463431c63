# SPDX-License-Identifier: Apache-2.0
"""Messages of ROS 1 as ROS 2 has them: CDR, types by their full names, headers without a sequence number."""

from dataclasses import replace
from functools import partial

from rosbags.convert.converter import STATIC_MSGTYPE_RENAMES, is_same_wireformat, migrate_bytes
from rosbags.typesys import Stores, get_typestore
from rosbags.typesys.store import Typestore

from unified_agent.recording.cdr import TopicInfo, common_types
from unified_agent.recording.definitions import BadDefinition, Sizes, Types, full_name, learnt
from unified_agent.recording.limits import Limits
from unified_agent.recording.losses import Losses

HEADER = "std_msgs/msg/Header"


class Ros1Types:
    """Turns the messages of one topic.

    Args:
        topic: as the file has it, with the definition of its type.

    Attributes:
        topic: as ROS 2 has it; encoded as ``ros1`` still where its messages cannot be turned.
    """

    def __init__(self, topic: TopicInfo, limits: Limits):
        self._name, self._limits = topic.name, limits
        self._convert = None
        self._why = ""
        self._largest = 0
        old = full_name(topic.type)
        new = STATIC_MSGTYPE_RENAMES.get(old, old)
        self.topic = replace(topic, type=new, encoding="ros1")
        try:
            types = learnt(topic.definition, "ros1msg", old, limits)
            self._prepare(types, old, new)
            self.topic = replace(self.topic, encoding="cdr", definition_format="ros2msg")
        except BadDefinition as error:
            self._why = str(error)
        except Exception as error:  # names that are none in Python make the generated code raise almost anything
            self._why = f"its definition cannot be used ({str(error)[:100]})"

    def converted(self, data: bytes, losses: Losses) -> bytes | None:
        """A message as CDR; what cannot be turned is told."""
        try:
            if self._convert is None or len(data) > self._largest:
                raise ValueError(self._why or f"more than {self._largest} bytes (Limits.values)")
            return bytes(self._convert(data))
        except Exception as error:  # broken bytes make the generated code raise almost anything
            losses.add(f"{self._name}: messages that are no whole {self.topic.type} ({str(error)[:100]})")
            return None

    def _prepare(self, types: Types, old: str, new: str) -> None:
        source = get_typestore(Stores.EMPTY)
        sizes = Sizes(source.fielddefs | types)
        if sizes.smallest(old) > self._limits.message or sizes.written_out(old) > self._limits.fields:
            raise BadDefinition("a message of it is too large (Limits.message, Limits.fields)")
        grain = sizes.grain(old)
        self._largest = self._limits.values * grain if grain else self._limits.message
        source.register(types)
        target = common_types()
        if new not in target.types:
            target = Typestore()
            target.fielddefs = {**source.fielddefs, HEADER: common_types().fielddefs[HEADER]}
            target.types = {**source.types, HEADER: common_types().types[HEADER]}
        definition, _ = target.generate_msgdef(new, ros_version=2)
        self.topic = replace(self.topic, definition=definition)
        if is_same_wireformat(source, target, old, new):
            self._convert = partial(target.ros1_to_cdr, typename=new)
        else:
            self._convert = partial(migrate_bytes, source, target, old, new, {}, src_is2=False, dst_is2=True)
