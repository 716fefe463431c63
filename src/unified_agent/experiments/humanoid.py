# SPDX-License-Identifier: Apache-2.0
"""The paper's humanoid: a pose learnt from one sentence, and people who say whether films show it.

The settings of a whole run are the paper's where it gives them (Rocamonde 2024, section 4.3 and appendix C): SAC,
10 million decisions, episodes of 100, discount 0.95, learning rate 6e-4, pictures of 480x480, 3,200 of them judged at
once: those of a round of 32 episodes. What it measures success by is a person who looks at films.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from safetensors.torch import load
from tqdm import tqdm

from unified_agent.device import torch_device
from unified_agent.errors import UserError, in_range, nearest
from unified_agent.experiments import Conditions
from unified_agent.experiments.rating import RatingPage
from unified_agent.experiments.results import Results
from unified_agent.experiments.statistics import wilson
from unified_agent.recording.video import VideoWriter
from unified_agent.sim import HUMANOID
from unified_agent.sim.humanoid import BASELINE, TASKS
from unified_agent.training.reward.environments import EnvSettings
from unified_agent.training.reward.episodes import Act
from unified_agent.training.reward.learning import CHECKPOINTS, KIND, POLICY, RewardRun, spoken
from unified_agent.training.reward.off_policy import OffPolicyLearner, OffPolicySettings, Scale
from unified_agent.training.reward.settings import RewardLearning
from unified_agent.training.reward.workers import Workers
from unified_agent.training.runs import claim, save_figure, weights_identity
from unified_agent.vision.clip import Clip
from unified_agent.vision.reward import Goal, RewardModel

SEEDS = 4
_ENV = f"unified_agent.sim.humanoid.env:{HUMANOID}"
_WHOLE = {"steps": 10_000_000, "warm_up": 50_000, "envs": 32, "checkpoint_every": 500_000}
_QUICK = {"steps": 2_000, "warm_up": 400, "envs": 2, "checkpoint_every": 500}
_LEARNER = {"learning_rate": 6e-4, "gamma": 0.95, "updates": 0.25, "batch": 512}
_RATE = 30
"""Frames a second of the films: less than half as fast as it was, so that a pose is seen."""
_FILMED = 2**30 + 2**29
"""The first of the starts that are filmed; none of them is learnt from."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which pose, how long, and how many films."""
    parser.add_argument("--task", default="kneeling", help=f"one of {', '.join(TASKS)} (%(default)s)")
    parser.add_argument("--clip", dest="clip_model", default=argparse.SUPPRESS, help="the same as --clip-model")
    parser.add_argument("--alpha", type=float, default=0.0, help="of goal-baseline regularization (%(default)s)")
    parser.add_argument("--steps", type=int, default=0, help="decisions; 0: 10 million, or 2,000 with --quick")
    parser.add_argument("--envs", type=int, default=0, help="environments; 0: 32, or 2 with --quick")
    parser.add_argument("--checkpoint-every", type=int, default=0, help="decisions; 0: 500,000, or 500 with --quick")
    parser.add_argument("--films", type=int, default=10, help="of each checkpoint, to be rated (%(default)s)")


def made_with(conditions: Conditions) -> dict:
    """What a finished part depends on: the CLIP."""
    return {"clip": weights_identity(Clip.load(conditions.clip, "cpu").model.state_dict())}


def run(folder: Path, conditions: Conditions) -> dict:
    """Learn with each seed, film every checkpoint, make the page, and count what people said on it until now.

    Returns:
        ``rows``, one a seed and checkpoint: ``decisions``, ``reward``, the mean of the films' last quarters, ``films``,
        ``rated`` (answers) and ``success`` (of them yes); ``raters``.
    """
    options = conditions.options
    in_range("films", options["films"], 1, 1_000)
    device = torch_device("auto")
    goal = Goal((_goal(options["task"]),), (BASELINE,), options["alpha"])
    model = RewardModel(Clip.load(conditions.clip, device), goal)
    results = Results(folder / "humanoid.jsonl")
    for seed in range(conditions.seeds):
        if f"learnt {seed}" not in results:
            results.add(f"learnt {seed}", _learnt(folder, _settings(conditions, seed), model, device))
    policies = [(seed, policy) for seed in range(conditions.seeds) for policy in results[f"learnt {seed}"]["policies"]]
    names = {(seed, name): f"{seed} {name}" for seed, name in policies}
    films = [f"{names[policy]} {number}" for policy in policies for number in range(options["films"])]
    page = RatingPage(folder, f"Does this show {goal.sentences[0]}?", films)
    if missing := [(policy, name) for policy, name in names.items() if name not in results]:
        with Workers(_settings(conditions, 0).surroundings, 1, 1) as workers:
            for (seed, policy), name in tqdm(missing, unit="checkpoint", desc="films"):
                act = _policy(folder, _settings(conditions, seed), policy, workers, results[f"learnt {seed}"])
                starts = range(_FILMED, _FILMED + options["films"])
                shot = [_filmed(page.film(f"{name} {n}"), workers, act, start, model) for n, start in enumerate(starts)]
                results.add(name, {"decisions": int(policy), "seed": seed, "rewards": shot})
    said = page.ratings()
    print(f"The films are to be rated in {page.path}; put what it saves beside it, and give this command again.")
    rows = [_row(results[name], name, said) for name in names.values()]
    return {
        "task": options["task"],
        "goal": goal.sentences[0],
        "baseline": BASELINE,
        "alpha": goal.alpha,
        "settings": asdict(_settings(conditions, 0)),
        "raters": [each["rater"] for each in said],
        "rows": rows,
    }


def _goal(task: str) -> str:
    if task not in TASKS:
        raise UserError(f"There is no task '{task}'. {nearest(task, TASKS)}")
    return TASKS[task]


def _settings(conditions: Conditions, seed: int) -> RewardLearning:
    """Nothing is measured while it learns: the environment knows no success."""
    given = {name: conditions.options[name] for name in ("steps", "envs", "checkpoint_every")}
    numbers = (_QUICK if conditions.quick else _WHOLE) | {name: value for name, value in given.items() if value}
    return RewardLearning(
        EnvSettings(_ENV), OffPolicySettings(**_LEARNER), seed=seed, evaluate_every=0, last_evaluations=1, **numbers
    )


def _learnt(folder: Path, settings: RewardLearning, model: RewardModel, device: str) -> dict:
    """One run to its end: how to act as its policies, and their names, which are decisions."""
    with claim(folder / f"seed-{settings.seed}", KIND, {**asdict(settings), **spoken(model)}) as own:
        card = RewardRun(settings, model, own, device).learn()
        kept = [path.parent.name for path in sorted((own.path / CHECKPOINTS).glob(f"*/{POLICY}"))]
    last = f"{card['decisions']:09d}"
    return {"card": card, "policies": [*(name for name in kept if name != last), last], "last": last}


def _policy(folder: Path, settings: RewardLearning, name: str, workers: Workers, learnt: Mapping) -> Act:
    """A policy that was kept."""
    place = folder / f"seed-{settings.seed}"
    path = place / POLICY if name == learnt["last"] else place / CHECKPOINTS / name / POLICY
    card = learnt["card"]
    centre, spread = (np.array(card[f"observation_{part}"], np.float32) for part in ("centre", "spread"))
    scale = Scale(centre, spread, tuple(card["reward_mean_and_deviation"]))
    learner = OffPolicyLearner(workers.facts, scale, replace(settings.algorithm, buffer=1_000), settings.seed)
    learner.take(load(path.read_bytes()))
    return learner.act


def _filmed(path: Path, workers: Workers, act: Act, start: int, model: RewardModel) -> float:
    """Film an episode without a word on it; the mean reward of its last quarter."""
    observation, pictures = workers.reset({0: start})[0], []
    for _ in range(workers.facts.episode):
        step, picture = workers.step({0: act(observation[None])[0]}, pictures=True)[0]
        observation = step.observation
        pictures.append(picture)
    with VideoWriter(path, rate=_RATE, streamed=False) as video:
        for picture in pictures:
            video.write(picture[0])
    return float(model.score(np.stack(pictures[-len(pictures) // 4 :])).mean())


def _row(filmed: Mapping, name: str, said: Sequence[Mapping]) -> dict:
    """A checkpoint, and what all raters together said of its films."""
    answers = [yes for each in said for film, yes in each["ratings"].items() if film.rpartition(" ")[0] == name]
    return {
        "seed": filmed["seed"],
        "decisions": filmed["decisions"],
        "reward": float(np.mean(filmed["rewards"])),
        "films": len(filmed["rewards"]),
        "rated": len(answers),
        "success": sum(answers),
    }


def tell(result: dict) -> str:
    """A line a checkpoint; in the order of time; success where somebody rated."""
    lines = [f"'{result['goal']}'", "| seed | decisions | reward | rated | success |", "|---|---|---|---|---|"]
    for row in result["rows"]:
        said = f"{row['success'] / row['rated']:.0%} {wilson(row['success'], row['rated'])}" if row["rated"] else ""
        lines.append(f"| {row['seed']} | {row['decisions']:,} | {row['reward']:.4f} | {row['rated']} | {said} |")
    lines.append(f"Rated by {len(result['raters'])}." if result["raters"] else "Nobody has rated the films yet.")
    return "\n".join(lines)


def draw(result: dict, path: Path) -> None:
    """Reward of the films, and success where it was rated, against decisions, a line a seed."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 3.8), layout="constrained")
    rewards, success = figure.subplots(1, 2)
    for seed in sorted({row["seed"] for row in result["rows"]}):
        rows = [row for row in result["rows"] if row["seed"] == seed]
        rewards.plot([r["decisions"] for r in rows], [r["reward"] for r in rows], "o-", ms=3, label=f"seed {seed}")
        rated = [row for row in rows if row["rated"]]
        success.plot([r["decisions"] for r in rated], [r["success"] / r["rated"] for r in rated], "o-", ms=3)
    rewards.set(xlabel="decisions", ylabel="reward, last quarter of the films")
    rewards.legend(fontsize=8)
    success.set(xlabel="decisions", ylabel="success, as people rate films", ylim=(-0.03, 1.03))
    for axes in (rewards, success):
        axes.grid(alpha=0.3)
    figure.suptitle(f"'{result['goal']}'")
    save_figure(figure, path)
