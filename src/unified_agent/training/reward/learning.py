# SPDX-License-Identifier: Apache-2.0
"""Learning from one sentence: the state is observed, the picture is rewarded, and nothing else is told.

A run is a sequence of rounds: every environment plays an episode, the pictures are judged, then come as many gradient
steps as decisions were taken. Between two rounds everything that the next one depends on is in the folder: all random
numbers of a round come from the run's seed and the round's number, and every episode begins with a reset of its own
seed. So a run that was killed and goes on ends as one that was not.
"""

import json
import multiprocessing
import time
from collections.abc import Sequence
from dataclasses import asdict, replace

import numpy as np
import torch
from safetensors.torch import save
from tqdm import tqdm

from unified_agent import __version__
from unified_agent.errors import SEEDS, UserError
from unified_agent.folders import OwnFolder
from unified_agent.sim import starts
from unified_agent.training.board import Board
from unified_agent.training.reward import film, learning_report
from unified_agent.training.reward.environments import EnvFacts, EnvironmentFault
from unified_agent.training.reward.episodes import Act, Rollout, play
from unified_agent.training.reward.memory import Lesson, Memory
from unified_agent.training.reward.off_policy import OffPolicyLearner, Scale
from unified_agent.training.reward.settings import RewardLearning
from unified_agent.training.reward.workers import Workers
from unified_agent.training.runs import broken, keep_state, kept_state
from unified_agent.vision.reward import RewardModel

KIND = "learning from a reward"
STATE, POLICY, CARD = "state.pt", "policy.safetensors", "card.json"
CURVE, FILM, LOGS, CHECKPOINTS = "curve.png", "film.mp4", "tensorboard", "checkpoints"
_KEEP_EVERY = 20.0
"""Seconds of work that a kill can cost, and the round that it comes in."""


class RewardRun:
    """One run in a folder.

    Args:
        settings: how.
        model: what judges the pictures; may be None where ``settings.reward`` needs none.
        folder: claimed with everything that the run depends on.
        device: where the learner's networks compute.
        command: written on the card.
    """

    def __init__(
        self,
        settings: RewardLearning,
        model: RewardModel | None,
        folder: OwnFolder,
        device: str = "cpu",
        command: str = "",
    ) -> None:
        if model is None and settings.reward in ("sentence", "shuffled"):
            raise UserError(f"The reward '{settings.reward}' needs a sentence.")
        self._settings, self._model, self._folder = settings, model, folder
        self._device, self._command = device, command
        # The last round may go beyond ``steps``, and nothing is forgotten before that many.
        self._most = min(settings.algorithm.buffer, 2 * settings.steps + 100_000)
        self._memory = Memory(folder, self._most)
        self._learner: OffPolicyLearner | None = None
        self._pool, self._warm = np.zeros(0, np.float32), 0
        self.rounds: list[dict] = []
        self.measured: list[dict] = []
        for name in (CURVE, LOGS):
            folder.place(name)

    @property
    def decisions(self) -> int:
        """Taken so far."""
        return self.rounds[-1]["decisions"] if self.rounds else 0

    def learn(self) -> dict:
        """Learn to the end, measure, film, and return the card.

        Raises:
            UserError: the environment, or what was kept, cannot be used.
        """
        settings = self._settings
        cores = multiprocessing.cpu_count()
        with Workers(
            settings.surroundings, max(settings.envs, settings.measuring), min(settings.envs, cores)
        ) as workers:
            self._facts = workers.facts
            self._resume()
            board = Board(self._folder.path / LOGS, self.decisions)
            try:
                self._play_rounds(workers, board)
                return self._finish(workers, board)
            finally:
                board.close()

    def _play_rounds(self, workers: Workers, board: Board) -> None:
        steps = self._settings.steps
        kept, changed = time.monotonic(), False
        with tqdm(total=steps, initial=self.decisions, unit="decision", mininterval=1) as bar:
            while self._learner is None or self.decisions < steps:
                try:
                    plays, lessons = self._collect(workers, bar)
                except KeyboardInterrupt:  # nothing has been learnt since the last round
                    if changed:
                        self._keep()
                    raise
                self._study(plays, lessons)
                self._note(board, workers)
                bar.set_postfix_str(f"reward {self.rounds[-1]['reward']:.3f}", refresh=False)
                changed = True
                if time.monotonic() - kept > _KEEP_EVERY:
                    self._keep()
                    kept, changed = time.monotonic(), False

    def evaluate(self, workers: Workers, episodes: int, purpose: str) -> dict:
        """The best that it knows, by the environment's own rules, from starts that nothing else sees.

        Args:
            purpose: "measure" or "evaluate": which starts.

        Returns:
            ``own_return`` and ``own_steps``: a list each, an entry an episode; ``terminated``: the share that the
            environment itself ended; ``success``: the share that its ``info`` called one, where that says anything.
        """
        start = {"measure": starts.measuring, "evaluate": starts.evaluation}[purpose]
        seeds = [start(number) for number in range(episodes)]
        plays = play(workers, seeds, self._learner.act, own_rules=True, at_once=self._settings.measuring)
        told = [episode.success for episode in plays if episode.success is not None]
        return {
            "own_return": [float(episode.own.sum()) for episode in plays],
            "own_steps": [episode.steps for episode in plays],
            "terminated": float(np.mean([episode.terminated for episode in plays])),
            **({"success": float(np.mean(told))} if told else {}),
        }

    def _collect(self, workers: Workers, bar: tqdm) -> tuple[list[Rollout], list[Lesson]]:
        """A round of episodes, and what is to be learnt from them."""
        settings, facts, number = self._settings, workers.facts, len(self.rounds)
        rng = np.random.default_rng([settings.seed, number])
        learner, act = self._learner, _at_random(facts, rng)
        if learner is not None:
            done = (self.decisions - self._warm) / max(settings.steps - self._warm, 1)
            learner.begin_round(int(rng.integers(SEEDS)), done)
            act = learner.explore
        drawn = settings.reward == "sentence" or (settings.reward == "shuffled" and learner is None)
        seeds = _seeds(settings.seed, number * settings.envs, settings.envs)
        plays = play(workers, seeds, act, self._model if drawn else None, at_once=settings.envs, told=bar.update)
        if number == 0 and drawn and (reshaped := self._model.clip.reshaping(*plays[0].size)):
            tqdm.write(reshaped)
        if number == 0 and drawn and all(episode.still for episode in plays):
            raise EnvironmentFault(
                f"The picture of '{settings.surroundings.env}' never changes, whatever is done: nothing can be learnt "
                "from it. Is it drawn at all?"
            )
        rewards = [self._rewarded(episode, rng) for episode in plays]
        return plays, [Lesson(e.observations, e.actions, r) for e, r in zip(plays, rewards, strict=True)]

    def _rewarded(self, episode: Rollout, rng: np.random.Generator) -> np.ndarray:
        kind = self._settings.reward
        rewards = {"constant": np.ones(len(episode), np.float32), "true": episode.own}.get(kind, episode.rewards)
        if kind == "shuffled" and self._learner is not None:
            rewards = rng.choice(self._pool, len(episode))
        if not np.isfinite(rewards).all():
            raise EnvironmentFault(
                f"A reward ('{kind}') in '{self._settings.surroundings.env}' is no finite number (NaN or infinite): "
                "mend the environment, or take a CLIP of sound weights."
            )
        return rewards

    def _study(self, plays: Sequence[Rollout], lessons: Sequence[Lesson]) -> None:
        """Learn from a round, and write down how it went."""
        taken = sum(map(len, plays))
        row = {
            "decisions": self.decisions + taken,
            "reward": float(np.mean(np.concatenate([lesson.rewards for lesson in lessons]))),
            "own_return": float(np.mean([episode.own.sum() for episode in plays])),
            "unfamiliar": sum(episode.unfamiliar for episode in plays),
            "held": sum(episode.held for episode in plays),
        }
        self.rounds.append(row)
        for lesson in lessons:
            self._memory.add(lesson)
        if self._learner is not None:
            for lesson in lessons:
                self._learner.remember(lesson.observations, lesson.actions, lesson.rewards)
            self._learner.learn(round(self._settings.algorithm.updates * taken))
        elif row["decisions"] >= self._settings.warm_up:
            self._memory.keep()
            warm_up = list(self._memory.lessons())
            self._pool = np.concatenate([lesson.rewards for lesson in warm_up])
            self._warm = row["decisions"]
            observed = np.concatenate([lesson.observations for lesson in warm_up])
            self._learner = self._new_learner(Scale.of(self._facts, observed, self._pool))
            for lesson in warm_up:
                self._learner.remember(lesson.observations, lesson.actions, lesson.rewards)

    def _new_learner(self, scale: Scale) -> OffPolicyLearner:
        settings = self._settings
        algorithm = replace(settings.algorithm, buffer=self._most)
        return OffPolicyLearner(self._facts, scale, algorithm, settings.seed, self._device)

    def _note(self, board: Board, workers: Workers) -> None:
        """Log the last round; measure, and keep a checkpoint, where it is time."""
        settings = self._settings
        values = dict(self.rounds[-1])
        now, before = values.pop("decisions"), self.rounds[-2]["decisions"] if len(self.rounds) > 1 else 0
        board.log(now, {f"learn/{name}": value for name, value in values.items()})
        if self._learner is not None and _passed(settings.evaluate_every, before, now) and now < settings.steps:
            self._measure(workers, board, settings.evaluations, "measure")
        if self._learner is not None and _passed(settings.checkpoint_every, before, now):
            name = f"{CHECKPOINTS}/{now:09d}"
            self._folder.write(f"{name}/{POLICY}", save(self._learner.weights))
            self._film(workers, f"{name}/{FILM}")
        board.flush()

    def _measure(self, workers: Workers, board: Board, episodes: int, purpose: str) -> None:
        found = {"decisions": self.decisions, **self.evaluate(workers, episodes, purpose)}
        self.measured.append(found)
        means = {f"{purpose}/{name}": float(np.mean(value)) for name, value in found.items() if name != "decisions"}
        board.log(self.decisions, means)

    def _film(self, workers: Workers, name: str) -> None:
        sentences = [] if self._model is None else [goal.sentences[0] for goal in self._model.goals]
        film.shoot(
            self._folder.place(name),
            workers,
            starts.evaluation(0),
            self._learner.act,
            self._model,
            " and ".join(sentences),
        )

    def _finish(self, workers: Workers, board: Board) -> dict:
        """Measure, film, and write everything that a finished run shows."""
        settings = self._settings
        if not self.measured or self.measured[-1]["decisions"] < self.decisions:
            self._measure(workers, board, settings.last_evaluations, "evaluate")
        board.flush()
        self._folder.write(POLICY, save(self._learner.weights))
        self._film(workers, FILM)
        learning_report.draw_curve(self.rounds, self.measured, settings.surroundings.env, self._folder.path / CURVE)
        scale = self._learner.scale
        card = {
            "command": self._command,
            "version": __version__,
            "made_with": self._folder.settings,
            "decisions": self.decisions,
            "episodes": len(self.rounds) * settings.envs,
            "warm_up": self._warm,
            "observation_centre": scale.centre.tolist(),
            "observation_spread": scale.spread.tolist(),
            "reward_mean_and_deviation": scale.reward,
            "unfamiliar": sum(row["unfamiliar"] for row in self.rounds),
            "held": sum(row["held"] for row in self.rounds),
            "measured": self.measured,
        }
        self._folder.write(CARD, json.dumps(card, indent=1, default=float) + "\n")
        self._keep()
        return card

    def _keep(self) -> None:
        """Write down where the run stands, between two rounds."""
        self._memory.keep()
        learner = self._learner
        state = {
            "rounds": self.rounds,
            "measured": self.measured,
            "memory": self._memory.files,
            "warm": self._warm,
            "pool": torch.from_numpy(self._pool),
            "learner": None if learner is None else learner.state(),
            "scale": None if learner is None else _plain(learner.scale),
        }
        keep_state(self._folder, STATE, state)
        self._memory.prune()

    def _resume(self) -> None:
        keys = ("rounds", "measured", "memory", "warm", "pool", "learner", "scale")
        state = kept_state(self._folder, STATE, keys, self._device)
        if state is None:
            return
        try:
            self.rounds, self.measured, self._warm = state["rounds"], state["measured"], int(state["warm"])
            self._pool = state["pool"].cpu().numpy()
            self._memory = Memory(self._folder, self._most, state["memory"])
            if state["scale"] is None:
                return
            centre, spread, reward = state["scale"]
            self._learner = self._new_learner(Scale(centre.cpu().numpy(), spread.cpu().numpy(), tuple(reward)))
            self._learner.restore(state["learner"])
        except (RuntimeError, ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
            raise broken(self._folder.path / STATE, error) from None
        self._learner.start_at(self._memory.forgotten)
        for lesson in self._memory.lessons():
            self._learner.remember(lesson.observations, lesson.actions, lesson.rewards)


def spoken(model: RewardModel) -> dict:
    """What a run depends on of who judges: the sentences, and the weights."""
    return {"goals": [asdict(goal) for goal in model.goals], "join": model.join, "clip": model.clip.fingerprint}


def _seeds(seed: int, first: int, count: int) -> list[int]:
    """Of resets to learn from, below those of `sim.starts` to measure with."""
    return [int(np.random.SeedSequence([seed, number]).generate_state(1)[0]) for number in range(first, first + count)]


def _at_random(facts: EnvFacts, rng: np.random.Generator) -> Act:
    if facts.choices:
        return lambda observations: rng.integers(facts.choices, size=len(observations))
    return lambda observations: rng.uniform(-1.0, 1.0, (len(observations), facts.action_size)).astype(np.float32)


def _passed(every: int, before: int, now: int) -> bool:
    """Whether a multiple of ``every`` lies in (before, now]; never where that is 0."""
    return every > 0 and before // every < now // every


def _plain(scale: Scale) -> tuple[torch.Tensor, torch.Tensor, tuple[float, float]]:
    return torch.from_numpy(scale.centre), torch.from_numpy(scale.spread), scale.reward
