# SPDX-License-Identifier: Apache-2.0
"""The video of one episode, put together from what the graph says."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from unified_agent import topics
from unified_agent.recording.cdr import NANO
from unified_agent.recording.facts import plan_sentences
from unified_agent.recording.overlay import PlanProgress, Scene, draw
from unified_agent.recording.scores import Score, scores_of
from unified_agent.recording.video import VideoWriter

# What `EpisodeVideo.hear` draws.
HEARD = (topics.PLAN, topics.SUBGOAL, topics.REACHED, topics.CAPTION, topics.EPISODE, topics.SCORES)
# A frame is drawn with its own scores; where these do not come it is drawn, with older ones, this many frames later.
PATIENCE = 5


class EpisodeVideo:
    """Pairs the frames of all cameras, waits for their scores, draws and writes them at their own time.

    Args:
        path: of the new MP4 file.
        cameras: names, in the order they are drawn in.
        rate: frames a second of simulated time.

    Attributes:
        scene: what is drawn next; instruction, caption and outcome may be set at any time.
    """

    def __init__(self, path: Path, cameras: Sequence[str], rate: int = 10):
        path.parent.mkdir(parents=True, exist_ok=True)
        self.scene = Scene(frames={})
        self._video = VideoWriter(path, rate)
        self._cameras = cameras
        self._period = NANO // rate
        self._pending: dict[int, dict[str, np.ndarray]] = {}
        self._first: int | None = None
        self._drawn = -1

    @property
    def path(self) -> Path:
        """Of the file; there is none before the first frame."""
        return self._video.path

    @property
    def frames(self) -> int:
        """Drawn so far."""
        return self._video.frames

    def plan(self, sentences: Sequence[str]) -> None:
        """The plan that is carried out."""
        self.scene.progress = PlanProgress(sentences)

    def hear(self, topic: str, message) -> None:
        """What was said on a topic (rclpy's message, or one read from a bag); other topics are not drawn.

        Raises:
            BadMessage: scores that are no numbers.
        """
        match topic:
            case topics.PLAN:
                if sentences := plan_sentences(message.data):
                    self.plan(sentences)
            case topics.SUBGOAL:
                self.scene.progress.pursue(message.data)
            case topics.REACHED:
                self.scene.progress.reach(message.data)
            case topics.CAPTION:
                self.scene.caption = message.data
            case topics.EPISODE:
                verb, _, rest = message.data.partition(" ")
                self.scene.outcome = rest if verb == "end" else ""
            case topics.SCORES:
                stamp = message.header.stamp
                self.score(stamp.sec * NANO + stamp.nanosec, scores_of(message))

    def see(self, camera: str, stamp: int, frame: np.ndarray) -> None:
        """A frame (uint8 RGB, (H, W, 3)); ``stamp`` in nanoseconds pairs it with the other cameras'."""
        self._pending.setdefault(stamp, {})[camera] = frame
        whole = [stamp for stamp, frames in self._pending.items() if len(frames) == len(self._cameras)]
        if len(whole) > PATIENCE:
            self._draw_until(min(whole))

    def score(self, stamp: int, scores: Mapping[str, Score]) -> None:
        """The captioner's scores of the frames with that stamp."""
        self.scene.scores = scores
        self._draw_until(stamp)

    def close(self) -> None:
        """Draw what waits, and finish the file."""
        if self._pending:
            self._draw_until(max(self._pending))
        self._video.close()

    def _draw_until(self, stamp: int) -> None:
        for due in sorted(due for due in self._pending if due <= stamp):
            frames = self._pending.pop(due)
            if len(frames) < len(self._cameras):
                continue
            self._first = due if self._first is None else self._first
            number = round((due - self._first) / self._period)
            if number <= self._drawn:
                continue
            self._drawn = number
            self.scene.frames = {camera: frames[camera] for camera in self._cameras}
            self.scene.time = (due - self._first) / NANO
            self._video.write(draw(self.scene), number)
