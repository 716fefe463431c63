# SPDX-License-Identifier: Apache-2.0
"""CartPole and MountainCar from one sentence: the state observed, the picture rewarded, three controls beside it.

Nothing but time ends an episode while a policy learns, and it is measured as it is at the end, by the environment's own
rules, from starts that it did not learn from (Rocamonde 2024, section 4.1, whose best checkpoint this is not).
"""

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from unified_agent.experiments import Conditions
from unified_agent.experiments.results import Results
from unified_agent.experiments.statistics import bootstrap
from unified_agent.training.reward.environments import EnvSettings
from unified_agent.training.reward.film import strip
from unified_agent.training.reward.learning import FILM, KIND, RewardRun, spoken
from unified_agent.training.reward.off_policy import OffPolicySettings
from unified_agent.training.reward.settings import REWARDS, RewardLearning
from unified_agent.training.runs import claim, save_figure
from unified_agent.vision.clip import Clip
from unified_agent.vision.reward import Goal, RewardModel

SEEDS = 3
CLIP = "classic-control"
"""What judges where no other CLIP is given."""
QUICK = 0.1


@dataclass(frozen=True)
class Control:
    """A task of classic control.

    Attributes:
        goals: sentences that must hold together.
        learning: how it is learnt.
        measure: what of a measurement counts: "own_steps" or "terminated".
        wanted: its mean that is enough.
        said: what that is.
    """

    goals: tuple[str, ...]
    learning: RewardLearning
    measure: str
    wanted: float
    said: str


TASKS = {
    "CartPole": Control(
        ("the pole stands upright", "the cart is in the middle"),
        RewardLearning(
            EnvSettings("CartPole-v1", episode=200),
            OffPolicySettings(updates=0.5),
            steps=20_000,
            envs=2,
            evaluate_every=2_000,
        ),
        "own_steps",
        475.0,
        "steps balanced, of 500",
    ),
    "MountainCar": Control(
        ("the car is at the top of the right hill",),
        RewardLearning(
            EnvSettings("MountainCarContinuous-v0", repeat=16),
            OffPolicySettings(updates=0.5, width=64),
            steps=6_000,
            envs=2,
            evaluate_every=1_000,
        ),
        "terminated",
        0.95,
        "share of episodes that reach the flag",
    ),
}


def made_with(conditions: Conditions) -> dict:
    """The weights that judge, the sentences, and how each task is learnt."""
    tasks = {name: {"goals": task.goals, **asdict(task.learning)} for name, task in TASKS.items()}
    return {"clip": _clip(conditions).fingerprint, "tasks": tasks}


def run(folder: Path, conditions: Conditions) -> dict:
    """Every task with every reward and seed; a finished run is not made again. ``quick``: a tenth of the decisions."""
    results, clip = Results(folder / "reward_control.jsonl"), _clip(conditions)
    cells = [(task, reward, seed) for seed in range(conditions.seeds) for task in TASKS for reward in REWARDS]
    for task, reward, seed in tqdm(cells, desc="reward_control", unit="run"):
        key = f"{task}/{reward}/{seed}"
        if key not in results:
            results.add(key, _learnt(TASKS[task], reward, seed, folder / task / reward / str(seed), clip, conditions))
    runs = {
        task: {reward: [results[f"{task}/{reward}/{seed}"] for seed in range(conditions.seeds)] for reward in REWARDS}
        for task in TASKS
    }
    films = {task: str(folder / task / "sentence" / "0" / FILM) for task in TASKS}
    return {"seeds": conditions.seeds, "summary": summary(runs), "films": films, "runs": runs}


def summary(runs: dict) -> dict:
    """Task -> reward -> what each seed came to at the end, the mean and its interval over the seeds."""
    found = {}
    for task, by_reward in runs.items():
        control = TASKS[task]
        found[task] = {}
        for reward, rows in by_reward.items():
            last = [float(np.mean(row["measured"][-1][control.measure])) for row in rows]
            found[task][reward] = {
                "each": last,
                "mean": float(np.mean(last)),
                "interval": bootstrap(last),
                "enough": sum(value >= control.wanted for value in last),
                "cpu_seconds": [row["cpu_seconds"] for row in rows],
                "seconds": [row["seconds"] for row in rows],
            }
    return found


def tell(result: dict) -> str:
    """A line for each task and reward."""
    lines = []
    for task, by_reward in result["summary"].items():
        lines.append(f"{task}: {TASKS[task].said} at the end, a figure a seed (goal: {TASKS[task].wanted:g} in each)")
        for reward, found in by_reward.items():
            each = ", ".join(f"{value:.3g}" for value in found["each"])
            cpu = ", ".join(f"{seconds:.0f}" for seconds in found["cpu_seconds"])
            lines.append(f"  {reward:10} {each:28} {found['enough']} of {len(found['each'])}; CPU seconds {cpu}")
    return "\n".join(lines)


def draw(result: dict, path: Path) -> None:
    """A row a task: the curves of the four rewards, a thin line a seed, and a strip of the film of the first seed."""
    from matplotlib.figure import Figure

    runs = result["runs"]
    figure = Figure(figsize=(11, 3.1 * len(runs)), layout="constrained")
    rows = figure.subplots(len(runs), 2, width_ratios=(1, 1.6), squeeze=False)
    for (curve, film), (task, by_reward) in zip(rows, runs.items(), strict=True):
        control = TASKS[task]
        for number, (reward, seeds) in enumerate(by_reward.items()):
            at, values = _curves(seeds, control.measure)
            curve.plot(at, values.mean(axis=0), ".-", color=f"C{number}", label=reward)
            curve.plot(at, values.T, lw=0.5, color=f"C{number}", alpha=0.6)
        curve.axhline(control.wanted, color="grey", lw=0.8, ls=":")
        curve.set(xlabel="decisions", ylabel=control.said, title=task)
        curve.grid(alpha=0.3)
        curve.legend(fontsize=7)
        film.axis("off")
        film.set_title(f"“{'” and “'.join(control.goals)}”", fontsize=9)
        if Path(result["films"][task]).is_file():
            film.imshow(strip(Path(result["films"][task]), across=4, down=2))
    save_figure(figure, path)


def _learnt(control: Control, reward: str, seed: int, folder: Path, clip: Clip, conditions: Conditions) -> dict:
    learning = replace(control.learning, seed=seed, reward=reward)
    if conditions.quick:
        steps, every = round(QUICK * learning.steps), round(QUICK * learning.evaluate_every)
        learning = replace(learning, steps=steps, evaluate_every=every, evaluations=5, last_evaluations=10)
    model = RewardModel(clip, [Goal((sentence,)) for sentence in control.goals])
    begin = os.times()
    with claim(folder, KIND, {**asdict(learning), **spoken(model)}) as own:
        card = RewardRun(learning, model, own, command="unified-agent experiment reward_control").learn()
    end = os.times()
    return {
        "measured": card["measured"],
        "unfamiliar": card["unfamiliar"],
        "decisions": card["decisions"],
        "seconds": round(end.elapsed - begin.elapsed, 1),
        "cpu_seconds": round(sum(end[:4]) - sum(begin[:4]), 1),
    }


def _curves(seeds: Sequence[dict], measure: str) -> tuple[np.ndarray, np.ndarray]:
    """Decisions (N,) and what was measured there (seeds, N), brought to the grid of the first seed."""
    at = np.array([row["decisions"] for row in seeds[0]["measured"]])
    each = [
        np.interp(at, [row["decisions"] for row in run["measured"]], [np.mean(row[measure]) for row in run["measured"]])
        for run in seeds
    ]
    return at, np.array(each)


def _clip(conditions: Conditions) -> Clip:
    return Clip.load(CLIP if conditions.clip == "default" else conditions.clip, "cpu")
