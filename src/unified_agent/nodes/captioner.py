# SPDX-License-Identifier: Apache-2.0
"""The captioner node: says what is true in the newest frames, and when a sub-goal was reached."""

import threading
import time
from collections import deque
from dataclasses import replace
from functools import partial

from std_msgs.msg import String

from unified_agent.errors import UserError
from unified_agent.language.subgoals import SENTENCES
from unified_agent.nodes import messages, qos, shell
from unified_agent.nodes.cameras import LiveCamera, checked
from unified_agent.nodes.frames import NewestFrames
from unified_agent.nodes.parameters import Spec, Value
from unified_agent.recording.images import FrameReader
from unified_agent.recording.pairing import TOLERANCE
from unified_agent.recording.scores import Score

# Without images of a camera, or without a moment of all of them, for so long (wall seconds) the captioner says so.
SILENT_AFTER, BLIND_AFTER = 2.0, 1.0
# Seconds by which a moment's stamp may be ahead of the clock, and behind it, before that is told.
AHEAD, BEHIND = 0.5, 5.0
# Wall seconds for which they must be so before it is told: where a simulation runs fast, moments are late at times.
LASTING = 1.0
_SENTENCES = "Sentences to score besides the vocabulary of sub-goals."
_THRESHOLDS = "YAML file of sentences with their thresholds, as 'unified-agent calibrate' writes it; before the card's."
# Newest moments of which most decide whether the scene is told as unfamiliar.
_NEWEST = 15
_STRANGE = " of a scene that this CLIP does not know: nothing is seen in it. See 'unfamiliar', and 'trust_unfamiliar'"
_TRUSTED = " of a scene that this CLIP does not know: what is seen there is a guess"
_TRUST = "Whether sentences are seen in scenes that the model does not know."


class Captioner(shell.AgentNode):
    """Scores the newest frames of all cameras in a thread of its own; what it cannot keep up with, it drops."""

    PARAMETERS = (
        Spec("clip_model", "default", "CLIP: 'default', NAME:TAG of open_clip, hf-hub:OWNER/REPOSITORY, or a folder."),
        Spec("device", "auto", "Where CLIP computes.", options=("auto", "cpu", "cuda")),
        Spec("threads", 1, "CPU threads of CLIP.", low=1, high=256),
        Spec("cameras", list(qos.CAMERAS), "Names of the 1 to 4 cameras whose frames are scored together."),
        Spec("tolerance", TOLERANCE, "Seconds that the frames of one moment may lie apart.", low=0.0, high=10.0),
        Spec("steady_seconds", 0.2, "Seconds for which a sentence is true before it is seen.", low=0.0, high=60.0),
        Spec("sentences", [""], _SENTENCES, live=True),
        Spec("thresholds", "", _THRESHOLDS),
        Spec("trust_unfamiliar", False, _TRUST),
    )

    def __init__(self, **options):
        super().__init__("captioner", **options)
        import torch

        from unified_agent.vision.clip import Clip
        from unified_agent.vision.detector import Detector
        from unified_agent.vision.steady import Steady
        from unified_agent.vision.thresholds import read_thresholds

        torch.set_num_threads(self.settings["threads"])
        self._known = SENTENCES
        self._asked = tuple(filter(None, self.settings["sentences"]))
        clip = Clip.load(self.settings["clip_model"], self.settings["device"])
        thresholds = self.settings["thresholds"]
        self._detector = Detector(clip, self._known + self._asked, read_thresholds(thresholds) if thresholds else None)
        self._doubts = ""
        self._tell_of_doubts()
        # What is seen of all sentences, and of the sub-goal in frames taken since it was set.
        self._steady = Steady(self.settings["steady_seconds"])
        self._pursued = Steady(self.settings["steady_seconds"])
        self._lock = threading.Lock()
        self._subgoal = ""
        self._since = 0
        cameras = checked(self.settings["cameras"])
        self._frames = NewestFrames(cameras, self.settings["tolerance"])
        self._reader = FrameReader(self._complain)
        self._trouble = ""
        self._last_taken = self._last_scored = time.monotonic()
        self._scored = self._ahead = self._behind = self._unfamiliar = 0
        self._strange: deque[bool] = deque(maxlen=_NEWEST)
        self._age = 0.0
        self._in_time_at = time.monotonic()
        self._counted = (time.monotonic(), 0)
        self._rate = self._latency = 0.0

        self._caption = self.offer(qos.CAPTION)
        self._scores = self.offer(qos.SCORES)
        self._reached = self.offer(qos.REACHED)
        self._cameras = [LiveCamera(self, name, partial(self._on_image, name), qos.NEWEST) for name in cameras]
        # A captioner that comes late, or again, is told what is pursued.
        self.listen(qos.SUBGOAL, self._on_subgoal, qos.FACT)
        self.watch_clock(self._on_clock_set_back)
        self.create_subscription(String, "~/sentences", self._on_sentences, qos.COMMAND)
        self.report(shell.OK, "ready: no frames yet")
        self._worker = self.in_thread(self._work)

    def figures(self) -> dict[str, object]:
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
            "dropped": self._frames.dropped,
            "without a partner": self._frames.alone,
            "refused": self._reader.refused,
            "refused because": "\n".join(self._reader.causes),
            "unfamiliar": self._unfamiliar,
            "not calibrated": self._doubts,
            "sentences": len(self._detector.sentences),
        }

    def inspect(self) -> None:
        """Say when images stop coming, or find no partners."""
        now = time.monotonic()
        silent = [camera.name for camera in self._cameras if now - camera.heard > SILENT_AFTER]
        if silent:
            names = " and ".join(f"'{name}'" for name in silent)
            self.report(shell.WARN, f"no image of camera {names} comes: is its driver running?")
        elif now - self._last_taken > BLIND_AFTER:
            gap, tolerance = self._frames.gap, self.settings["tolerance"]
            if gap is not None and gap > tolerance:
                names = ", ".join(camera.name for camera in self._cameras)
                self.report(
                    shell.WARN,
                    f"no moment of all cameras ({names}): their nearest frames lie {gap:.3f} s apart, and 'tolerance' "
                    f"is {tolerance:g} s",
                )
        elif self._trouble and now - self._last_scored > BLIND_AFTER:
            self.report(shell.WARN, self._trouble)

    def changed(self, name: str, value: Value) -> None:
        """New sentences are scored from the next frame on."""
        self._ask(value)

    def close(self) -> None:
        """Let the thread finish its frame."""
        self._frames.close()
        self._worker.join(timeout=5.0)

    def _ask(self, sentences) -> None:
        asked = tuple(sentence.strip() for sentence in sentences if sentence.strip())
        with self._lock:
            self._detector.ask(dict.fromkeys(self._known + asked + ((self._subgoal,) if self._subgoal else ())))
            self._asked = asked
        self._tell_of_doubts()

    def _tell_of_doubts(self) -> None:
        """Say once which of the sentences have no threshold of their own."""
        doubts, self._doubts = self._doubts, self._detector.doubts()
        if self._doubts and self._doubts != doubts:
            self.get_logger().warning(self._doubts)

    def _on_sentences(self, message: String) -> None:
        try:
            self._ask(message.data.splitlines())
        except UserError as error:
            self.report(shell.WARN, f"sentences refused: {error}")

    def _on_subgoal(self, message: String) -> None:
        with self._lock:
            self._subgoal = message.data.strip()
            self._since = self.get_clock().now().nanoseconds
            self._pursued.forget()
        if self._subgoal and self._subgoal not in self._detector.sentences:
            try:
                self._ask(self._asked)
            except UserError as error:
                self.report(shell.WARN, f"sub-goal refused: {error}")

    def _on_clock_set_back(self, seconds: float) -> None:
        """What was seen in the time before says nothing of the one that begins."""
        with self._lock:
            self._since = self.get_clock().now().nanoseconds
            self._pursued.forget()
            self._steady.forget()

    def _on_image(self, camera: str, topic: qos.Topic, image) -> None:
        stamp = image.header.stamp.sec * messages.NANO + image.header.stamp.nanosec
        # A driver that leaves its stamps empty is taken at the time of receipt.
        self._frames.put(camera, stamp or self.get_clock().now().nanoseconds, image)

    def _complain(self, what: str) -> None:
        self._trouble = what
        self.report(shell.WARN, what)

    def _work(self) -> None:
        while self._frames.open:
            taken = self._frames.take(timeout=0.5)
            if taken is None:
                continue
            self._last_taken = time.monotonic()
            stamp, images = taken
            frames = {camera: self._reader.read(camera, image) for camera, image in images.items()}
            if any(frame is None for frame in frames.values()):
                continue
            try:
                self._score(stamp, frames)
            except UserError as error:
                self._reader.refuse(" and ".join(frames), error)

    def _score(self, stamp: int, frames: dict) -> None:
        started = time.monotonic()
        with self._lock:
            detector = self._detector
            view = detector.look(frames)
            familiar = not view.unfamiliar
            caption = detector.best(view.scores)
            told = zip(detector.sentences, view.scores, detector.thresholds, detector.calibrated, strict=True)
            scores = {
                sentence: Score(float(value), float(gamma), calibrated=bool(calibrated), familiar=familiar)
                for sentence, value, gamma, calibrated in told
            }
            trusted = familiar or self.settings["trust_unfamiliar"]
            true = {sentence for sentence, score in scores.items() if score.over and trusted}
            seen = self._steady.judge(stamp / messages.NANO, true)
            scores |= {sentence: replace(scores[sentence], seen=True) for sentence in seen}
            subgoal = self._subgoal
            if stamp >= self._since:
                self._pursued.judge(stamp / messages.NANO, true & {subgoal})
            reached = stamp >= self._since and subgoal in self._pursued.new
        if reached:
            self._reached.publish(String(data=subgoal))
        self._caption.publish(String(data=caption))
        self._scores.publish(messages.scores_message(messages.stamp(stamp / messages.NANO), scores))
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
        now, doing = time.monotonic(), f"scoring {cameras} cameras"
        if self._doubts:
            doing += " with thresholds of which some are a guess (see 'not calibrated')"
        strange = sum(self._strange) > len(self._strange) / 2
        if strange:
            doing += _STRANGE if not self.settings["trust_unfamiliar"] else _TRUSTED
        in_time = -AHEAD <= self._age <= BEHIND
        if in_time:
            self._in_time_at = now
        if in_time or now - self._in_time_at <= LASTING:
            self.report(shell.WARN if strange else shell.OK, doing)
        elif self._age < 0.0:
            self.report(shell.WARN, f"{doing}, stamped over {AHEAD:g} s ahead of the clock: do their clocks agree?")
        else:
            self.report(shell.WARN, f"{doing}, stamped over {BEHIND:g} s before the clock: see 'age'")


def main() -> None:
    """The program ``captioner``."""
    shell.program("captioner", Captioner)


if __name__ == "__main__":
    main()
