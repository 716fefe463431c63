# SPDX-License-Identifier: Apache-2.0
"""Exploration: success over actions for tasks of growing sparseness, with sub-goals and without."""

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from textwrap import fill

import numpy as np
from tqdm import tqdm

from unified_agent.experiments import Conditions, learners
from unified_agent.experiments.identities import eyes
from unified_agent.experiments.results import Results
from unified_agent.sim import tasks
from unified_agent.training.policy.collect_and_infer import actions_to
from unified_agent.training.policy.collector import Assignment
from unified_agent.training.policy.crew import Equipment, LocalCrew
from unified_agent.training.runs import save_figure

BUDGETS = {
    "grasp_red": {
        learners.OURS: 3_000,
        learners.OURS_PREFIX: 3_000,
        learners.BASELINE: 3_000,
        learners.BASELINE_PREFIX: 3_000,
        learners.SAC: 3_000,
    },
    "stack_red_on_blue": {
        learners.OURS: 20_000,
        learners.OURS_PREFIX: 20_000,
        learners.BASELINE: 40_000,
        learners.BASELINE_PREFIX: 60_000,
        learners.SAC: 20_000,
    },
    "triple_stack_green_red_blue": {learners.OURS: 40_000, learners.BASELINE: 40_000},
}
"""Task -> learner -> actions at most; a run ends sooner at ``ENOUGH``."""
ENOUGH = 0.95
QUICK = 0.25
RATES = (0.5, 0.8, 0.9)
ACTIONS = 10
"""Of a random episode."""
_TOWER = tasks.get("triple_stack_green_red_blue")
_SECOND_FLOOR = replace(_TOWER, name="second_floor", stacks=(("blue", "red"),))
RANDOM = {
    "grasp_red": (tasks.get("grasp_red"), 4_000),
    "stack_red_on_blue": (tasks.get("stack_red_on_blue"), 20_000),
    "second_floor": (_SECOND_FLOOR, 20_000),
}
"""Name -> task and random actions. The second floor is the Triple Stack begun where red is on blue already."""
_RANDOM_SEED = 1_000_000


def made_with(conditions: Conditions) -> dict:
    """What a finished run depends on."""
    return eyes(conditions)


def run(folder: Path, conditions: Conditions, only: Sequence[str] = tuple(BUDGETS)) -> dict:
    """All runs, one after another; a finished one is not made again. ``quick``: a quarter of the actions.

    Args:
        folder: of the runs.
        conditions: seeds, arm, CLIP and collectors.
        only: tasks.
    """
    seeds = conditions.seeds
    results = Results(folder / "exploration.jsonl")
    share = QUICK if conditions.quick else 1.0
    cells = [(task, learner, seed) for seed in range(seeds) for task in only for learner in BUDGETS[task]]
    for task, learner, seed in tqdm(cells, desc="exploration", unit="run"):
        key = f"{task}/{learner}/{seed}"
        if key not in results:
            actions = int(share * BUDGETS[task][learner])
            place = folder / task / learner.replace(" ", "_").replace(",", "") / str(seed)
            row = learners.measured(learner, task, actions, seed, place, conditions, until=ENOUGH)
            results.add(key, {**row, "actions": actions})
    for name, (task, actions) in RANDOM.items():
        if f"random/{name}" not in results:
            results.add(f"random/{name}", play_at_random(task, int(share * actions), conditions))
    curves = {
        task: {name: [results[f"{task}/{name}/{seed}"]["measured"] for seed in range(seeds)] for name in BUDGETS[task]}
        for task in only
    }
    found = sparseness({name: results[f"random/{name}"] for name in RANDOM})
    rewarded = {
        task: {name: [results[f"{task}/{name}/{seed}"]["episodes_done"] for seed in range(seeds)] for name in by}
        for task, by in curves.items()
    }
    table = {
        task: {
            name: {str(rate): [actions_to(rows, rate) for rows in runs] for rate in RATES} for name, runs in by.items()
        }
        for task, by in curves.items()
    }
    return {
        "seeds": seeds,
        "sparseness": found,
        "actions_to": table,
        "slope": slope(table, found),
        "rewarded_episodes": rewarded,
        "curves": curves,
    }


def play_at_random(task: tasks.Task, actions: int, conditions: Conditions) -> dict:
    """Uniformly random picks and places in episodes of ``ACTIONS``.

    Returns:
        ``actions``, ``episodes`` and ``successes``, by MuJoCo's true poses.
    """
    crew = LocalCrew(conditions.collectors, Equipment(conditions.arm, conditions.clip, pictures=False))
    wanted = [
        Assignment(task, task.instruction, (task.instruction,), _RANDOM_SEED + number, ACTIONS)
        for number in range(math.ceil(actions / ACTIONS))
    ]
    played, successes, episodes = 0, 0, 0
    try:
        with tqdm(total=actions, unit="action", mininterval=1, desc=f"{task.name} at random") as bar:
            for chunk in crew.play(wanted, None):
                episodes += len(chunk)
                successes += sum(episode.success for episode in chunk)
                played += sum(map(len, chunk))
                bar.update(played - bar.n)
    finally:
        crew.close()
    return {"actions": played, "episodes": episodes, "successes": successes}


def sparseness(found: dict[str, dict]) -> dict[str, float | None]:
    """Uniformly random actions a success; None where there was none.

    That of the Triple Stack, too large to be met by chance, is estimated in two stages: the actions until red is on
    blue, over the probability that an episode that begins there ends with green on top. The true one is larger,
    because what is left of an episode after the first stage is shorter than a whole one.

    Args:
        found: by the names of ``RANDOM``, from ``play_at_random``.
    """
    each = {name: row["actions"] / row["successes"] if row["successes"] else None for name, row in found.items()}
    low, second = each["stack_red_on_blue"], found["second_floor"]
    high = low * second["episodes"] / second["successes"] if low and second["successes"] else None
    return {**{name: each[name] for name in ("grasp_red", "stack_red_on_blue")}, _TOWER.name: high}


def slope(table: dict, found: dict[str, float | None]) -> float | None:
    """Of log(actions to 50%) over log(sparseness), through the tasks whose sparseness is known; ours."""
    points = _points(table, found, learners.OURS, 0.5)
    if len(points) < 2:
        return None
    return float(np.polyfit(*np.log(points).T, deg=1)[0])


def _points(table: dict, found: dict[str, float | None], learner: str, rate: float) -> list[tuple[float, float]]:
    """(sparseness, mean actions to the rate) of each task of which both are known."""
    points = []
    for task, sparse in found.items():
        reached = [actions for actions in table.get(task, {}).get(learner, {}).get(str(rate), []) if actions]
        if reached and sparse:
            points.append((sparse, float(np.mean(reached))))
    return points


def tell(result: dict) -> str:
    """Actions to each success rate, a line a learner."""
    lines = [
        f"  {task:30} {learner:20} actions to {actions}"
        for task, by_learner in result["actions_to"].items()
        for learner, actions in by_learner.items()
    ]
    return "\n".join([*lines, f"sparseness {result['sparseness']}, slope {result['slope']}"])


def draw(result: dict, path: Path) -> None:
    """Success over actions, a panel a task (mean of the seeds, their range shaded), and actions over sparseness."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import EngFormatter, NullFormatter

    curves = result["curves"]
    figure = Figure(figsize=(4.3 * (len(curves) + 1), 3.6), layout="constrained")
    *panels, last = figure.subplots(1, len(curves) + 1)
    for axes, (task, by_learner) in zip(panels, curves.items(), strict=True):
        for name, runs in by_learner.items():
            grid, values = _on_one_grid(runs)
            (line,) = axes.plot(grid, values.mean(axis=0), ".-", label=name)
            axes.fill_between(grid, values.min(axis=0), values.max(axis=0), alpha=0.2, color=line.get_color())
        axes.set(xscale="log", xlabel="actions", ylim=(-0.02, 1.02))
        axes.set_title(fill(tasks.get(task).instruction, 45), fontsize=8)
        axes.xaxis.set_major_formatter(EngFormatter())
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.grid(alpha=0.3)
        axes.legend(fontsize=7)
    panels[0].set_ylabel("success rate (true poses)")
    _draw_sparseness(last, result)
    save_figure(figure, path)


def _draw_sparseness(axes, result: dict) -> None:
    for name, marker in ((learners.OURS, "o-"), (learners.BASELINE, "s--")):
        for rate in RATES[:2]:
            if points := _points(result["actions_to"], result["sparseness"], name, rate):
                axes.plot(*zip(*points, strict=True), marker, label=f"{name}, {rate:.0%}", lw=1)
    found = "not known" if result["slope"] is None else f"{result['slope']:.2f}"
    axes.set(xscale="log", yscale="log", xlabel="random actions a success", ylabel="actions to that success rate")
    axes.set_title(f"Sparseness; slope to 50%, sub-goals: {found}", fontsize=8)
    axes.grid(alpha=0.3)
    if axes.lines:
        axes.legend(fontsize=7)


def _on_one_grid(runs: list[list[dict]]) -> tuple[np.ndarray, np.ndarray]:
    """Actions (N,) and success rates (seeds, N); a run that ended early stays where it was."""
    grid = np.array(sorted({row["actions"] for rows in runs for row in rows}))
    values = [np.interp(grid, [r["actions"] for r in rows], [r["success"] for r in rows], left=0.0) for rows in runs]
    return grid, np.array(values)
