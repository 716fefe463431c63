# SPDX-License-Identifier: Apache-2.0
"""The agent node: an action that carries out an instruction, so that a program can ask, follow and cancel.

It says nothing that a person could not say on the topics, and hears nothing that they do not tell.
"""

import importlib
import time
from dataclasses import dataclass

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.action import ActionServer, CancelResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.task import Future
from std_msgs.msg import String
from std_srvs.srv import Trigger

from unified_agent.errors import UserError
from unified_agent.language.refusal import check_text
from unified_agent.nodes import qos, shell
from unified_agent.nodes.course import CANCELLED, FAILURE, REFUSED, SHOWN, SUCCESS, Course
from unified_agent.nodes.errand import Errand, Step
from unified_agent.nodes.parameters import Spec

ACTION, TYPE = "carry_out", "CarryOut"
INTERFACES = "unified_agent_interfaces"
# Wall seconds between two looks at the goals.
LOOK = 0.1
# Wall seconds in which a planner and a policy are found.
DISCOVERY = 10.0


def action_type() -> type:
    """The generated type of the action.

    Raises:
        UserError: the package that has it is not installed.
    """
    try:
        return getattr(importlib.import_module(f"{INTERFACES}.action"), TYPE)
    except ImportError:
        raise UserError(
            f"The action {ACTION} needs the package {INTERFACES}: build it with colcon (docs/install.md). "
            "Without it, 'unified-agent say' does the same from a command line."
        ) from None


@dataclass
class _Goal:
    """A goal that is being carried out; ``over`` is done when it is."""

    handle: ServerGoalHandle
    errand: Errand
    over: Future
    since: float
    told: tuple = ()


class ActionNode(shell.AgentNode):
    """Serves the action ``carry_out``. The newest goal wins, as the newest instruction does.

    Every goal is accepted: ROS has no reason for a rejected one. A refused instruction ends aborted, its reason in the
    result.
    """

    PARAMETERS = (Spec("feedback_rate", 5.0, "Feedback messages a wall second, at most.", low=0.1, high=10.0),)

    def __init__(self, **options):
        super().__init__("agent", **options)
        self._type = action_type()
        self._goals: list[_Goal] = []
        self._done = 0
        self._diagnosed: dict[str, DiagnosticStatus] = {}
        self._instruction = self.offer(qos.INSTRUCTION)
        self.listen(qos.PLAN, lambda message: self._tell("hear_plan", message.data))
        self.listen(qos.SUBGOAL, lambda message: self._tell("hear_subgoal", message.data))
        self.listen(qos.REACHED, lambda message: self._tell("hear_reached", message.data))
        self.listen(qos.EPISODE, lambda message: self._tell("hear_episode", message.data))
        self.listen(qos.CAPTION, lambda message: self._tell("hear_caption", message.data))
        self.listen(qos.DIAGNOSTICS, self._on_diagnostics, qos.RECORDED)
        self._cancels = [self.create_client(Trigger, f"{name}/cancel") for name in ("planner", "policy")]
        self._server = ActionServer(
            self, self._type, ACTION, self._carry_out, cancel_callback=lambda goal: CancelResponse.ACCEPT
        )
        self.create_timer(LOOK, self._look, clock=self.steady)
        self.create_timer(1 / self.settings["feedback_rate"], self._feed_back, clock=self.steady)
        self.report(shell.OK, "ready")

    def figures(self) -> dict[str, object]:
        """How many goals there are, and were."""
        return {"goals": len(self._goals), "done": self._done}

    def close(self) -> None:
        """No more goals."""
        self._server.destroy()

    async def _carry_out(self, handle: ServerGoalHandle):
        instruction = handle.request.instruction
        errand = Errand(Course(instruction, self._diagnosed), time.monotonic())
        try:
            check_text(instruction)
        except UserError as error:
            errand.end(REFUSED, str(error))
        goal = _Goal(handle, errand, Future(executor=self.executor), time.monotonic())
        self._goals.append(goal)
        self.report(shell.OK, f"carrying out: {instruction[:SHOWN]}")
        await goal.over
        self._goals.remove(goal)
        self._done += 1
        if errand.outcome == SUCCESS:
            handle.succeed()
        elif errand.outcome == CANCELLED and handle.is_cancel_requested:
            handle.canceled()
        else:
            handle.abort()
        self.report(shell.OK, f"{errand.outcome}: {errand.reason}" if errand.reason else errand.outcome)
        return self._type.Result(outcome=errand.outcome, reason=errand.reason)

    def _look(self) -> None:
        now = time.monotonic()
        for goal in [goal for goal in self._goals if not goal.over.done()]:
            errand = goal.errand
            cancel = goal.handle.is_cancel_requested
            missing = self._missing()
            if missing and errand.course.started is not None:
                errand.end(FAILURE, f"the {missing} has gone")
            elif missing and now - goal.since > DISCOVERY:
                errand.end(REFUSED, f"there is no {missing} here")
            step = Step.NOTHING if missing and not cancel else errand.step(now, cancel)
            if step is Step.SAY:
                self._instruction.publish(String(data=goal.handle.request.instruction))
            elif step is Step.CANCEL:
                for client in self._cancels:
                    client.call_async(Trigger.Request())
            if errand.outcome:
                goal.over.set_result(None)

    def _missing(self) -> str:
        """A node without which nothing can be carried out, where it is not there."""
        for name, topic in (("planner", qos.PLAN), ("policy", qos.EPISODE)):
            if not self.count_publishers(topic.name):
                return name
        return ""

    def _feed_back(self) -> None:
        for goal in self._goals:
            course = goal.errand.course
            now = (course.subgoal, course.tries, course.caption)
            if now != goal.told and not goal.over.done():
                goal.told = now
                subgoal, tries, caption = now
                goal.handle.publish_feedback(self._type.Feedback(subgoal=subgoal, tries=tries, caption=caption))

    def _tell(self, what: str, text: str) -> None:
        for goal in self._goals:
            getattr(goal.errand.course, what)(text)

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            self._diagnosed[status.name] = status
            for goal in self._goals:
                goal.errand.course.hear_status(status)


def main() -> None:
    """The program ``agent``."""
    shell.program("agent", ActionNode)


if __name__ == "__main__":
    main()
