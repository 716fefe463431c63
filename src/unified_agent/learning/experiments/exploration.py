# SPDX-License-Identifier: Apache-2.0
"""Exploration: success over actions for tasks of growing sparseness, with sub-goals and without."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from unified_agent.learning.collect_and_infer import steps_to
from unified_agent.learning.experiments import Conditions, learners
from unified_agent.learning.experiments.results import Results
from unified_agent.sim import tasks
from unified_agent.sim.env import StackObjects

BUDGETS = {
    "grasp_red": {learners.OURS: 6_000, learners.OURS_PREFIX: 6_000, learners.BASELINE: 6_000,
                  learners.BASELINE_PREFIX: 6_000, learners.SAC: 6_000},
    "stack_red_on_blue": {learners.OURS: 40_000, learners.OURS_PREFIX: 40_000, learners.BASELINE: 100_000,
                          learners.BASELINE_PREFIX: 100_000, learners.SAC: 40_000},
    "triple_stack_green_red_blue": {learners.OURS: 90_000, learners.BASELINE: 90_000},
}  # fmt: skip
"""Task -> learner -> actions at most; a run ends sooner at ``ENOUGH``."""
ENOUGH = 0.95
QUICK = 0.25
RATES = (0.5, 0.8, 0.9)
RANDOM_ACTIONS = {"grasp_red": 4_000, "stack_red_on_blue": 20_000}


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
            steps = int(share * BUDGETS[task][learner])
            place = folder / task / learner.replace(" ", "_").replace(",", "") / str(seed)
            rows = learners.measured(learner, task, steps, seed, place, conditions, until=ENOUGH)
            results.add(key, {"measured": rows, "steps": steps})
    for task, actions in RANDOM_ACTIONS.items():
        if f"sparseness/{task}" not in results:
            results.add(f"sparseness/{task}", sparseness(task, int(share * actions), conditions.arm))
    curves = {
        task: {name: [results[f"{task}/{name}/{seed}"]["measured"] for seed in range(seeds)] for name in BUDGETS[task]}
        for task in only
    }
    found = {task: results[f"sparseness/{task}"] for task in RANDOM_ACTIONS}
    table = {
        task: {
            name: {str(rate): [steps_to(rows, rate) for rows in runs] for rate in RATES} for name, runs in by.items()
        }
        for task, by in curves.items()
    }
    return {"seeds": seeds, "sparseness": found, "steps_to": table, "slope": slope(table, found), "curves": curves}


def sparseness(task: str, actions: int, arm: str, seed: int = 1) -> dict:
    """Uniformly random actions a success, in episodes of ten.

    Returns:
        ``actions``, ``successes`` and their ratio ``actions_per_success`` (None without a success).
    """
    env = StackObjects(task=task, arm=arm, max_actions=10)
    env.action_space.seed(seed)
    found, done = 0, True
    for number in tqdm(range(actions), desc=f"{task} at random", unit="action", mininterval=2):
        if done:
            env.reset(seed=seed * 1_000_000 + number)
        _, reward, terminated, truncated, _ = env.step(env.action_space.sample())
        found += int(reward)
        done = terminated or truncated
    env.close()
    return {"actions": actions, "successes": found, "actions_per_success": actions / found if found else None}


def slope(table: dict, found: dict) -> float | None:
    """Of log(actions to 50%) over log(sparseness), through the tasks whose sparseness was measured; ours."""
    points = []
    for task, measure in found.items():
        reached = [steps for steps in table.get(task, {}).get(learners.OURS, {}).get("0.5", []) if steps]
        if reached and measure["actions_per_success"]:
            points.append((math.log(measure["actions_per_success"]), math.log(float(np.mean(reached)))))
    if len(points) < 2:
        return None
    return float(np.polyfit(*zip(*points, strict=True), deg=1)[0])


def tell(result: dict) -> str:
    """Actions to each success rate, a line a learner."""
    lines = [
        f"  {task:30} {learner:20} actions to {steps}"
        for task, by_learner in result["steps_to"].items()
        for learner, steps in by_learner.items()
    ]
    return "\n".join([*lines, f"sparseness {result['sparseness']}, slope {result['slope']}"])


def draw(result: dict, path: Path) -> None:
    """Success over actions, a panel a task; the mean of the seeds, and their range shaded."""
    from matplotlib.figure import Figure

    curves = result["curves"]
    figure = Figure(figsize=(4.3 * len(curves), 3.6), layout="constrained")
    panels = figure.subplots(1, len(curves), sharey=True, squeeze=False)
    for axes, (task, by_learner) in zip(panels[0], curves.items(), strict=True):
        for name, runs in by_learner.items():
            grid, values = _on_one_grid(runs)
            (line,) = axes.plot(grid, values.mean(axis=0), label=name)
            axes.fill_between(grid, values.min(axis=0), values.max(axis=0), alpha=0.2, color=line.get_color())
        axes.set(xscale="log", xlabel="actions", title=tasks.get(task).instruction, ylim=(-0.02, 1.02))
        axes.title.set_fontsize(8)
        axes.grid(alpha=0.3)
        axes.legend(fontsize=7)
    panels[0][0].set_ylabel("success rate (true poses)")
    figure.savefig(path, dpi=120)


def _on_one_grid(runs: list[list[dict]]) -> tuple[np.ndarray, np.ndarray]:
    """Actions (N,) and success rates (seeds, N); a run that ended early stays where it was."""
    grid = np.array(sorted({row["steps"] for rows in runs for row in rows}))
    values = [np.interp(grid, [r["steps"] for r in rows], [r["success"] for r in rows], left=0.0) for rows in runs]
    return grid, np.array(values)
