# SPDX-License-Identifier: Apache-2.0
"""The reward node: one sentence as the reward of the newest frames."""

import numpy as np
from std_msgs.msg import String

from unified_agent.documents import shown
from unified_agent.errors import UserError
from unified_agent.nodes import messages, qos, shell
from unified_agent.nodes.looking import CLIP_PARAMETERS, LookingNode
from unified_agent.nodes.parameters import Spec, Value

CALIBRATED = "calibrated"
_ASKED = ("goal", "baseline", "alpha", "threshold")
_GOAL = "What is wanted, in words; a line each, where it is said in several ways. Empty: nothing is rewarded yet."
_BASELINE = "The scene without the goal, in words; a line each. Empty: alpha is 0."
_ALPHA = "Of goal-baseline regularization: 0 is the cosine with the goal."
_THRESHOLD = "Cosine over which the goal counts as reached, as text ('0.25'); 'calibrated': that of the CLIP's card."
_STRANGE = " of a scene that this CLIP does not know: its reward is a guess. See 'unfamiliar'"


class Reward(LookingNode):
    """Rewards the newest frames of all cameras."""

    PARAMETERS = (
        *CLIP_PARAMETERS,
        Spec("goal", "", _GOAL, live=True),
        Spec("baseline", "", _BASELINE, live=True),
        Spec("alpha", 0.0, _ALPHA, low=0.0, high=1.0, live=True),
        Spec("threshold", CALIBRATED, _THRESHOLD, live=True),
    )

    def __init__(self, **options):
        super().__init__("reward", **options)
        from unified_agent.vision.clip import Clip

        self._clip = Clip.load(self.settings["clip_model"], self.settings["device"])
        self._asked = {name: self.settings[name] for name in _ASKED}
        self._judge = self._made(self._asked)
        self._tell_of_doubts()
        self._rewards = self.offer(qos.REWARD)
        self.create_subscription(String, "~/goal", self._on_goal, qos.COMMAND)
        self.begin_looking()
        if self._judge is None:
            self.report(shell.OK, self._waiting())

    def figures(self) -> dict[str, object]:
        """Rate and latency of the scoring, what was dropped or refused, and what is rewarded."""
        doubts = self._judge.doubts() if self._judge else ""
        return {**self.looked(), **self._asked, "not calibrated": doubts}

    def said(self, strange: bool) -> str:
        """That nothing is wanted yet, or how far the reward is a guess."""
        if self._judge is None:
            return f": {self._waiting()}"
        return _STRANGE if strange else ""

    def changed(self, name: str, value: Value) -> None:
        """What is asked otherwise counts from the next frame on."""
        self._ask({name: value})

    def look(self, stamp: int, frames: dict[str, np.ndarray]) -> bool:
        """Publish the reward of a moment."""
        judge = self._judge
        if judge is None:
            return True
        told = len(judge.reshaped)
        [judgement] = judge.judgements(judge.look([list(frames.values())]))
        for line in judge.reshaped[told:]:
            self.get_logger().warning(line)
        self._rewards.publish(messages.reward_message(messages.stamp(stamp / messages.NANO), judge.name, judgement))
        return judgement.familiar

    def _ask(self, changes: dict[str, Value]) -> None:
        asked = {**self._asked, **changes}
        self._judge, self._asked = self._made(asked), asked
        self._tell_of_doubts()

    def _made(self, asked: dict[str, Value]):
        """A judge of what is asked; None without a goal.

        Raises:
            UserError: a sentence, alpha or threshold that cannot be.
        """
        from unified_agent.vision.judging import Judge
        from unified_agent.vision.reward import Goal

        given = asked["threshold"].strip()
        try:
            threshold = None if given == CALIBRATED else float(given)
        except ValueError:
            raise UserError(f"'threshold' is '{CALIBRATED}' or a cosine in [-1, 1], not {shown(given)}.") from None
        goals, baselines = (tuple(filter(None, map(str.strip, asked[side].splitlines()))) for side in _ASKED[:2])
        if not goals:
            return None
        return Judge(self._clip, Goal(goals, baselines, asked["alpha"]), threshold)

    def _on_goal(self, message: String) -> None:
        try:
            self._ask({"goal": message.data})
        except UserError as error:
            self.report(shell.WARN, f"goal refused: {error}")

    def _tell_of_doubts(self) -> None:
        if self._judge and (doubts := self._judge.doubts()):
            self.get_logger().warning(doubts)

    def _waiting(self) -> str:
        return f"nothing is wanted yet: set 'goal', or say it on {self.resolve_topic_name('~/goal')}"


def main() -> None:
    """The program ``reward``."""
    shell.program("reward", Reward)


if __name__ == "__main__":
    main()
