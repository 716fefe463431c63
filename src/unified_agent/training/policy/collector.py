# SPDX-License-Identifier: Apache-2.0
"""Collecting: the policy acts in several worlds at once, and CLIP looks after every action.

An episode is the same to the last bit whatever is played beside it: it has its own generator of random numbers, and
the networks see one state, or the frames of one moment, at a time. (In a batch, the order in which a matrix product is
summed up, and with it the last bits, would depend on how many there are.)
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass

import numpy as np

from unified_agent.agent.pursuit import Outcome, Pursuit
from unified_agent.errors import in_range
from unified_agent.language.subgoals import SENTENCES, SubGoal
from unified_agent.policy.checkpoint import Policy
from unified_agent.sim.env import StackObjects
from unified_agent.sim.tasks import Task
from unified_agent.training.policy.experience import Episode, Provenance, compressed
from unified_agent.vision.clip import Clip
from unified_agent.vision.detector import Detector

MOST_WORLDS = 64
REST = 0.1
"""Seconds between the end of a motion and the look at what it did."""


@dataclass(frozen=True)
class Assignment:
    """One episode to play.

    Attributes:
        task: or its name: where it starts, and what success is.
        instruction: what was said.
        plan: sentences pursued in order; a single one that is no sub-goal is pursued until the environment's reward.
        seed: of the start and of the chances taken.
        max_actions: after which it ends.
        explore: the share of actions drawn uniformly from the basket instead of from the policy.
        blind: nobody looks: MuJoCo's true poses say which sub-goal is done.
    """

    task: str | Task
    instruction: str
    plan: tuple[str, ...]
    seed: int
    max_actions: int
    explore: float = 0.0
    blind: bool = False


class Collector:
    """Several worlds in one process.

    Args:
        arm: a name or a YAML path.
        clip: the spec of the model that looks.
        worlds: episodes played at once.
        randomise: random lights, colours, table and camera poses at every start.
        pictures: whether the episodes keep their frames. Without, an episode that pursues a whole task is not
            rendered at all, because nobody looks.
    """

    def __init__(self, arm: str, clip: str, worlds: int = 4, randomise: bool = False, pictures: bool = True) -> None:
        in_range("worlds", worlds, 1, MOST_WORLDS)
        model = Clip.load(clip, "cpu")
        self._detector = Detector(model, SENTENCES)
        self._envs = [StackObjects(arm=arm, randomise=randomise) for _ in range(worlds)]
        self._pictures = pictures
        self._provenance = Provenance(
            model.fingerprint, tuple(self._detector.thresholds.tolist()), self._envs[0].world.arm.name
        )

    def play(self, assignments: Sequence[Assignment], policy: Policy | None) -> list[Episode]:
        """The episodes, in the order of the assignments; without a policy every action is uniformly random."""
        waiting = list(enumerate(assignments))[::-1]
        free = list(self._envs)
        running: list[_Rollout] = []
        finished: dict[int, Episode] = {}
        while waiting or running:
            self._act(running, policy)
            while waiting and free:
                number, assignment = waiting.pop()
                running.append(_Rollout(number, assignment, free.pop(), self._provenance))
            self._look(running)
            for rollout in [r for r in running if r.ended]:
                running.remove(rollout)
                free.append(rollout.env)
                finished[rollout.number] = rollout.episode
        return [finished[number] for number in range(len(assignments))]

    def close(self) -> None:
        """Free the worlds' renderers."""
        for env in self._envs:
            env.close()

    def _act(self, running: Sequence["_Rollout"], policy: Policy | None) -> None:
        guided = [rollout for rollout in running if policy and not rollout.explores()]
        actions = {}
        if guided:
            rngs = [np.random.default_rng([rollout.chance()]) for rollout in guided]
            chosen = policy.act_batch([r.env.state for r in guided], [r.aim for r in guided], rngs)
            actions = {rollout.number: action for rollout, action in zip(guided, chosen, strict=True)}
        for rollout in running:
            rollout.perform(actions.get(rollout.number))

    def _look(self, running: Sequence["_Rollout"]) -> None:
        for rollout in running:
            if rollout.blind or not (self._pictures or rollout.has_subgoals):
                rollout.see(true=rollout.true_sentences())
                continue
            moment = np.stack(list(rollout.env.frames().values()))
            (scores,) = self._detector.score_moments(moment[None])
            pictures = [compressed(frame) for frame in moment] if self._pictures else []
            rollout.see(pictures, scores, self._detector.seen(scores))


class _Rollout:
    """An episode while it is played."""

    def __init__(self, number: int, assignment: Assignment, env: StackObjects, provenance: Provenance) -> None:
        self.number, self.env, self._assignment = number, env, assignment
        self._rng = np.random.default_rng(assignment.seed)
        env.reset(seed=assignment.seed, options={"task": assignment.task})
        self.episode = Episode(assignment.instruction, SENTENCES, provenance=provenance)
        whole_task = assignment.plan == (assignment.instruction,)
        goals = [] if whole_task else [SubGoal.parse(sentence) for sentence in assignment.plan]
        self._goals = goals
        self._pursuit = Pursuit(goals, tries=assignment.max_actions) if goals else None
        self.aim = assignment.instruction
        self.ended = False

    @property
    def has_subgoals(self) -> bool:
        """Whether CLIP says what was reached; else the environment does."""
        return self._pursuit is not None

    @property
    def blind(self) -> bool:
        """Whether MuJoCo says what was reached."""
        return self._assignment.blind

    def true_sentences(self) -> set[str]:
        """What is so now of all that is pursued one after another, by MuJoCo's true poses."""
        return {goal.sentence for goal in self._goals if self.env.world.holds(goal) is True}

    def explores(self) -> bool:
        return self._rng.random() < self._assignment.explore

    def chance(self) -> int:
        return int(self._rng.integers(2**31))

    def perform(self, action: np.ndarray | None) -> None:
        """Carry out an action, clipped into the basket; a random one when None."""
        low, high = self.env.action_space.low, self.env.action_space.high
        action = self._rng.uniform(low, high) if action is None else np.clip(action, low, high)
        self.episode.actions.append(np.asarray(action, dtype=float))
        self.episode.pursued.append(self.aim)
        self.env.perform(action)
        self.env.world.step(round(REST / self.env.world.timestep))

    def see(self, frames: Sequence[bytes] = (), scores: np.ndarray | None = None, true: Set[str] = frozenset()) -> None:
        """Take note of where things are and what the cameras show, and decide what is pursued next."""
        episode, env = self.episode, self.env
        episode.states.append(env.world.state())
        if scores is not None:
            episode.scores.append(scores)
        if frames:
            episode.frames.append(list(frames))
        self._judge(true)
        self.ended = episode.done or len(episode) >= self._assignment.max_actions or env.astray
        if self.ended:
            episode.success = env.task.success(env.world)

    def _judge(self, true: Set[str]) -> None:
        if self._pursuit is None:
            self.episode.done = self.env.task.success(self.env.world)
            return
        while self._pursuit.judge(true):
            pass
        self.episode.done = self._pursuit.outcome is Outcome.SUCCESS
        goal = self._pursuit.aim(self.episode.states[-1].holding)
        self.aim = goal.sentence if goal else self.aim
