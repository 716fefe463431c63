# SPDX-License-Identifier: Apache-2.0
"""The captioner node: says what is true in the newest frames, and when a sub-goal was reached."""

import threading
import time
from functools import partial

from std_msgs.msg import String

from unified_agent.errors import UserError
from unified_agent.language.subgoals import SENTENCES
from unified_agent.nodes import messages, qos, shell
from unified_agent.nodes.frames import NewestFrames
from unified_agent.nodes.parameters import Spec, Value
from unified_agent.recording.scores import Score

# Without frames for this long (wall seconds) the captioner says that it is blind.
BLIND_AFTER = 2.0
_SENTENCES = "Sentences to score besides the vocabulary of sub-goals."


class Captioner(shell.AgentNode):
    """Scores the newest frames of all cameras in a thread of its own; what it cannot keep up with, it drops."""

    PARAMETERS = (
        Spec("clip_model", "default", "CLIP: 'default', NAME:TAG of open_clip, hf-hub:OWNER/REPOSITORY, or a folder."),
        Spec("device", "auto", "Where CLIP computes.", options=("auto", "cpu", "cuda")),
        Spec("threads", 1, "CPU threads of CLIP.", low=1, high=256),
        Spec(
            "successive_frames", 3, "Frames in a row over the threshold before a sub-goal is reached.", low=1, high=100
        ),
        Spec("sentences", [""], _SENTENCES, live=True),
    )

    def __init__(self, **options):
        super().__init__("captioner", **options)
        import torch

        from unified_agent.vision.clip import Clip
        from unified_agent.vision.detector import Detector, ReachedFilter

        torch.set_num_threads(self.settings["threads"])
        self._known = SENTENCES
        self._asked = tuple(filter(None, self.settings["sentences"]))
        clip = Clip.load(self.settings["clip_model"], self.settings["device"])
        self._detector = Detector(clip, self._known + self._asked)
        self._filter = ReachedFilter(self.settings["successive_frames"])
        self._lock = threading.Lock()
        self._subgoal = ""
        self._since = 0
        self._frames = NewestFrames(qos.CAMERAS)
        self._last_scored = time.monotonic()
        self._scored = self._refused = 0
        self._counted = (time.monotonic(), 0)
        self._rate = self._latency = 0.0

        self._caption = self.offer(qos.CAPTION)
        self._scores = self.offer(qos.SCORES)
        self._reached = self.offer(qos.REACHED)
        for camera in qos.CAMERAS:
            self.listen(qos.image(camera), partial(self._on_image, camera), qos.NEWEST)
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
            "dropped": self._frames.dropped,
            "refused": self._refused,
            "sentences": len(self._detector.sentences),
        }

    def inspect(self) -> None:
        """Say when the frames stop coming."""
        if self._scored and time.monotonic() - self._last_scored > BLIND_AFTER:
            self.report(shell.WARN, f"no frames of all cameras ({', '.join(qos.CAMERAS)}) for {BLIND_AFTER:.0f} s")

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

    def _on_sentences(self, message: String) -> None:
        try:
            self._ask(message.data.splitlines())
        except UserError as error:
            self.report(shell.WARN, f"sentences refused: {error}")

    def _on_subgoal(self, message: String) -> None:
        with self._lock:
            self._subgoal = message.data.strip()
            self._since = self.get_clock().now().nanoseconds
            self._filter.update("", False)
        if self._subgoal and self._subgoal not in self._detector.sentences:
            self._ask(self._asked)

    def _on_clock_set_back(self, seconds: float) -> None:
        """What was seen in the time before says nothing of the one that begins."""
        with self._lock:
            self._since = self.get_clock().now().nanoseconds
            self._filter.update("", False)

    def _on_image(self, camera: str, image) -> None:
        try:
            frame = messages.frame_of(image)
        except UserError as error:
            self._refused += 1
            self.report(shell.WARN, f"image of camera '{camera}' refused: {error}")
            return
        self._frames.put(camera, image.header.stamp.sec * messages.NANO + image.header.stamp.nanosec, frame)

    def _work(self) -> None:
        while self._frames.open:
            taken = self._frames.take(timeout=0.5)
            if taken is None:
                continue
            try:
                self._score(*taken)
            except UserError as error:
                self._refused += 1
                self.report(shell.WARN, f"frames refused: {error}")

    def _score(self, stamp: int, frames: dict) -> None:
        started = time.monotonic()
        with self._lock:
            values = self._detector.scores(frames)
            sentences, gammas = self._detector.sentences, self._detector.thresholds
            caption = self._detector.best(values)
            scores = {
                sentence: Score(float(value), float(gamma))
                for sentence, value, gamma in zip(sentences, values, gammas, strict=True)
            }
            subgoal = self._subgoal
            true = subgoal in scores and stamp >= self._since and scores[subgoal].over
            reached = self._filter.update(subgoal, true) if subgoal else False
        if reached:
            self._reached.publish(String(data=subgoal))
        self._caption.publish(String(data=caption))
        self._scores.publish(messages.scores_message(messages.stamp(stamp / messages.NANO), scores))
        self._scored += 1
        self._last_scored = time.monotonic()
        self._latency = self._last_scored - started
        self.report(shell.OK, f"scoring {len(frames)} cameras")


def main() -> None:
    """The program ``captioner``."""
    shell.program("captioner", Captioner)


if __name__ == "__main__":
    main()
