# SPDX-License-Identifier: Apache-2.0
"""Reuse: tasks in sequence, each with a new policy, with and without the episodes of the tasks before."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from unified_agent.experiments import Conditions, learners
from unified_agent.experiments.identities import eyes
from unified_agent.experiments.results import Results
from unified_agent.experiments.side_by_side import Part, finish
from unified_agent.experiments.statistics import bootstrap, quartiles
from unified_agent.training.policy.collect_and_infer import actions_to
from unified_agent.training.runs import save_figure

TASKS = ("stack_red_on_blue", "stack_blue_on_green", "stack_green_on_red")
ACTIONS, QUICK_ACTIONS = 3_000, 750
RATE = 0.5
KINDS = ("with reuse", "without")


def made_with(conditions: Conditions) -> dict:
    """What a finished run depends on."""
    return eyes(conditions)


def run(folder: Path, conditions: Conditions) -> dict:
    """All sequences, as many beside each other as there are collectors; a finished one is not made again.

    The first task has nothing to reuse: it is learnt once, and counts for both.

    Args:
        folder: of the runs and of the lifelong buffers.
        conditions: seeds (of whole sequences), arm, CLIP and collectors; ``quick``: a quarter of the actions.
    """
    seeds = range(conditions.seeds)
    results = Results(folder / "reuse.jsonl")
    parts = [
        Part(f"{seed}/{kind}", _sequence, (seed, kind, folder / kind.replace(" ", "_") / str(seed), conditions))
        for seed in seeds
        for kind in KINDS
    ]
    finish(parts, results, conditions.collectors, "reuse", "sequence")
    rows = {
        kind: {
            task: [{**results[f"{seed}/{KINDS[0]}"], **results[f"{seed}/{kind}"]}[task] for seed in seeds]
            for task in TASKS
        }
        for kind in KINDS
    }
    curves = {kind: {task: [row["measured"] for row in runs] for task, runs in by.items()} for kind, by in rows.items()}
    actions = {
        kind: {task: [actions_to(measured, RATE) for measured in runs] for task, runs in by.items()}
        for kind, by in curves.items()
    }
    return {
        "seeds": len(seeds),
        "rate": RATE,
        "budget": QUICK_ACTIONS if conditions.quick else ACTIONS,
        "starts_a_measurement": learners.STARTS,
        "actions_to": actions,
        "third_over_first": {kind: ratio(by) for kind, by in actions.items()},
        "reused_demonstrations": {
            task: [row["reused_demonstrations"] for row in runs] for task, runs in rows[KINDS[0]].items()
        },
        "curves": curves,
    }


def _sequence(seed: int, kind: str, folder: Path, conditions: Conditions) -> dict:
    """The tasks one after another; without reuse, all but the first."""
    found = {}
    reuse = kind == KINDS[0]
    for number, task in list(enumerate(TASKS))[0 if reuse else 1 :]:
        settings = learners.settings_of(
            learners.OURS, task, QUICK_ACTIONS if conditions.quick else ACTIONS, 10 * seed + number, conditions.arm
        )
        found[task] = learners.learnt(
            settings,
            folder / task,
            conditions,
            kind,
            buffer=folder / "buffer" if reuse else None,
            reuse=reuse and number > 0,
        )
    return found


def ratio(actions: dict[str, Sequence[int | None]]) -> dict:
    """Actions that the third task took over those of the first: median over the seeds, and its 95% interval.

    A seed whose third task never came there counts as infinitely many; one whose first did not is left out.
    """
    pairs = zip(actions[TASKS[0]], actions[TASKS[2]], strict=True)
    ratios = [math.inf if third is None else third / first for first, third in pairs if first]
    if not ratios:
        return {"median": None, "interval": None, "seeds": 0}
    interval = bootstrap(ratios, lambda drawn: float(quartiles(drawn)[1])) if len(ratios) > 1 else None
    return {"median": float(quartiles(ratios)[1]), "interval": interval, "seeds": len(ratios)}


def tell(result: dict) -> str:
    """Actions to the rate, a line with reuse and one without."""
    rate = f"{result['rate']:.0%}"
    lines = [f"  {kind}: actions to {rate} success: {tasks}" for kind, tasks in result["actions_to"].items()]
    return "\n".join([*lines, *(f"  {kind}: third over first {r}" for kind, r in result["third_over_first"].items())])


def draw(result: dict, path: Path) -> None:
    """Actions to the rate, a group of bars a task: the median, with first and third quartile."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.5, 3.6), layout="constrained")
    axes = figure.subplots()
    places = np.arange(len(TASKS))
    for shift, (kind, by_task) in zip((-0.2, 0.2), result["actions_to"].items(), strict=True):
        found = [quartiles([math.inf if value is None else value for value in by_task[task]]) for task in TASKS]
        low, middle, high = np.array(found).T
        heights = np.where(np.isfinite(middle), middle, 0)
        ends = np.where(np.isfinite(high), high, heights)
        spread = (heights - np.minimum(low, heights), ends - heights)
        bars = axes.bar(places + shift, heights, width=0.38, label=kind, yerr=spread, capsize=3)
        axes.bar_label(bars, [f"{value:,.0f}" if np.isfinite(value) else "not reached" for value in middle])
    axes.set_xticks(places, [task.replace("stack_", "").replace("_", " ") for task in TASKS])
    axes.set(ylabel=f"actions to {result['rate']:.0%} success", title=f"Tasks in sequence, {result['seeds']} seeds")
    axes.legend()
    save_figure(figure, path)
