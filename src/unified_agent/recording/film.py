# SPDX-License-Identifier: Apache-2.0
"""A recording as a video: frames, caption, plan and scores as the recorder draws them, and the scores over time."""

from collections.abc import Callable
from pathlib import Path

from unified_agent.recording.cameras import RecordedCameras
from unified_agent.recording.cdr import NANO, BadMessage, Message
from unified_agent.recording.episode import HEARD, EpisodeVideo
from unified_agent.recording.history import History
from unified_agent.recording.overlay import width
from unified_agent.recording.playing import LONGEST
from unified_agent.recording.reader import BagReader
from unified_agent.recording.said import Said
from unified_agent.recording.timeline import timeline
from unified_agent.topics import cameras_of


def film(
    reader: BagReader,
    topics: tuple[str, ...],
    path: Path,
    rate: int = 10,
    progress: Callable[[int], object] = lambda read: None,
    cameras: RecordedCameras | None = None,
    tell: Callable[[str], object] = lambda line: None,
    maker: str = "",
) -> int:
    """Draw every moment of a bag into a new MP4 file, as fast as it was.

    Args:
        topics: of the images.
        rate: frames a second.
        progress: called with the bytes of the bag that were read since the last call.
        cameras: makes the moments; of those topics, unused.
        tell: called with what people should know of the video.
        maker: see `VideoWriter`.

    Returns:
        Frames drawn; 0, without a file, where there is no moment.
    """
    history = History.of(reader)
    names = cameras_of(topics)
    video = EpisodeVideo(path, names, rate, maker=maker)
    video.scene.instruction = history.facts.instruction
    video.scene.timeline = timeline(history, width(len(names)))
    cameras = cameras or RecordedCameras(reader, topics)
    said = Said(reader, HEARD)
    position = received = 0
    for message in reader.messages({*topics, *said.names}):
        received = message.received
        for complete in cameras.see(message):
            if video.scene.start is None:
                video.scene.start = received / NANO
            video.show(complete, received)
        _hear(video, said, message)
        if reader.position != position:
            progress(reader.position - position)
            position = reader.position
    for complete in cameras.rest():
        if video.scene.start is None:
            video.scene.start = received / NANO
        video.show(complete, received)
    progress(reader.position - position)
    video.close()
    if video.time.shortened:
        tell(f"pauses longer than {LONGEST:g} s are cut to that: {video.time.shortened:.0f} s in all")
    return video.frames


def _hear(video: EpisodeVideo, said: Said, message: Message) -> None:
    """What is said is drawn; what cannot be used is told by the history, which reads the same."""
    heard = said.take(message)
    try:
        if heard is not None:
            video.hear(message.topic, heard)
    except BadMessage:
        pass
