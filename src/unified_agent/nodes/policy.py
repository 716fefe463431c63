# SPDX-License-Identifier: Apache-2.0
"""The policy node: pursues a plan with the arm, and holds still whenever it cannot be sure of the state."""

import math
import time

import numpy as np
from std_msgs.msg import String
from std_srvs.srv import Trigger

from unified_agent.agent.execution import Phase, PlanExecution
from unified_agent.agent.measurements import Measurements
from unified_agent.agent.pursuit import Outcome
from unified_agent.errors import UserError
from unified_agent.language.plan import Plan, check
from unified_agent.language.subgoals import OBJECTS, SubGoal
from unified_agent.nodes import messages, qos, shell
from unified_agent.nodes.course import CANCELLED, PLAN_REFUSED, PLANS_REFUSED
from unified_agent.nodes.lives import Watched
from unified_agent.nodes.parameters import Spec
from unified_agent.robot.arm import Arm
from unified_agent.robot.halt import LEAD, Halt
from unified_agent.robot.kinematics import Kinematics
from unified_agent.robot.motions import Motions, Move
from unified_agent.robot.trajectory import JointTrajectory
from unified_agent.state import State

# Wall seconds without state, or without a judged frame while one is awaited, after which the episode fails.
SILENCE = 10.0
CHECK_PERIOD = 0.1
# Wall seconds in which the instruction of a plan must come that overtook it: topics keep no order between each other,
# and a planner may answer at once.
OVERTAKEN = 0.5
# Wall seconds between two times that a stop is said.
STOP_PERIOD = 0.05


class PolicyNode(shell.AgentNode):
    """One episode at a time: plan in, trajectories out."""

    PARAMETERS = (
        Spec("arm", "default", "Name of the arm (config/arms/) or path of its YAML file."),
        Spec("driver", "", "Node of the arm's driver: its ~/stop and ~/resume are called with ours; empty: none."),
        Spec(
            "policy",
            "default",
            "Checkpoint: 'default' (ships), a folder of learn or learn-from; 'play': at random.",
        ),
        Spec("device", "auto", "Where the network computes.", options=("auto", "cpu", "cuda")),
        Spec("threads", 1, "CPU threads of the network.", low=1, high=256),
        Spec("seed", 0, "Of the sampled actions.", low=0),
        Spec("tries", 8, "Actions allowed for each sub-goal.", low=1, high=1000),
        Spec("time_limit", 180.0, "Simulated seconds allowed for an episode.", low=1.0, high=86400.0),
        Spec(
            "speed_scale",
            1.0,
            "Of the speeds in the arm's file; accelerations are scaled by its square.",
            low=0.05,
            high=1.0,
        ),
        Spec("watch_seconds", 0.8, "Seconds after an action in which its sub-goal must be seen.", low=0.1, high=60.0),
    )

    def __init__(self, **options):
        super().__init__("policy", **options)
        settings = self.settings
        import torch

        from unified_agent.policy import play

        torch.set_num_threads(settings["threads"])
        self._arm = Arm.load(settings["arm"])
        self._kinematics = Kinematics(self._arm)
        self._motions = Motions(self._arm, self._kinematics, speed_scale=settings["speed_scale"])
        self._policy = play.load(settings["policy"], self._arm.basket, settings["device"])
        self._rng = np.random.default_rng(settings["seed"])
        self._instruction = ""
        # Whether an instruction was heard whose plan has not come; and a plan whose instruction has not.
        self._unplanned = False
        self._early: String | None = None
        self._overtaken = None
        self._execution: PlanExecution | None = None
        self._stopped = False
        self._stopped_at = 0.0
        self._moving: tuple[Move, float] | None = None
        # What arm and gripper were sent last, and when it began.
        self._ways: list[tuple[JointTrajectory, float] | None] = [None, None]
        self._halt: Halt | None = None
        self._pursued = ""
        self._actions = self._plans_refused = 0
        self._stepped = -math.inf
        self._measured = Measurements(self._arm.joints, self._arm.gripper_joints[0], OBJECTS)
        self._malformed = ""
        self._heard = self._judged_at = time.monotonic()

        self._arm_topic = self.offer(qos.trajectory(self._arm.arm_topic))
        self._gripper_topic = self.offer(qos.trajectory(self._arm.gripper_topic))
        self._subgoal, self._episode = self.offer(qos.SUBGOAL), self.offer(qos.EPISODE)
        self.listen(qos.INSTRUCTION, self._on_instruction)
        self.listen(qos.PLAN, self._on_plan)
        self.listen(qos.OBJECTS, self._on_objects, qos.NEWEST)
        self.listen(qos.JOINT_STATES, self._on_joints, qos.PARTS)
        self.listen(qos.SCORES, self._on_scores)
        driver = settings["driver"]
        # A driver rests sooner than anything that is said on a topic can make it.
        self._driver = {name: self.create_client(Trigger, f"{driver}/{name}") for name in ("stop", "resume") if driver}
        self.create_service(Trigger, "~/stop", self._on_stop)
        self.create_service(Trigger, "~/resume", self._on_resume)
        self.create_service(Trigger, "~/cancel", self._on_cancel)
        self.create_timer(CHECK_PERIOD, self._watch_over, clock=self.steady)
        self.create_timer(STOP_PERIOD, self._say_stop, clock=self.steady)
        self.watch_clock(self._on_clock_set_back)
        # Without eyes nothing more can be seen to come true; without the others the episode can be finished.
        self._others = {
            "captioner": Watched(self, "captioner", gone=self._on_captioner_gone),
            "planner": Watched(self, "planner"),
            "recorder": Watched(self, "recorder"),
        }
        self._pursue("")
        self.report(shell.OK, "ready: no plan")

    def figures(self) -> dict[str, object]:
        """Where the episode stands; the actions are those of the last one after its end."""
        execution = self._execution
        values = {"stopped": self._stopped, "instruction": self._instruction, "actions": self._actions}
        values |= {PLANS_REFUSED: self._plans_refused}
        if execution is not None:
            values |= {"phase": execution.phase.value, "sub-goal": execution.sentence, "tries": execution.pursuit.used}
        return values

    # What is heard

    def _on_instruction(self, message: String) -> None:
        self._instruction, self._unplanned = " ".join(message.data.split()), True
        if self._early is not None:
            self._take_early()

    def _on_plan(self, message: String) -> None:
        if self._unplanned:
            self._take_plan(message)
            return
        if self._early is not None:
            self._take_early()
        self._early = message
        self._overtaken = self.create_timer(OVERTAKEN, self._take_early, clock=self.steady)

    def _take_early(self) -> None:
        """A plan that came before its instruction, or without one."""
        self.destroy_timer(self._overtaken)
        message, self._early = self._early, None
        self._take_plan(message)

    def _take_plan(self, message: String) -> None:
        self._unplanned = False
        sentences = messages.plan_sentences(message.data)
        if not sentences:
            return
        try:
            self._only_one_of_each()
            plan = Plan(tuple(map(SubGoal.parse, sentences)), self._instruction)
            check(plan.subgoals)
        except UserError as error:
            self._end_early("a plan was refused")
            self._plans_refused += 1
            self.report(shell.ERROR, f"{PLAN_REFUSED}, the arm holds: {error}")
            return
        self._end_early("replaced by a new plan")
        now = self._now()
        self._execution = PlanExecution(
            self._arm,
            self._motions,
            lambda state, sentence: self._policy.act(state, sentence, self._rng),
            plan.subgoals,
            now,
            tries=self.settings["tries"],
            time_limit=self.settings["time_limit"],
            watch=self.settings["watch_seconds"],
        )
        self._heard = self._judged_at = time.monotonic()
        self._episode.publish(String(data=f"start {plan.instruction}".strip()))
        self._pursue(self._execution.sentence)

    def _on_objects(self, message) -> None:
        wall = time.monotonic()
        try:
            found = messages.positions_of(message)
        except UserError as error:
            self._malformed = f"{self.resolved(qos.OBJECTS)}: {error}"
            return
        self._malformed = ""
        for name, (stamp, position) in found.items():
            self._measured.seen(name, position, stamp, wall)

    def _on_joints(self, message) -> None:
        stamp, wall = messages.seconds(message.header.stamp), time.monotonic()
        # Names without a position are as good as a position that is not finite.
        positions = dict.fromkeys(message.name, math.nan) | dict(zip(message.name, message.position, strict=False))
        ours = [self._measured.joint(name, position, stamp, wall) for name, position in positions.items()]
        if any(ours):
            self._advance()

    def _on_scores(self, message) -> None:
        self._judged_at = time.monotonic()
        if self._execution is None or self._execution.phase is not Phase.WATCHING:
            return
        try:
            scores = messages.scores_of(message)
        except UserError as error:
            self.report(shell.WARN, f"scores refused: {error}")
            return
        true = [sentence for sentence, score in scores.items() if score.over and (score.familiar or score.seen)]
        seen = [sentence for sentence, score in scores.items() if score.seen]
        self._execution.judged(messages.seconds(message.header.stamp), true, seen)

    def _on_stop(self, request, response):
        if not self._stopped:
            self._stopped, self._stopped_at = True, self._now()
        self._tell_driver("stop")
        self._hold()
        self.report(shell.WARN, "stopped: arm and gripper hold until ~/resume")
        response.success, response.message = True, "arm and gripper hold"
        return response

    def _on_resume(self, request, response):
        response.success, response.message = self._stopped, "resumed" if self._stopped else "it was not stopped"
        if self._stopped:
            self._tell_driver("resume")
        if self._stopped and self._execution is not None:
            self._execution.extend(max(0.0, self._now() - self._stopped_at))
        self._stopped = False
        self._heard = self._judged_at = time.monotonic()
        self.report(shell.OK, "resumed")
        return response

    def _on_cancel(self, request, response):
        response.success = self._execution is not None or self._early is not None
        response.message = "the episode ends, the arm holds" if response.success else "no plan is being pursued"
        if self._early is not None:
            self.destroy_timer(self._overtaken)
            self._early = None
        self._end_early(CANCELLED)
        return response

    def _tell_driver(self, what: str) -> None:
        if client := self._driver.get(what):
            client.call_async(Trigger.Request())

    # What is done

    def _advance(self) -> None:
        """Take the next step with the newest measurement, where it is fresh."""
        execution = self._execution
        if execution is None or self._stopped or self._stale():
            return
        measured, phase = self._measured, execution.phase
        # Joint states that come in parts do not take time back.
        stamp = self._stepped = max(self._stepped, measured.stamp)
        tool, _ = self._kinematics.forward(measured.q)
        state = State(measured.objects, tool, self._arm.holding(measured.gripper))
        for move in execution.step(stamp, state, measured.q, measured.gripper):
            self._send(move, stamp)
        self._actions = execution.actions
        if execution.phase is Phase.ENDED:
            self._finish()
            return
        if execution.phase is Phase.WATCHING and phase is not Phase.WATCHING:
            self._moving = None
            self._judged_at = time.monotonic()
            if execution.trouble:
                self.report(shell.WARN, f"the motion was given up: {execution.trouble}")
        if execution.sentence != self._pursued:
            self._pursue(execution.sentence)

    def _send(self, move: Move, start: float) -> None:
        message = messages.trajectory_message(move.trajectory)
        self._moving, self._halt = (move, start), None
        # Stamped 0: a controller joins a trajectory that began in the past where that should be by now, with a jump.
        arrival = self._now() + LEAD
        if move.gripper:
            self._ways[1] = self._grip_from(move.trajectory, arrival), arrival
            self._gripper_topic.publish(message)
            return
        self._ways[0] = move.trajectory, arrival
        self._arm_topic.publish(message)

    def _grip_from(self, grip: JointTrajectory, start: float) -> JointTrajectory:
        """A grip, led to from the set point that the gripper's controller has."""
        before = self._ways[1]
        now = [self._measured.gripper] if before is None else before[0].sample(start - before[1])[0]
        return JointTrajectory(grip.joints, [0.0, *grip.times], [now, *grip.positions])

    def _hold(self) -> None:
        """Bring arm and gripper to rest, say so until they are, and forget where they were going."""
        if self._moving is not None:
            self._moving, self._halt = None, Halt(self._arm, tuple(self._ways))
            self._say_stop()
        if self._execution is not None:
            self._execution.interrupt(self._now())

    def _say_stop(self) -> None:
        if self._halt is None:
            return
        measured = self._measured
        known = (measured.stamp, np.append(measured.q, measured.gripper)) if measured.complete else None
        for gripper, trajectory in self._halt.say(self._now(), known):
            (self._gripper_topic if gripper else self._arm_topic).publish(messages.trajectory_message(trajectory))
            self._ways[gripper] = trajectory, -math.inf
        if self._halt.done:
            self._halt = None

    def _watch_over(self) -> None:
        """Ten times a wall second: is what we act on still alive?"""
        execution = self._execution
        if execution is None or self._stopped:
            return
        wall = time.monotonic()
        if why := self._stale():
            if self._moving is not None:
                self._hold()
            self.report(shell.ERROR, f"holding still: {why}")
            if wall - self._heard > SILENCE:
                self._end_early(why)
            return
        self._heard = wall
        gone = [f"the {name} has gone" for name, other in self._others.items() if other.gone]
        self.report(shell.WARN if gone else shell.OK, "; ".join([f"pursuing: {execution.sentence}", *gone]))
        if execution.phase is Phase.WATCHING and wall - self._judged_at > SILENCE:
            self._end_early(f"the captioner is silent: no scores for {SILENCE:.0f} s")

    def _stale(self) -> str:
        """Why the newest measurements must not be acted on; empty where they may."""
        execution = self._execution
        goal = None if execution is None else execution.pursuit.current
        needed = () if goal is None else tuple(filter(None, (goal.subject, goal.support)))
        return self._malformed or self._measured.trouble(self._now(), time.monotonic(), needed)

    def _on_clock_set_back(self, seconds: float) -> None:
        """Whatever was measured and sent belongs to a time that has not come yet."""
        self._measured.clear()
        self._stepped = -math.inf
        self._end_early(f"the clock went back by {seconds:.1f} s: the simulator or the recording was started anew")

    def _on_captioner_gone(self) -> None:
        self._end_early("the captioner has gone: nothing can be seen to come true")

    def _only_one_of_each(self) -> None:
        """One planner, and nobody else who commands the arm."""
        commands = (qos.trajectory(self._arm.arm_topic), qos.trajectory(self._arm.gripper_topic))
        for topic in (qos.PLAN, *commands):
            publishers = self.get_publishers_info_by_topic(topic.name)
            if len(publishers) > 1:
                names = ", ".join(sorted(f"{info.node_namespace.rstrip('/')}/{info.node_name}" for info in publishers))
                raise UserError(f"{len(publishers)} nodes publish {self.resolved(topic)} ({names}): stop all but one.")

    def _end_early(self, reason: str) -> None:
        """End the running episode, if there is one, with the arm at rest."""
        if self._execution is not None:
            self._hold()
            self._execution.fail(reason)
            self._finish()

    def _finish(self) -> None:
        pursuit = self._execution.pursuit
        self._execution = None
        success = pursuit.outcome is Outcome.SUCCESS
        self._episode.publish(String(data="end success" if success else f"end failure: {pursuit.reason}"))
        self._pursue("")
        if success:
            self.report(shell.OK, "success")
        else:
            self.report(shell.WARN, f"failure: {pursuit.reason}")

    def _pursue(self, sentence: str) -> None:
        self._pursued = sentence
        self._subgoal.publish(String(data=sentence))

    def _now(self) -> float:
        return self.get_clock().now().nanoseconds / messages.NANO


def main() -> None:
    """The program ``policy``."""
    shell.program("policy", PolicyNode)


if __name__ == "__main__":
    main()
