# SPDX-License-Identifier: Apache-2.0
"""A recording for the Rerun viewer: cameras, arm, objects, scores and words on one time line, to scrub through."""

from collections.abc import Callable
from pathlib import Path

from unified_agent import topics
from unified_agent.documents import one_line
from unified_agent.errors import UserError
from unified_agent.recording.cameras import RecordedCameras
from unified_agent.recording.cdr import NANO, BadMessage
from unified_agent.recording.facts import WORDS
from unified_agent.recording.pairing import Moment
from unified_agent.recording.reader import BagReader
from unified_agent.recording.said import Said
from unified_agent.recording.scores import scores_of

TIMELINE = "recording"
SPOKEN = (*WORDS, topics.JOINT_STATES, topics.OBJECTS, topics.SCORES)
JPEG_QUALITY = 85


def rerun_log(
    reader: BagReader,
    images: tuple[str, ...],
    path: Path,
    progress: Callable[[int], object] = lambda read: None,
    cameras: RecordedCameras | None = None,
    tell: Callable[[str], object] = lambda line: None,
) -> int:
    """Write a ``.rrd`` file: ``rerun FILE.rrd`` opens it.

    Entities: ``cameras/<name>`` (images), ``joints/<name>`` (rad or m), ``objects`` (boxes in ``base_link``, m),
    ``scores/<sentence>`` (above the threshold), ``words`` (what was said).

    Args:
        images: topics of the images.
        progress: called with the bytes of the bag that were read since the last call.
        cameras: makes the sets of frames; of those topics, unused.
        tell: called with what was left out beside what `History` tells.

    Returns:
        Sets of frames written.

    Raises:
        UserError: Rerun is not installed.
    """
    try:
        import rerun
    except ImportError:
        raise UserError("A .rrd file needs Rerun, which is optional: pip install 'unified_agent[rerun]'.") from None
    log = rerun.RecordingStream("unified_agent")
    log.save(path)
    cameras = cameras or RecordedCameras(reader, images)
    names = topics.cameras_of(images)
    said = Said(reader, SPOKEN)
    frames = position = 0

    def see(complete: Moment) -> None:
        nonlocal frames
        frames += 1
        for name, frame in zip(names, complete.frames, strict=True):
            log.log(f"cameras/{name}", rerun.Image(frame).compress(jpeg_quality=JPEG_QUALITY))

    for message in reader.messages({*images, *said.names}):
        log.set_time(TIMELINE, duration=message.received / NANO)
        for complete in cameras.see(message):
            see(complete)
        heard = said.take(message)
        try:
            if heard is not None:
                _tell(rerun, log, message.topic, heard)
        except Exception as error:  # names and numbers from elsewhere make the library raise almost anything
            said.refuse(message.topic, BadMessage(one_line(str(error), 120)))
        progress(reader.position - position)
        position = reader.position
    for complete in cameras.rest():
        see(complete)
    progress(reader.position - position)
    log.flush()
    for line in said.left_out:
        tell(line)
    return frames


def _tell(rerun, log, topic: str, said) -> None:
    """Log one message; ``rerun`` is the module, ``log`` the stream."""
    match topic:
        case topics.JOINT_STATES:
            for name, position in zip(said.name, said.position, strict=False):
                log.log(f"joints/{name}", rerun.Scalars([float(position)]))
        case topics.OBJECTS:
            centres = [[one.pose.position.x, one.pose.position.y, one.pose.position.z] for one in said.markers]
            sizes = [[one.scale.x, one.scale.y, one.scale.z] for one in said.markers]
            turns = [[getattr(one.pose.orientation, axis) for axis in "xyzw"] for one in said.markers]
            colours = [[one.color.r, one.color.g, one.color.b] for one in said.markers]
            log.log("objects", rerun.Boxes3D(centers=centres, sizes=sizes, quaternions=turns, colors=colours))
        case topics.SCORES:
            for sentence, score in scores_of(said).items():
                log.log(f"scores/{sentence}", rerun.Scalars([score.value - score.gamma]))
        case _:
            log.log("words", rerun.TextLog(f"{topic} {one_line(said.data, 1000)}"))
