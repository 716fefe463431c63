# SPDX-License-Identifier: Apache-2.0
"""The video of one episode, put together from what the graph says."""

from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from unified_agent import topics
from unified_agent.recording.cdr import NANO
from unified_agent.recording.facts import plan_sentences
from unified_agent.recording.overlay import PlanProgress, Scene, draw, height
from unified_agent.recording.pairing import TOLERANCE, Moment, Pairing
from unified_agent.recording.playing import PlayingTime
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
        maker: see `VideoWriter`.

    Attributes:
        scene: what is drawn next; instruction, caption and outcome may be set at any time.
        time: when each moment is shown.
    """

    def __init__(
        self, path: Path, cameras: Sequence[str], rate: int = 10, tolerance: float = TOLERANCE, maker: str = ""
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        self.scene = Scene(frames={})
        self.time = PlayingTime()
        self._video = VideoWriter(path, rate, maker=maker)
        self._cameras = cameras
        self._rate = rate
        self._moments = Pairing(cameras, round(tolerance * NANO), WAITING)
        self._pending: deque[tuple[float, Moment]] = deque()
        self._drawn = -1

    @property
    def path(self) -> Path:
        """Of the file; there is none before the first frame."""
        return self._video.path

    @property
    def frames(self) -> int:
        """Drawn so far."""
        return self._video.frames

    @property
    def seconds(self) -> float:
        """That the video lasts so far."""
        return (self._drawn + 1) / self._rate

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

    def see(self, camera: str, stamp: int, frame: np.ndarray, received: int | None = None) -> None:
        """A frame (uint8 RGB, (H, W, 3)); ``stamp`` in nanoseconds pairs it with the other cameras'."""
        for moment in self._moments.put(camera, stamp, frame):
            self.show(moment, received)

    def show(self, moment: Moment, received: int | None = None) -> None:
        """Frames that were paired already, in the order of the cameras.

        Args:
            received: time of the recording, nanoseconds; the moment's stamp when None.
        """
        seconds = self.time.at(moment.stamp, moment.stamp if received is None else received)
        self._pending.append((seconds, moment))
        if len(self._pending) > PATIENCE:
            self._draw_next()

    def score(self, stamp: int, scores: Mapping[str, Score]) -> None:
        """The captioner's scores of the frames with that stamp."""
        self.scene.scores = scores
        due = [number for number, (_, moment) in enumerate(self._pending, 1) if moment.stamp <= stamp]
        for _ in range(max(due, default=0)):
            self._draw_next()

    def close(self, received: int | None = None) -> None:
        """Draw what waits, and finish the file; the last picture is held until ``received``, where it is given."""
        for moment in self._moments.rest():
            self.show(moment)
        while self._pending:
            self._draw_next()
        if self.scene.frames and received is not None:
            end = self.time.until(received)
            if round(end * self._rate) > self._drawn:
                self._write(end)
        self._video.close()

    def _draw_next(self) -> None:
        seconds, moment = self._pending.popleft()
        if round(seconds * self._rate) > self._drawn:
            if not self.scene.frames:
                self.scene.box = height(moment.frames)
            self.scene.frames = dict(zip(self._cameras, moment.frames, strict=True))
            self._write(seconds)

    def _write(self, seconds: float) -> None:
        self._drawn = round(seconds * self._rate)
        self.scene.time = seconds
        self._video.write(draw(self.scene), self._drawn)
