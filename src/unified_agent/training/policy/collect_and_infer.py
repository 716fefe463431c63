# SPDX-License-Identifier: Apache-2.0
"""Collect & infer: act, let CLIP say what came true, clone what led there, and again (Unified Agent, section 4.1)."""

import json
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace

import numpy as np
from tqdm import tqdm

from unified_agent.documents import json_of, mapping, read_text
from unified_agent.errors import SEEDS, UserError, in_range
from unified_agent.folders import OwnFolder
from unified_agent.language.subgoals import SENTENCES
from unified_agent.policy.checkpoint import Policy
from unified_agent.robot.arm import Arm
from unified_agent.sim import starts, tasks
from unified_agent.training.policy import successes
from unified_agent.training.policy.buffer import Buffer
from unified_agent.training.policy.cloning import Demonstrations
from unified_agent.training.policy.collector import Assignment
from unified_agent.training.policy.crew import Crew
from unified_agent.training.policy.diary import CURVE, LOGS, Diary
from unified_agent.training.policy.experience import Episode, Provenance
from unified_agent.training.policy.learner import Learner
from unified_agent.training.policy.recall import Recall
from unified_agent.training.policy.successes import Clone
from unified_agent.training.runs import broken, keep_state, kept_state

REUSE_UPDATES = 500
"""Gradient steps on old experience before the first round."""
COLLECTING_TEMPERATURE = 1.0
"""Of the actions that are learnt from. Below 1 each round would clone a narrower policy than the one before, and what
was off centre by chance at the beginning would stay so."""
PROGRESS, RUN = "progress.pt", "run.json"
MAY_CHANGE = ("actions", "until", "last_updates")
"""LearningSettings that may be others when a run goes on: it ends as one that had them from the beginning."""
_RUN_SEEDS = 10_000_000


@dataclass(frozen=True)
class LearningSettings:
    """How to learn. The same settings and seed give the same run, whatever the number of collectors and their worlds.

    Attributes:
        task: a task or a group of ``sim.tasks``, whose tasks take turns; several with "+" between them.
        actions: actions to collect (rounded up to whole rounds).
        seed: of everything.
        arm: a name or a YAML path.
        episodes: a round; after each the policy is trained.
        updates: gradient steps after a round.
        last_updates: gradient steps after the last round, with a learning rate that falls to nothing.
        batch: demonstrations a gradient step.
        learning_rate: of AdamW.
        explore: the share of actions drawn uniformly from the basket.
        keep: the newest demonstrations that are learnt from.
        hindsight: learn from sub-goals that came true though another was pursued.
        clone: which demonstrations before a success are cloned.
        whole_task: the baseline: the instruction itself is pursued, and the environment's reward for the whole task
            is the only one.
        evaluate_every: actions between two measurements.
        evaluations: episodes a measurement.
        grid: actions at which success is measured instead of every so many.
        blind: measurements need no pictures: in them MuJoCo's true poses say which sub-goal is done, and not CLIP.
        until: stop when a measurement reaches this success rate; above 1: never.
    """

    task: str = "stack_red_on_blue"
    actions: int = 10_000
    seed: int = 0
    arm: str = "default"
    episodes: int = 48
    updates: int = 100
    last_updates: int = 4_000
    batch: int = 128
    learning_rate: float = 1e-3
    explore: float = 0.2
    keep: int = 40_000
    hindsight: bool = True
    clone: Clone = Clone.CAUSAL
    whole_task: bool = False
    evaluate_every: int = 2_000
    evaluations: int = 48
    grid: tuple[int, ...] = ()
    blind: bool = False
    until: float = 2.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "clone", Clone(self.clone))
        for name in ("actions", "episodes", "batch", "keep", "evaluate_every", "evaluations"):
            in_range(name, getattr(self, name), 1)
        for name in ("updates", "last_updates"):
            in_range(name, getattr(self, name), 0)
        in_range("seed", self.seed, 0, SEEDS)
        in_range("explore", self.explore, 0.0, 1.0)
        in_range("learning_rate", self.learning_rate, 0.0, 1.0)
        if not self.until > 0:
            raise UserError(f"'until' is a success rate above 0 (above 1: never reached), not {self.until}.")

    def tasks(self) -> list[tasks.Task]:
        """The tasks that take turns."""
        return [task for name in self.task.split("+") for task in tasks.group(name)]


@dataclass
class Progress:
    """Where a run stands after its last whole round.

    Attributes:
        round: rounds done.
        actions: actions collected.
        rounds: a row a round, for the diary.
        measured: a row a measurement: actions and success rate.
        finished: the last updates are done.
        last_updates: how many those were.
        last_rows: how many rows of ``measured`` came of them.
        reused: demonstrations that were learnt from before the first round.
        left_out: why an old episode was not learnt from -> how many.
    """

    round: int = 0
    actions: int = 0
    rounds: list[dict] = field(default_factory=list)
    measured: list[dict] = field(default_factory=list)
    finished: bool = False
    last_updates: int = 0
    last_rows: int = 0
    reused: int = 0
    left_out: dict[str, int] = field(default_factory=dict)


class CollectAndInfer:
    """One run in a folder; where it was cut off, it goes on after its last whole round.

    Args:
        settings: how.
        plans: task's name -> the sentences to pursue, in order (``whole_task`` ignores them).
        crew: who collects.
        thresholds: of every sentence of the vocabulary, shape (M,).
        folder: of progress, diary and policy; claimed with everything that the run depends on.
        buffer: where the episodes go.
        reuse: what reads the old episodes of the buffer, to begin with what they teach; None: they are not read.
        provenance: with what the collectors must see; None: it is not checked.

    Attributes:
        progress: where it stands.

    Raises:
        UserError: what was kept is broken, or the run is longer already than it is to be.
    """

    def __init__(
        self,
        settings: LearningSettings,
        plans: dict[str, Sequence[str]],
        crew: Crew,
        thresholds: np.ndarray,
        folder: OwnFolder,
        buffer: Buffer,
        reuse: Recall | None = None,
        provenance: Provenance | None = None,
    ) -> None:
        self._settings, self._crew, self._provenance = settings, crew, provenance
        self._gammas = dict(zip(SENTENCES, np.asarray(thresholds, dtype=float), strict=True))
        self._folder, self._buffer = folder, buffer
        self._tasks = settings.tasks()
        said = [task.instruction for task in self._tasks]
        self._plans = {t.name: (t.instruction,) if settings.whole_task else tuple(plans[t.name]) for t in self._tasks}
        self._learner = Learner(Arm.load(settings.arm), said, settings.learning_rate, settings.keep, settings.seed)
        self.progress = Progress()
        for name in (PROGRESS, CURVE, LOGS):
            folder.place(name)
        self._name = self._named()
        self._resume()
        if reuse and not self.progress.round:
            self._recall(reuse)
        self._diary = Diary(folder.path, self.progress.rounds, self.progress.measured)

    @property
    def policy(self) -> Policy:
        """The policy as it is now."""
        return self._learner.policy()

    def run(self) -> Progress:
        """Go on to the end."""
        settings, progress = self._settings, self.progress
        if progress.reused and not progress.round:
            self._learner.update(REUSE_UPDATES, settings.batch)
            self._measure()
        with tqdm(total=settings.actions, initial=progress.actions, unit="action", mininterval=1, desc="learn") as bar:
            bar.set_postfix_str(self._summary())
            while not self._enough():
                self._round()
                if self._measurement_due():
                    self._measure()
                self._keep()
                bar.set_postfix_str(self._summary(), refresh=False)
                bar.update(progress.actions - bar.n)
        if not progress.finished:
            self._finish()
        self._diary.close()
        return progress

    def _finish(self) -> None:
        """The last updates. What is kept to go on from is the learner before them."""
        settings, progress = self._settings, self.progress
        before, rows = self._learner.state(), len(progress.measured)
        self._learner.update(settings.last_updates, settings.batch, anneal=True)
        if settings.last_updates or self._last_measured < progress.actions or not progress.measured:
            self._measure()
        progress.finished, progress.last_updates = True, settings.last_updates
        progress.last_rows = len(progress.measured) - rows
        self._keep(before)

    def _round(self) -> None:
        settings, progress = self._settings, self.progress
        first = progress.round * settings.episodes
        chosen = [self._assignment(first + n) for n in range(settings.episodes)]
        policy = self._learner.policy(COLLECTING_TEMPERATURE) if self._learner.successes else None
        episodes = [episode for chunk in self._crew.play(chosen, policy) for episode in chunk]
        self._check_eyes(episodes)
        self._buffer.write(f"{self._name}-{progress.round:06d}", episodes)
        for episode in episodes:
            self._learner.add(self._demonstrations_of(episode))
        loss = self._learner.update(settings.updates, settings.batch)
        progress.round += 1
        progress.actions += sum(map(len, episodes))
        progress.rounds.append(
            {
                "actions": progress.actions,
                "episodes_done": sum(episode.done for episode in episodes),
                "success": float(np.mean([episode.success for episode in episodes])),
                "demonstrations": self._learner.successes,
                **({} if loss is None else {"loss": loss}),
            }
        )

    def _check_eyes(self, episodes: Sequence[Episode]) -> None:
        """On a cluster, a spec may mean another model on another machine."""
        for episode in episodes:
            if self._provenance not in (None, episode.provenance):
                raise UserError(
                    f"A collector saw with {episode.provenance}, the learner with {self._provenance}: give every "
                    "machine the same CLIP and arm."
                )

    def _recall(self, reuse: Recall) -> None:
        left_out: Counter[str] = Counter()
        for episode in reuse.episodes(self._buffer, without=f"{self._name}-"):
            if why := self._useless(episode):
                left_out[why] += 1
            else:
                self._learner.add(self._demonstrations_of(episode))
        for why, count in left_out.items():
            tqdm.write(f"{self._buffer.folder}: {count} episodes left out: {why}.")
        self.progress.reused = self._learner.successes
        self.progress.left_out = {**reuse.counts, **left_out}

    def _useless(self, episode: Episode) -> str:
        """Why nothing can be learnt from an old episode; empty where something can."""
        if self._settings.whole_task:
            known = {task.instruction for task in self._tasks}
            return "" if episode.instruction in known else "they are of other tasks"
        if not episode.scores:
            return "CLIP did not look at them"
        return "" if set(episode.sentences) & set(self._gammas) else "they were asked none of our sentences"

    def _demonstrations_of(self, episode: Episode) -> Demonstrations:
        settings = self._settings
        if settings.whole_task:
            moves = max(len(task.plan) for task in self._tasks if task.instruction == episode.instruction)
            return successes.of_task(episode, moves, settings.clone)
        # What is not of the vocabulary is never true.
        thresholds = np.array([self._gammas.get(sentence, np.inf) for sentence in episode.sentences])
        return successes.of_subgoals(episode, thresholds, settings.hindsight, settings.clone)

    def _assignment(self, number: int) -> Assignment:
        task = self._tasks[number % len(self._tasks)]
        plan = self._plans[task.name]
        return Assignment(
            task=task.name,
            instruction=task.instruction,
            plan=plan,
            seed=self._settings.seed * _RUN_SEEDS + number,
            max_actions=max(10, 4 + 3 * len(task.plan)),
            explore=self._settings.explore,
        )

    @property
    def _last_measured(self) -> int:
        return self.progress.measured[-1]["actions"] if self.progress.measured else 0

    def _measurement_due(self) -> bool:
        done, settings = self.progress.actions, self._settings
        if settings.grid:
            return any(self._last_measured < point <= done for point in settings.grid)
        return done - self._last_measured >= settings.evaluate_every

    def _measure(self) -> None:
        """Success without exploration, by MuJoCo's true poses, from the same starts every time."""
        if self.progress.measured and not self._learner.successes:  # and so with the same random actions
            self.progress.measured.append({**self.progress.measured[-1], "actions": self.progress.actions})
            return
        chosen = [
            replace(assignment, seed=starts.measuring(assignment.seed), explore=0.0, blind=self._settings.blind)
            for assignment in map(self._assignment, range(self._settings.evaluations))
        ]
        policy = self.policy if self._learner.successes else None
        episodes = [episode for chunk in self._crew.play(chosen, policy) for episode in chunk]
        row = {"actions": self.progress.actions, "success": float(np.mean([e.success for e in episodes]))}
        row["false_claims"] = float(np.mean([e.done and not e.success for e in episodes]))
        self.progress.measured.append(row)

    def _enough(self) -> bool:
        """Whether no round is to come."""
        progress, settings = self.progress, self._settings
        good = bool(progress.measured) and progress.measured[-1]["success"] >= settings.until
        return progress.finished or progress.actions >= settings.actions or good

    def _summary(self) -> str:
        parts = []
        if self.progress.measured:
            parts.append(f"success {self.progress.measured[-1]['success']:.0%}")
        if self.progress.rounds:
            parts.append(f"while exploring {self.progress.rounds[-1]['success']:.0%}")
            parts.append(f"{self.progress.rounds[-1]['demonstrations']} demonstrations")
        return ", ".join(parts)

    def _title(self) -> str:
        return f"{self._settings.task}, seed {self._settings.seed}"

    def _named(self) -> str:
        """The beginning of the names of the run's files in the buffer, which other runs may fill as well."""
        path = self._folder.path / RUN
        if path.is_file():
            name = mapping(json_of(read_text(path), str(path)), str(path)).get("run")
            if not isinstance(name, str):
                raise broken(path, ValueError("it does not name the run"))
            return name
        stem = "".join(c if c.isalnum() or c in "-_" else "_" for c in self._folder.path.name)[:80]
        name = f"{stem or 'run'}-{uuid.uuid4().hex[:8]}"
        self._folder.write(RUN, json.dumps({"run": name}) + "\n")
        return name

    def _resume(self) -> None:
        saved = kept_state(self._folder, PROGRESS, ("learner", "progress", "final"))
        if saved is None:
            return
        try:
            self._learner.restore(saved["learner"])
            self.progress = progress = Progress(**saved["progress"])
            if not progress.finished:
                self._refuse_to_shrink()
                return
            measured, progress.finished = progress.measured, False
            progress.measured = measured[: len(measured) - progress.last_rows]
            self._refuse_to_shrink()
            if self._enough() and progress.last_updates == self._settings.last_updates:
                self._learner.network.load_state_dict(saved["final"])
                self._learner.network.eval()
                progress.measured, progress.finished = measured, True
        except (RuntimeError, ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
            raise broken(self._folder.path / PROGRESS, error) from None

    def _refuse_to_shrink(self) -> None:
        """A run that went on longer than it is to be now cannot be made shorter."""
        settings, progress = self._settings, self.progress
        ends = [row["actions"] for row in progress.rounds if row["actions"] >= settings.actions]
        ends += [row["actions"] for row in progress.measured if row["success"] >= settings.until]
        if ends and min(ends) < progress.actions:
            raise UserError(
                f"{self._folder.path} holds a run of {progress.actions} actions: with --actions {settings.actions} and "
                f"--until {settings.until:g} it would have ended after {min(ends)}. Give at least what it was made "
                "with, or another --out."
            )

    def _keep(self, learner: dict | None = None) -> None:
        """Write down where the run stands, and show it.

        Args:
            learner: its state to go on from, where that is not the present one.
        """
        state = {
            "learner": learner or self._learner.state(),
            "progress": asdict(self.progress),
            "final": self._learner.network.state_dict() if learner else None,
        }
        keep_state(self._folder, PROGRESS, state)
        self._diary.write(self.progress.rounds, self.progress.measured, self._title())


def actions_to(measured: Sequence[dict], rate: float) -> int | None:
    """Actions until a success rate was measured; None where it never was."""
    return next((row["actions"] for row in measured if row["success"] >= rate), None)
