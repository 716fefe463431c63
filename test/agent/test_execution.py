# SPDX-License-Identifier: Apache-2.0
"""A plan carried out in MuJoCo by a scripted hand, judged by true poses: no ROS, no network."""

import numpy as np
import pytest

from unified_agent.agent.execution import SETTLE, Phase, PlanExecution
from unified_agent.agent.pursuit import Outcome
from unified_agent.language.plan import Plan
from unified_agent.language.subgoals import VOCABULARY, SubGoal
from unified_agent.robot.arm import Arm
from unified_agent.robot.kinematics import Kinematics
from unified_agent.robot.motions import Motions
from unified_agent.sim.world import World
from unified_agent.vision.steady import Steady

ARM = Arm.load("fr3")
MOTIONS = Motions(ARM, Kinematics(ARM))
STACK = Plan.of_moves("red/blue").subgoals


def at_the_named_object(state, sentence):
    goal = SubGoal.parse(sentence)
    return state.objects[goal.support or goal.subject][:2]


class Trial:
    """Steps a world at 50 Hz and shows the execution a true frame at 10 Hz."""

    def __init__(self, choose=at_the_named_object, plan=STACK, **options):
        self.world = World(ARM, seed=3)
        self.execution = PlanExecution(ARM, MOTIONS, choose, plan, now=0.0, **options)
        self.moves: list[str] = []
        self.steady = Steady()
        self.tick = 0

    def step(self, seconds=0.02, blind=False):
        world, execution = self.world, self.execution
        for _ in range(round(seconds / 0.02)):
            world.step(5)
            q = world.joint_state()[1][: len(ARM.joints)]
            for move in execution.step(world.time, world.state(), q):
                self.moves.append(move.name)
                (world.command_gripper if move.gripper else world.command_arm)(move.trajectory)
            self.tick += 1
            if self.tick % 5 == 0 and not blind:
                self.show_frame()

    def show_frame(self):
        true = [goal.sentence for goal in VOCABULARY if self.world.holds(goal)]
        self.execution.judged(self.world.time, true, self.steady.judge(self.world.time, true))

    def run(self, seconds=60.0):
        while self.execution.phase is not Phase.ENDED and self.world.time < seconds:
            self.step()
        return self.execution.pursuit


def test_a_stack_is_built_with_two_actions():
    trial = Trial()
    assert trial.run().outcome is Outcome.SUCCESS
    assert trial.execution.actions == 2
    assert trial.world.holds(STACK[-1])


def test_what_is_true_already_is_not_done_again():
    trial = Trial(plan=[SubGoal.parse("the red object is on the table")])
    assert trial.run().outcome is Outcome.SUCCESS
    assert trial.moves == []


def test_an_action_that_misses_is_tried_again():
    misses = iter([True, False, False])

    def first_beside(state, sentence):
        beside = np.array([0.0, 0.06]) if next(misses) else 0.0
        return at_the_named_object(state, sentence) + beside

    trial = Trial(first_beside)
    assert trial.run().outcome is Outcome.SUCCESS
    assert trial.execution.actions == 3


def test_steps_that_its_patience_leaves_out_are_not_missed():
    trial = Trial()
    world, execution = trial.world, trial.execution
    while execution.phase is not Phase.ENDED and world.time < 60.0:
        for move in execution.step(world.time, world.state(), world.arm_positions):
            (world.command_gripper if move.gripper else world.command_arm)(move.trajectory)
        patience = min(0.1, execution.patience(world.time))
        world.step(max(1, round(patience / 0.02)) * 5)
        if execution.phase is Phase.WATCHING:
            trial.show_frame()
    assert execution.pursuit.outcome is Outcome.SUCCESS
    assert execution.actions == 2


def test_tries_are_limited():
    corner = np.array([ARM.basket[0], ARM.basket[2]])
    pursuit = Trial(lambda state, sentence: corner, tries=2).run()
    assert (pursuit.outcome, pursuit.reason.endswith("was not seen after 2 tries")) == (Outcome.FAILURE, True)


def test_the_time_is_limited():
    pursuit = Trial(time_limit=1.0).run()
    assert (pursuit.outcome, pursuit.reason) == (Outcome.FAILURE, "the time is up")


def test_without_judged_frames_nothing_is_done():
    trial = Trial()
    trial.step(3.0, blind=True)
    assert trial.execution.phase is Phase.WATCHING
    assert trial.moves == []


def test_frames_from_before_the_action_ended_do_not_count():
    trial = Trial()
    trial.step(SETTLE + 0.1, blind=True)
    for _ in range(20):
        trial.execution.judged(0.1, [], [])
    assert trial.execution.phase is Phase.WATCHING


def moments_until_it_acts(rate: float, true=lambda number: False, most=100) -> int:
    """Moments of a camera that are looked at before the sub-goal is tried; ``true`` of the sub-goal, by number."""
    trial = Trial()
    trial.step(SETTLE + 0.1, blind=True)
    for number in range(most):
        if trial.execution.phase is not Phase.WATCHING:
            return number
        sentence = [trial.execution.sentence] if true(number) else []
        trial.execution.judged(trial.world.time + number / rate, sentence, [])
    return most


def test_it_watches_no_longer_than_the_sub_goal_could_still_be_seen():
    assert moments_until_it_acts(rate=10.0) == 6


def test_a_slow_camera_gets_as_many_moments_and_a_fast_one_as_much_time():
    assert moments_until_it_acts(rate=2.0) == 6
    assert moments_until_it_acts(rate=30.0) == pytest.approx(0.5 * 30, abs=2)


def test_it_does_not_give_up_on_what_has_just_come_true():
    assert moments_until_it_acts(rate=10.0, true=lambda number: 5 <= number < 20) == 21


def test_a_sentence_over_its_threshold_is_not_reached_before_the_captioner_says_that_it_is_seen():
    trial = Trial()
    trial.step(SETTLE + 0.1, blind=True)
    sentence = trial.execution.sentence
    for frame in range(7):
        trial.execution.judged(trial.world.time + frame / 10, [sentence], [])
    assert trial.execution.pursuit.reached == []
    trial.execution.judged(trial.world.time + 0.7, [sentence], [sentence])
    assert trial.execution.pursuit.reached == [STACK[0]]


def test_what_was_seen_must_outlive_the_action():
    trial = Trial()
    trial.step(SETTLE + 0.1, blind=True)
    sentence = trial.execution.sentence
    for frame in range(2):
        trial.execution.judged(trial.world.time + frame / 10, [sentence], [sentence])
    assert trial.execution.pursuit.reached == []
    trial.execution.judged(trial.world.time + 0.2, [sentence], [sentence])
    assert trial.execution.pursuit.reached == [STACK[0]]


def test_an_interrupted_motion_is_begun_anew():
    trial = Trial()
    while "above" not in trial.moves:
        trial.step()
    trial.world.hold()
    trial.execution.interrupt(trial.world.time)
    assert trial.run().outcome is Outcome.SUCCESS


def test_an_interruption_after_the_grasp_does_not_let_go():
    trial = Trial()
    while "up" not in trial.moves:
        trial.step()
    trial.step(0.3, blind=True)
    trial.world.hold()
    trial.execution.interrupt(trial.world.time)
    assert trial.run().outcome is Outcome.SUCCESS
    assert trial.moves.count("close") == 1


def test_a_target_outside_the_basket_is_brought_inside():
    trial = Trial(lambda state, sentence: np.array([5.0, 5.0]), tries=1)
    trial.step(SETTLE + 3.0)
    assert trial.execution.actions == 1
    tool = trial.world.state().tool
    assert tool[0] < ARM.basket[1] + 0.01


def test_an_action_that_is_not_finite_moves_nothing_and_another_is_tried():
    actions = iter([np.array([np.nan, 0.5])])
    trial = Trial(lambda state, sentence: next(actions, at_the_named_object(state, sentence)))
    while trial.execution.actions < 1:
        trial.step()
    assert trial.moves == []
    assert "finite" in trial.execution.trouble
    assert trial.run().outcome is Outcome.SUCCESS
