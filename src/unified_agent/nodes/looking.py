# SPDX-License-Identifier: Apache-2.0
"""What nodes that look at the newest frames share: cameras, a thread that looks, and what is told of both."""

import time
from collections import deque
from functools import partial

import numpy as np

from unified_agent.errors import UserError
from unified_agent.nodes import messages, qos, shell
from unified_agent.nodes.cameras import LiveCamera, checked
from unified_agent.nodes.frames import NewestFrames
from unified_agent.nodes.parameters import Spec
from unified_agent.recording.images import FrameReader
from unified_agent.recording.pairing import TOLERANCE

# Without images of a camera, or without a moment of all of them, for so long (wall seconds) the node says so.
SILENT_AFTER, BLIND_AFTER = 2.0, 1.0
# Seconds by which a moment's stamp may be ahead of the clock, and behind it, before that is told.
AHEAD, BEHIND = 0.5, 5.0
# Wall seconds for which they must be so before it is told: where a simulation runs fast, moments are late at times.
LASTING = 1.0
# Newest moments of which most decide whether the scene is told as unfamiliar.
NEWEST_MOMENTS = 15
# The parameters of every such node.
CLIP_PARAMETERS = (
    Spec("clip_model", "default", "CLIP: 'default', NAME:TAG of open_clip, hf-hub:OWNER/REPOSITORY, or a folder."),
    Spec("device", "auto", "Where CLIP computes.", options=("auto", "cpu", "cuda")),
    Spec("threads", 1, "CPU threads of CLIP.", low=1, high=256),
    Spec("cameras", list(qos.CAMERAS), "Names of the 1 to 4 cameras whose frames are scored together."),
    Spec("tolerance", TOLERANCE, "Seconds that the frames of one moment may lie apart.", low=0.0, high=10.0),
)


class LookingNode(shell.AgentNode):
    """Looks at the newest frames of all cameras in a thread of its own; what it cannot keep up with, it drops.

    Subclasses have `CLIP_PARAMETERS` among theirs, say what they do with a moment in `look`, and call `begin_looking`
    once they are whole.

    Attributes:
        frames: the newest moment.
        reader: that decodes images.
    """

    def __init__(self, name: str, **options):
        super().__init__(name, **options)
        import torch

        torch.set_num_threads(self.settings["threads"])
        self._names = checked(self.settings["cameras"])
        self.frames = NewestFrames(self._names, self.settings["tolerance"])
        self.reader = FrameReader(self._complain)
        self._trouble = ""
        self._last_taken = self._last_scored = time.monotonic()
        self._scored = self._ahead = self._behind = self._unfamiliar = 0
        self._strange: deque[bool] = deque(maxlen=NEWEST_MOMENTS)
        self._age = 0.0
        self._in_time_at = time.monotonic()
        self._counted = (time.monotonic(), 0)
        self._rate = self._latency = 0.0

    def look(self, stamp: int, frames: dict[str, np.ndarray]) -> bool:
        """Score a moment, of a stamp in nanoseconds, and say so; whether it shows a scene that the CLIP knows.

        Raises:
            UserError: its frames cannot be scored.
        """
        raise NotImplementedError

    def begin_looking(self) -> None:
        """Listen to the cameras."""
        self._cameras = [LiveCamera(self, name, partial(self._on_image, name), qos.NEWEST) for name in self._names]
        self.report(shell.OK, "ready: no frames yet")
        self._worker = self.in_thread(self._work)

    def said(self, strange: bool) -> str:
        """What people should know of the scores beside where they come from; ``strange``: of most newest moments."""
        return ""

    def looked(self) -> dict[str, object]:
        """Rate and latency of the scoring, and what was dropped or refused."""
        now, (then, count) = time.monotonic(), self._counted
        if now - then >= shell.REPORT_PERIOD / 2:
            self._rate, self._counted = (self._scored - count) / (now - then), (now, self._scored)
        return {
            "rate": f"{self._rate:.1f} Hz",
            "latency": f"{1000 * self._latency:.1f} ms",
            "scored": self._scored,
            "age": f"{self._age:.3f} s",
            "ahead of the clock": self._ahead,
            "behind the clock": self._behind,
            "dropped": self.frames.dropped,
            "without a partner": self.frames.alone,
            "refused": self.reader.refused,
            "refused because": "\n".join(self.reader.causes),
            "unfamiliar": self._unfamiliar,
        }

    def inspect(self) -> None:
        """Say when images stop coming, or find no partners."""
        now = time.monotonic()
        silent = [camera.name for camera in self._cameras if now - camera.heard > SILENT_AFTER]
        if silent:
            names = " and ".join(f"'{name}'" for name in silent)
            self.report(shell.WARN, f"no image of camera {names} comes: is its driver running?")
        elif now - self._last_taken > BLIND_AFTER:
            gap, tolerance = self.frames.gap, self.settings["tolerance"]
            if gap is not None and gap > tolerance:
                names = ", ".join(self._names)
                self.report(
                    shell.WARN,
                    f"no moment of all cameras ({names}): their nearest frames lie {gap:.3f} s apart, and 'tolerance' "
                    f"is {tolerance:g} s",
                )
        elif self._trouble and now - self._last_scored > BLIND_AFTER:
            self.report(shell.WARN, self._trouble)

    def close(self) -> None:
        """Let the thread finish its frame."""
        self.frames.close()
        self._worker.join(timeout=5.0)

    def _on_image(self, camera: str, topic: qos.Topic, image) -> None:
        stamp = image.header.stamp.sec * messages.NANO + image.header.stamp.nanosec
        # A driver that leaves its stamps empty is taken at the time of receipt.
        self.frames.put(camera, stamp or self.get_clock().now().nanoseconds, image)

    def _complain(self, what: str) -> None:
        self._trouble = what
        self.report(shell.WARN, what)

    def _work(self) -> None:
        while self.frames.open:
            taken = self.frames.take(timeout=0.5)
            if taken is None:
                continue
            self._last_taken = time.monotonic()
            stamp, images = taken
            frames = {camera: self.reader.read(camera, image) for camera, image in images.items()}
            if any(frame is None for frame in frames.values()):
                continue
            try:
                self._score(stamp, frames)
            except UserError as error:
                self.reader.refuse(" and ".join(frames), error)

    def _score(self, stamp: int, frames: dict[str, np.ndarray]) -> None:
        started = time.monotonic()
        familiar = self.look(stamp, frames)
        self._scored += 1
        self._unfamiliar += not familiar
        self._last_scored = time.monotonic()
        self._latency = self._last_scored - started
        self._strange.append(not familiar)
        self._tell_of_clocks(stamp, len(frames))

    def _tell_of_clocks(self, stamp: int, cameras: int) -> None:
        """Say that cameras are scored, and when their stamps do not fit the clock."""
        self._age = (self.get_clock().now().nanoseconds - stamp) / messages.NANO
        self._ahead += self._age < -AHEAD
        self._behind += self._age > BEHIND
        strange = sum(self._strange) > len(self._strange) / 2
        now, doing = time.monotonic(), f"scoring {cameras} cameras{self.said(strange)}"
        in_time = -AHEAD <= self._age <= BEHIND
        if in_time:
            self._in_time_at = now
        if in_time or now - self._in_time_at <= LASTING:
            self.report(shell.WARN if strange else shell.OK, doing)
        elif self._age < 0.0:
            self.report(shell.WARN, f"{doing}, stamped over {AHEAD:g} s ahead of the clock: do their clocks agree?")
        else:
            self.report(shell.WARN, f"{doing}, stamped over {BEHIND:g} s before the clock: see 'age'")
