# SPDX-License-Identifier: Apache-2.0
"""Which image topics of a recording to look at, without asking: those of its colour cameras, each once."""

import re
from collections import Counter
from dataclasses import dataclass, field

from unified_agent import topics
from unified_agent.documents import one_line, shown
from unified_agent.errors import UserError
from unified_agent.recording.cdr import BadMessage, Message, TopicInfo
from unified_agent.recording.coded_video import UNREAD
from unified_agent.recording.encodings import DEPTH
from unified_agent.recording.images import COMPRESSED, RAW, FrameReader, is_image, stamp_of
from unified_agent.recording.reader import BagReader

MOST = 4
"""Cameras that are looked at together."""
# Images of a topic without a frame after which it counts as unreadable: of a video, some may come before a key frame.
_PATIENCE, _VIDEO_PATIENCE = 20, 600
# Images of a camera on one of its topics after which another, without any, counts as empty.
_SILENT = 30
# The last resort: where there are others, these are left out by their names.
_OTHER_NAMES = re.compile(r"(^|[/_])(depth|disparity|confidence|infra\d*|ir|thermal)([/_\d]|$)")


@dataclass(frozen=True)
class Choice:
    """Image topics whose frames belong together.

    Attributes:
        names: of the topics, one a camera, in the order of the frames.
        left_out: the other image topics, and why; a line each.
    """

    names: tuple[str, ...]
    left_out: list[str] = field(default_factory=list)


def choose(reader: BagReader, named: tuple[str, ...] = (), cameras: tuple[str, ...] = topics.CAMERAS) -> Choice:
    """The topics named; else those of the cameras, where all of them have colour images; else of all colour cameras.

    Of one camera's topics the raw one is preferred, where it has images that can be read, then the compressed one, then
    the video. Depth, grey, infrared, empty and broken topics are left out. Of more than `MOST` cameras those with
    the most images are taken.

    Args:
        named: topics, taken whatever they show.
        cameras: names; their topics are named as this package names them.

    Raises:
        UserError: a topic named is not there, has no images, or is of the same camera as another one named; none is
            named, and none has colour images.
    """
    if named:
        return Choice(_checked(reader, named))
    known = [_Candidate(topic) for topic in reader.topics.values() if is_image(topic)]
    unread = [topic for topic in reader.topics.values() if topic.type in UNREAD]
    why_unread = [f"{topic.name}: {UNREAD[topic.type]} ({topic.type}) is not read" for topic in unread]
    if not known:
        also = f" ({'; '.join(why_unread)})" if unread else ""
        raise UserError(f"{reader.path} has no topic of images{also}: there is nothing to look at.")
    own = {topics.image(camera): None for camera in cameras}
    _look(reader, known, frozenset(own))
    best = _best_of_each_camera(known)
    chosen = [next((one for one in best if topics.base_of(one.name) == topics.base_of(name)), None) for name in own]
    if all(chosen):
        why = "not one of " + ", ".join(cameras)
        return Choice(tuple(one.name for one in chosen if one), _left_out(known, chosen, why) + why_unread)
    chosen, why = best, ""
    if any(not _OTHER_NAMES.search(one.name) for one in chosen):
        chosen, why = [one for one in best if not _OTHER_NAMES.search(one.name)], "by its name no colour camera"
    if not chosen:
        found = "; ".join([*(f"{one.name}: {one.what}" for one in known), *why_unread])
        raise UserError(
            f"{reader.path} has no colour image ({found}). To take one of them all the same, name it with "
            "--image-topic."
        )
    if len(chosen) > MOST:
        counts = Counter(message.topic for message in reader.messages([one.name for one in chosen]))
        chosen = sorted(sorted(chosen, key=lambda one: (-counts[one.name], one.name))[:MOST], key=lambda one: one.name)
        why = f"at most {MOST} cameras are taken, those with the most images"
    return Choice(tuple(one.name for one in chosen), _left_out(known, chosen, why) + why_unread)


class _Candidate:
    """An image topic, and what its first images show.

    Attributes:
        name: of the topic.
        colour: whether they show colours.
        decided: whether enough was seen.
        what: they are, in words.
        seen: how many were looked at.
    """

    def __init__(self, topic: TopicInfo):
        self.name, self.topic = topic.name, topic
        self.colour = self.decided = False
        self.what = "no images"
        self.seen = 0
        self._reader = FrameReader(lambda what: None)
        self._patience = _PATIENCE if topic.type in RAW + COMPRESSED else _VIDEO_PATIENCE

    def look(self, reader: BagReader, message: Message) -> None:
        self.seen += 1
        if self.decided:
            return
        try:
            image = reader.decode(message)
        except BadMessage as error:
            self._reader.refuse(self.name, error)
        else:
            frames = take(self._reader, self.name, image, message)
            form = "encoding" if self.topic.type in RAW else "format"
            named = one_line(str(getattr(image, form, "")), 60)
            if named.startswith(DEPTH) or "compressedDepth" in named:
                self.what, self.decided = f"depth, {form} {named}", True
            elif frames:
                self.colour = self.name not in self._reader.grey
                self.what, self.decided = f"{'colour' if self.colour else 'grey'}, {form} {named}", True
        if not self.decided:
            # Told without the topic, which stands before it.
            cause = self._reader.causes[0].partition("refused: ")[2] if self._reader.causes else "no picture yet"
            self.what = f"{self.seen} images, none of which can be read: {cause}"
            self.decided = self.seen >= self._patience

    @property
    def rank(self) -> tuple:
        """The topic to prefer among those of one camera comes first."""
        form = 0 if self.topic.type in RAW else 1 if self.topic.type in COMPRESSED else 2
        return (not self.colour, form, len(self.name), self.name)


def take(frames: FrameReader, camera: str, image, message: Message) -> list[tuple]:
    """As `FrameReader.take`, of a message of a bag, which may define a type of the usual name with other fields."""
    try:
        # A driver that leaves its stamps empty is taken at the time of the recording.
        return frames.take(camera, image, stamp_of(image) or message.received)
    except (AttributeError, TypeError, ValueError, OverflowError):
        frames.refuse(camera, BadMessage("Its type has the name of an image, and other fields."))
        return []


def _checked(reader: BagReader, named: tuple[str, ...]) -> tuple[str, ...]:
    cameras: dict[str, str] = {}
    for name in named:
        topic = reader.topic(name)
        if not is_image(topic):
            raise UserError(f"Topic {name} of {reader.path} has the type {shown(topic.type)}: expected images.")
        other = cameras.setdefault(topics.base_of(name), name)
        if other != name or named.count(name) > 1:
            raise UserError(f"{other} and {name} are images of one camera: name one of them with --image-topic.")
    return named


def _look(reader: BagReader, known: list[_Candidate], own: frozenset[str]) -> None:
    """Look at images until it is clear what each topic shows, or that this package's own cameras all show colours."""
    by_name = {one.name: one for one in known}
    for message in reader.messages(by_name):
        by_name[message.topic].look(reader, message)
        if all(name in by_name and by_name[name].colour for name in own):
            for one in known:
                one.what = one.what if one.seen else "not looked at"
            return
        if all(one.decided or _is_silent(one, known) for one in known):
            return


def _is_silent(one: _Candidate, known: list[_Candidate]) -> bool:
    """Whether another topic of the same camera has had so many images that this one is empty."""
    base = topics.base_of(one.name)
    return not one.seen and any(
        other.seen > _SILENT and other.colour for other in known if topics.base_of(other.name) == base
    )


def _best_of_each_camera(known: list[_Candidate]) -> list[_Candidate]:
    best: dict[str, _Candidate] = {}
    for one in sorted((one for one in known if one.colour), key=lambda one: one.rank):
        best.setdefault(topics.base_of(one.name), one)
    return sorted(best.values(), key=lambda one: one.name)


def _left_out(known: list[_Candidate], chosen: list, why: str) -> list[str]:
    """A line for every topic that was not chosen; ``why`` of those that show colours."""
    bases = {topics.base_of(one.name): one.name for one in chosen}
    lines = []
    for one in sorted(known, key=lambda one: one.name):
        if one not in chosen:
            same = bases.get(topics.base_of(one.name)) if one.colour or not one.seen else None
            reason = f"the same camera as {same}" if same else one.what
            lines.append(f"{one.name}: {reason}" + (f"; {why}" if one.colour and not same else ""))
    return lines
