# SPDX-License-Identifier: Apache-2.0
"""Collect & infer: act, let CLIP say what came true, clone what led there, and again (Unified Agent, section 4.1)."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from unified_agent.errors import UserError
from unified_agent.policy.checkpoint import Policy
from unified_agent.robot.arm import Arm
from unified_agent.sim import tasks
from unified_agent.training.policy import successes
from unified_agent.training.policy.buffer import Buffer
from unified_agent.training.policy.cloning import Demonstrations
from unified_agent.training.policy.collector import Assignment
from unified_agent.training.policy.crew import Crew
from unified_agent.training.policy.diary import Diary
from unified_agent.training.policy.experience import Episode, load
from unified_agent.training.policy.learner import Learner
from unified_agent.training.policy.successes import Clone

REUSE_UPDATES = 500
"""Gradient steps on old experience before the first round."""
COLLECTING_TEMPERATURE = 1.0
"""Of the actions that are learnt from. Below 1 each round would clone a narrower policy than the one before, and what
was off centre by chance at the beginning would stay so."""
PROGRESS, SETTINGS = "progress.pt", "settings.json"
_MAY_CHANGE = ("actions", "until", "last_updates")
"""LearningSettings that may be others when a run goes on."""
_EVALUATION_SEEDS = 2_000_000_000
_RUN_SEEDS = 10_000_000


@dataclass(frozen=True)
class LearningSettings:
    """How to learn. The same settings and seed give the same run, whatever the number of collectors.

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
        until: stop when a measurement reaches this success rate; above 1: never.
    """

    task: str = "stack_red_on_blue"
    actions: int = 10_000
    seed: int = 0
    arm: str = "fr3"
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
    until: float = 2.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "clone", Clone(self.clone))
        for name in ("actions", "episodes", "batch", "keep", "evaluate_every", "evaluations"):
            if getattr(self, name) < 1:
                raise UserError(f"'{name}' must be 1 or more, not {getattr(self, name)}.")
        if not 0 <= self.explore <= 1:
            raise UserError(f"'explore' is a share from 0 to 1, not {self.explore}.")

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
    """

    round: int = 0
    actions: int = 0
    rounds: list[dict] = field(default_factory=list)
    measured: list[dict] = field(default_factory=list)
    finished: bool = False


class CollectAndInfer:
    """One run in a folder; where it was cut off, it goes on after its last whole round.

    Args:
        settings: how.
        plans: task's name -> the sentences to pursue, in order (``whole_task`` ignores them).
        crew: who collects.
        thresholds: of every sentence of the vocabulary, shape (M,).
        folder: of progress, diary and policy.
        buffer: where the episodes go.
        reuse: begin with what the episodes of other runs in the buffer teach.

    Attributes:
        progress: where it stands.
        reused: demonstrations that were learnt from before the first round.
    """

    def __init__(
        self,
        settings: LearningSettings,
        plans: dict[str, Sequence[str]],
        crew: Crew,
        thresholds: np.ndarray,
        folder: Path,
        buffer: Buffer,
        reuse: bool = False,
    ) -> None:
        self._settings, self._crew, self._thresholds = settings, crew, thresholds
        self._folder, self._buffer = folder, buffer
        self._tasks = settings.tasks()
        said = [task.instruction for task in self._tasks]
        self._plans = {t.name: (t.instruction,) if settings.whole_task else tuple(plans[t.name]) for t in self._tasks}
        self._learner = Learner(Arm.load(settings.arm), said, settings.learning_rate, settings.keep, settings.seed)
        self.progress = Progress()
        self._name = self._claim()
        for episode in buffer.episodes(without=self._name) if reuse else ():
            self._learner.add(self._demonstrations_of(episode))
        self.reused = self._learner.successes
        self._resume()
        self._diary = Diary(folder, self.progress.rounds, self.progress.measured)

    @property
    def policy(self) -> Policy:
        """The policy as it is now."""
        return self._learner.policy()

    def run(self) -> Progress:
        """Go on to the end."""
        settings, progress = self._settings, self.progress
        if self.reused and not progress.round:
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
            self._learner.update(settings.last_updates, settings.batch, anneal=True)
            if settings.last_updates or self._last_measured < progress.actions:
                self._measure()
            progress.finished = True
            self._keep()
        self._diary.close()
        return progress

    def _round(self) -> None:
        settings, progress = self._settings, self.progress
        first = progress.round * settings.episodes
        chosen = [self._assignment(first + n, settings.explore) for n in range(settings.episodes)]
        policy = self._learner.policy(COLLECTING_TEMPERATURE) if self._learner.successes else None
        episodes = [episode for chunk in self._crew.play(chosen, policy) for episode in chunk]
        self._buffer.write(self._file(progress.round), episodes)
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

    def _demonstrations_of(self, episode: Episode) -> Demonstrations:
        settings = self._settings
        if settings.whole_task:
            moves = max(len(task.plan) for task in self._tasks if task.instruction == episode.instruction)
            return successes.of_task(episode, moves, settings.clone)
        return successes.of_subgoals(episode, self._thresholds, settings.hindsight, settings.clone)

    def _assignment(self, number: int, explore: float) -> Assignment:
        task = self._tasks[number % len(self._tasks)]
        plan = self._plans[task.name]
        return Assignment(
            task=task.name,
            instruction=task.instruction,
            plan=plan,
            seed=self._settings.seed * _RUN_SEEDS + number,
            max_actions=max(10, 4 + 3 * len(task.plan)),
            explore=explore,
        )

    @property
    def _last_measured(self) -> int:
        return self.progress.measured[-1]["actions"] if self.progress.measured else 0

    def _measurement_due(self) -> bool:
        return self.progress.actions - self._last_measured >= self._settings.evaluate_every

    def _measure(self) -> None:
        """Success without exploration, by MuJoCo's true poses, from the same starts every time."""
        chosen = [self._assignment(_EVALUATION_SEEDS + n, explore=0.0) for n in range(self._settings.evaluations)]
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

    def _file(self, number: int) -> str:
        return f"{self._name}-{number:06d}"

    def _claim(self) -> str:
        """The name of the run's files in the buffer; the folder must be new, or hold the same settings."""
        path = self._folder / SETTINGS
        wanted = json.loads(json.dumps(asdict(self._settings)))
        if not path.is_file():
            self._folder.mkdir(parents=True, exist_ok=True)
            name = f"{self._folder.name}-{uuid.uuid4().hex[:8]}"
            partial = path.with_suffix(".partial")
            partial.write_text(json.dumps({"run": name, "settings": wanted}, indent=1) + "\n")
            partial.replace(path)
            return name
        found = json.loads(path.read_text())
        other = {k: v for k, v in found["settings"].items() if k not in _MAY_CHANGE and v != wanted.get(k)}
        if other:
            raise UserError(
                f"'{self._folder}' holds a run with other settings ({other}): give the same ones to go on with it, or "
                "another --out."
            )
        return found["run"]

    def _resume(self) -> None:
        path = self._folder / PROGRESS
        if not path.is_file():
            return
        saved = torch.load(path, weights_only=True)
        self._learner.restore(saved["learner"])
        self.progress = Progress(**saved["progress"])
        if self.progress.actions < self._settings.actions and self._settings.until > 1:
            self.progress.finished = False  # more actions are asked for than the last time
        for number in range(self.progress.round):
            file = self._buffer.folder / f"{self._file(number)}.safetensors"
            if file.is_file():
                for episode in load(file):
                    self._learner.add(self._demonstrations_of(episode))

    def _keep(self) -> None:
        """Write down where the run stands, and show it."""
        partial = self._folder / f".{PROGRESS}"
        torch.save({"learner": self._learner.state(), "progress": asdict(self.progress)}, partial)
        partial.replace(self._folder / PROGRESS)
        self._diary.write(self.progress.rounds, self.progress.measured, self._title())


def actions_to(measured: Sequence[dict], rate: float) -> int | None:
    """Actions until a success rate was measured; None where it never was."""
    return next((row["actions"] for row in measured if row["success"] >= rate), None)
