# SPDX-License-Identifier: Apache-2.0
"""A recording as a video: frames, caption, plan and scores as the recorder draws them, and the scores over time."""

from collections.abc import Callable
from pathlib import Path

from unified_agent.recording.cameras import RecordedCameras
from unified_agent.recording.cdr import NANO, BadMessage
from unified_agent.recording.episode import HEARD, EpisodeVideo
from unified_agent.recording.history import History
from unified_agent.recording.overlay import width
from unified_agent.recording.reader import BagReader
from unified_agent.recording.timeline import timeline
from unified_agent.topics import camera_of


def film(
    reader: BagReader,
    topics: tuple[str, ...],
    path: Path,
    rate: int = 10,
    progress: Callable[[int], object] = lambda read: None,
) -> int:
    """Draw every moment of a bag into a new MP4 file.

    Args:
        topics: of the images.
        rate: frames a second.
        progress: called with the bytes of the bag that were read since the last call.

    Returns:
        Frames drawn.
    """
    names = [camera_of(topic) for topic in topics]
    history = History.of(reader)
    video = EpisodeVideo(path, names, rate)
    video.scene.instruction = history.facts.instruction
    video.scene.timeline = timeline(history, width(len(names)))
    cameras = RecordedCameras(reader, topics)
    position = 0
    for message in reader.messages({*topics, *HEARD}):
        for complete in cameras.see(message):
            if video.scene.start is None:
                video.scene.start = message.received / NANO
            video.show(complete)
        if message.topic in HEARD:
            try:
                video.hear(message.topic, reader.decode(message))
            except BadMessage:
                continue
        if reader.position != position:
            progress(reader.position - position)
            position = reader.position
    for complete in cameras.rest():
        video.show(complete)
    progress(reader.position - position)
    video.close()
    return video.frames
