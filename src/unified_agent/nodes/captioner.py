# SPDX-License-Identifier: Apache-2.0
"""The captioner node: says what is true in the newest frames, and when a sub-goal was reached."""

import threading
from dataclasses import replace

from std_msgs.msg import String

from unified_agent.errors import UserError
from unified_agent.language.subgoals import SENTENCES
from unified_agent.nodes import messages, qos, shell
from unified_agent.nodes.looking import CLIP_PARAMETERS, LookingNode
from unified_agent.nodes.parameters import Spec, Value
from unified_agent.recording.scores import Score

_SENTENCES = "Sentences to score besides the vocabulary of sub-goals."
_THRESHOLDS = "YAML file of sentences with their thresholds, as 'unified-agent calibrate' writes it; before the card's."
_STRANGE = " of a scene that this CLIP does not know: nothing is seen in it. See 'unfamiliar', and 'trust_unfamiliar'"
_TRUSTED = " of a scene that this CLIP does not know: what is seen there is a guess"
_TRUST = "Whether sentences are seen in scenes that the model does not know."


class Captioner(LookingNode):
    """Scores the newest frames of all cameras for every sentence."""

    PARAMETERS = (
        *CLIP_PARAMETERS,
        Spec("steady_seconds", 0.2, "Seconds for which a sentence is true before it is seen.", low=0.0, high=60.0),
        Spec("sentences", [""], _SENTENCES, live=True),
        Spec("thresholds", "", _THRESHOLDS),
        Spec("trust_unfamiliar", False, _TRUST),
    )

    def __init__(self, **options):
        super().__init__("captioner", **options)
        from unified_agent.vision.clip import Clip
        from unified_agent.vision.detector import Detector
        from unified_agent.vision.steady import Steady
        from unified_agent.vision.thresholds import read_thresholds

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

        self._caption = self.offer(qos.CAPTION)
        self._scores = self.offer(qos.SCORES)
        self._reached = self.offer(qos.REACHED)
        # A captioner that comes late, or again, is told what is pursued.
        self.listen(qos.SUBGOAL, self._on_subgoal, qos.FACT)
        self.watch_clock(self._on_clock_set_back)
        self.create_subscription(String, "~/sentences", self._on_sentences, qos.COMMAND)
        self.begin_looking()

    def figures(self) -> dict[str, object]:
        """Rate and latency of the scoring, and what was dropped or refused."""
        return {**self.looked(), "not calibrated": self._doubts, "sentences": len(self._detector.sentences)}

    def said(self, strange: bool) -> str:
        """Which thresholds are a guess, and that nothing is seen in a strange scene."""
        doubtful = " with thresholds of which some are a guess (see 'not calibrated')" if self._doubts else ""
        return doubtful + ((_TRUSTED if self.settings["trust_unfamiliar"] else _STRANGE) if strange else "")

    def changed(self, name: str, value: Value) -> None:
        """New sentences are scored from the next frame on."""
        self._ask(value)

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

    def look(self, stamp: int, frames: dict) -> bool:
        """Score every sentence, and say which is best, which are seen, and whether the sub-goal was reached."""
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
        return familiar


def main() -> None:
    """The program ``captioner``."""
    shell.program("captioner", Captioner)


if __name__ == "__main__":
    main()
