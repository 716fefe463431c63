# SPDX-License-Identifier: Apache-2.0
"""The video of one episode, put together from what the graph says."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from unified_agent import topics
from unified_agent.recording.cdr import NANO
from unified_agent.recording.facts import plan_sentences
from unified_agent.recording.overlay import PlanProgress, Scene, draw
from unified_agent.recording.pairing import TOLERANCE, Moment, Pairing
from unified_agent.recording.scores import Score, scores_of
from unified_agent.recording.video import VideoWriter

# What `EpisodeVideo.hear` draws.
HEARD = (topics.PLAN, topics.SUBGOAL, topics.REACHED, topics.CAPTION, topics.EPISODE, topics.SCORES)
# A moment is drawn with its own scores; where these do not come it is drawn, with older ones, this many moments later.
PATIENCE = 5
# Frames of one camera that wait for those of the others.
WAITING = 16


class EpisodeVideo:
    """Pairs the frames of all cameras, waits for their scores, draws and writes them at their own time.

    Args:
        path: of the new MP4 file.
        cameras: names, in the order they are drawn in.
        rate: frames a second of simulated time.
        tolerance: seconds that the frames of one moment may lie apart.

    Attributes:
        scene: what is drawn next; instruction, caption and outcome may be set at any time.
    """

    def __init__(self, path: Path, cameras: Sequence[str], rate: int = 10, tolerance: float = TOLERANCE):
        path.parent.mkdir(parents=True, exist_ok=True)
        self.scene = Scene(frames={})
        self._video = VideoWriter(path, rate)
        self._cameras = cameras
        self._period = NANO // rate
        self._moments = Pairing(cameras, round(tolerance * NANO), WAITING)
        self._pending: dict[int, Moment] = {}
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
        for moment in self._moments.put(camera, stamp, frame):
            self.show(moment)

    def show(self, moment: Moment) -> None:
        """Frames that were paired already, in the order of the cameras."""
        self._pending[moment.stamp] = moment
        if len(self._pending) > PATIENCE:
            self._draw_until(min(self._pending))

    def score(self, stamp: int, scores: Mapping[str, Score]) -> None:
        """The captioner's scores of the frames with that stamp."""
        self.scene.scores = scores
        self._draw_until(stamp)

    def close(self) -> None:
        """Draw what waits, and finish the file."""
        for moment in self._moments.rest():
            self.show(moment)
        if self._pending:
            self._draw_until(max(self._pending))
        self._video.close()

    def _draw_until(self, stamp: int) -> None:
        for due in sorted(due for due in self._pending if due <= stamp):
            moment = self._pending.pop(due)
            self._first = due if self._first is None else self._first
            number = round((due - self._first) / self._period)
            if number <= self._drawn:
                continue
            self._drawn = number
            self.scene.frames = dict(zip(self._cameras, moment.frames, strict=True))
            self.scene.time = (due - self._first) / NANO
            self._video.write(draw(self.scene), number)
