# SPDX-License-Identifier: Apache-2.0
"""One episode on disk: a rosbag2 directory with every message, and a video of what was seen and believed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from unified_agent.recording.bag import BagWriter
from unified_agent.recording.overlay import PlanProgress, Scene, Score, draw
from unified_agent.recording.video import VideoWriter

NANO = 1_000_000_000
# A frame is drawn with its own scores; where these do not come it is drawn, with older ones, this many frames later.
PATIENCE = 5


@dataclass(frozen=True)
class RecordedTopic:
    """A topic to record: name, type (``std_msgs/msg/String``) and quality of service (`bag.quality_of_service`)."""

    name: str
    type_name: str
    qos: dict


class EpisodeWriter:
    """Writes ``<run>/episode_<number>/`` (rosbag2) and ``<run>/episode_<number>.mp4``.

    Args:
        run: folder of the run; made where it is missing.
        number: from 1.
        topics: everything that may be written.
        cameras: names, in the order they are drawn in.
        video_rate: frames a second of simulated time; None: no video.

    Raises:
        BagExists: this episode was recorded before.
    """

    def __init__(
        self, run: Path, number: int, topics: Sequence[RecordedTopic], cameras: Sequence[str], video_rate: int | None = 10
    ):
        self.bag = BagWriter(run / f"episode_{number:03d}")
        self.video = VideoWriter(run / f"episode_{number:03d}.mp4", video_rate) if video_rate else None
        for topic in topics:
            self.bag.add_topic(topic.name, topic.type_name, topic.qos)
        self.scene = Scene(frames={})
        self._cameras = cameras
        self._period = NANO // (video_rate or 1)
        self._pending: dict[int, dict[str, np.ndarray]] = {}
        self._first_stamp: int | None = None
        self._next_stamp = 0

    @property
    def files(self) -> tuple[Path, ...]:
        """The bag's folder, and the video where there is one."""
        return (self.bag.folder, self.video.path) if self.video else (self.bag.folder,)

    def write(self, topic: str, data: bytes, time: int) -> None:
        """Record a serialised message received at ``time`` (nanoseconds)."""
        self.bag.write(topic, data, time)

    def plan(self, sentences: Sequence[str]) -> None:
        """The plan that is carried out."""
        self.scene.progress = PlanProgress(sentences)

    def see(self, camera: str, stamp: int, frame: np.ndarray) -> None:
        """A frame (uint8 RGB, (H, W, 3)) for the video; ``stamp`` in nanoseconds pairs it with the other cameras'."""
        if stamp < self._next_stamp:
            return
        self._pending.setdefault(stamp, {})[camera] = frame
        whole = [stamp for stamp, frames in self._pending.items() if len(frames) == len(self._cameras)]
        if len(whole) > PATIENCE:
            self._draw_until(min(whole))

    def score(self, stamp: int, scores: Mapping[str, Score]) -> None:
        """The captioner's scores of the frames with that stamp."""
        self.scene.scores = scores
        self._draw_until(stamp)

    def close(self) -> None:
        """Finish both files. The bag is closed even where the video cannot be."""
        try:
            if self._pending:
                self._draw_until(max(self._pending))
            if self.video:
                self.video.close()
        finally:
            self.bag.close()

    def _draw_until(self, stamp: int) -> None:
        for due in sorted(due for due in self._pending if due <= stamp):
            frames = self._pending.pop(due)
            if len(frames) < len(self._cameras) or due < self._next_stamp:
                continue
            self._first_stamp = due if self._first_stamp is None else self._first_stamp
            # Half a period of tolerance: stamps of a 10 Hz camera are not exact multiples of 0.1 s.
            self._next_stamp = due + self._period // 2
            self.scene.frames = {camera: frames[camera] for camera in self._cameras}
            self.scene.time = (due - self._first_stamp) / NANO
            self.video.write(draw(self.scene))
