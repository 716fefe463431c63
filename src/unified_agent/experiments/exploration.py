# SPDX-License-Identifier: Apache-2.0
"""Exploration: success over actions for tasks of growing sparseness, with sub-goals and without."""

import math
from collections.abc import Sequence
from pathlib import Path
from textwrap import fill

import numpy as np

from unified_agent.experiments import Conditions, chance, learners
from unified_agent.experiments.identities import eyes
from unified_agent.experiments.results import Results
from unified_agent.experiments.side_by_side import Part, finish
from unified_agent.experiments.statistics import bootstrap, quartiles
from unified_agent.sim import tasks
from unified_agent.training.policy.collect_and_infer import actions_to
from unified_agent.training.runs import save_figure

BUDGETS = {
    "grasp_red": {
        learners.OURS: 2_000,
        learners.OURS_PREFIX: 2_000,
        learners.BASELINE: 2_000,
        learners.BASELINE_PREFIX: 2_000,
        learners.SAC: 2_000,
    },
    "stack_red_on_blue_from_hand": {learners.OURS: 3_000, learners.BASELINE: 3_000},
    "stack_red_on_blue": {
        learners.OURS: 5_000,
        learners.OURS_PREFIX: 6_000,
        learners.BASELINE: 12_000,
        learners.BASELINE_PREFIX: 6_000,
        learners.SAC: 3_000,
    },
    "uncover_and_stack_red_on_blue": {learners.OURS: 5_000},
    "triple_stack_green_red_blue": {learners.OURS: 6_000, learners.BASELINE: 4_000},
}
"""Task, from the least sparse to the most -> learner -> the actions that it has. They differ: what is learnt soon need
not be watched for long, and nobody would wait for the first reward of some."""
QUICK = 0.25
RATES = (0.5, 0.8, 0.9)


def made_with(conditions: Conditions) -> dict:
    """What a finished run depends on."""
    return eyes(conditions)


def run(folder: Path, conditions: Conditions, only: Sequence[str] = tuple(BUDGETS)) -> dict:
    """All runs, as many beside each other as there are collectors; a finished one is not made again. ``quick``: a
    quarter of the actions.

    Args:
        folder: of the runs.
        conditions: seeds, arm, CLIP and collectors.
        only: tasks.
    """
    seeds = range(conditions.seeds)
    results = Results(folder / "exploration.jsonl")
    cells = [(task, learner, seed) for seed in seeds for task in only for learner in BUDGETS[task]]
    finish(
        [*_play_at_random(conditions), *(_cell(*cell, folder, conditions) for cell in cells)],
        results,
        conditions.collectors,
        "exploration",
        "action",
    )
    played = {name: chance.together([results[key] for key in _random_keys(name, conditions)]) for name in chance.STARTS}
    rows = {
        task: {name: [results[f"{task}/{name}/{seed}"] for seed in seeds] for name in BUDGETS[task]} for task in only
    }
    found = {task: sparse for task, sparse in chance.sparseness(played).items() if task in only}
    curves = {task: {name: [row["measured"] for row in runs] for name, runs in by.items()} for task, by in rows.items()}
    table = {
        task: {
            name: {str(rate): [actions_to(measured, rate) for measured in runs] for rate in RATES}
            for name, runs in by.items()
        }
        for task, by in curves.items()
    }
    return {
        "seeds": len(seeds),
        "starts_a_measurement": learners.STARTS,
        "budgets": {task: {name: _budget(task, name, conditions) for name in BUDGETS[task]} for task in only},
        "random_play": played,
        "sparseness": found,
        "actions_to": table,
        "slopes": {str(rate): slope(table, found, rate) for rate in RATES},
        "rewarded_episodes": {
            task: {name: [row["episodes_done"] for row in runs] for name, runs in by.items()}
            for task, by in rows.items()
        },
        "curves": curves,
    }


def _budget(task: str, learner: str, conditions: Conditions) -> int:
    return int((QUICK if conditions.quick else 1.0) * BUDGETS[task][learner])


def _cell(task: str, learner: str, seed: int, folder: Path, conditions: Conditions) -> Part:
    actions = _budget(task, learner, conditions)
    place = folder / task / learner.replace(" ", "_").replace(",", "") / str(seed)
    arguments = (learner, task, actions, seed, place, conditions)
    return Part(f"{task}/{learner}/{seed}", learners.measured, arguments, actions)


def _random_keys(name: str, conditions: Conditions) -> list[str]:
    share = QUICK if conditions.quick else 1.0
    return [f"random/{name}/{n}" for n in range(math.ceil(share * chance.STARTS[name].episodes / chance.BATCH))]


def _play_at_random(conditions: Conditions) -> list[Part]:
    size = chance.BATCH * chance.ACTIONS
    return [
        Part(key, chance.play, (name, number, conditions.arm), size)
        for name in chance.STARTS
        for number, key in enumerate(_random_keys(name, conditions))
    ]


def slope(table: dict, found: dict[str, float | None], rate: float, learner: str = learners.OURS) -> dict:
    """Of log(actions to a rate) over log(sparseness), through the medians of the seeds.

    Returns:
        ``slope`` (None with fewer than two tasks), its 95% ``interval`` over the seeds by bootstrap, and ``tasks``,
        through how many it goes: one that half of the seeds did not learn is not among them, which flattens it.
    """
    known = [task for task, sparse in found.items() if sparse and learner in table.get(task, {})]
    by_task = {task: table[task][learner][str(rate)] for task in known}
    if not by_task:
        return {"slope": None, "interval": None, "tasks": 0}
    reached = np.array([[math.inf if value is None else value for value in runs] for runs in by_task.values()]).T
    sparse = np.log([found[task] for task in by_task])

    def fitted(runs: np.ndarray) -> float:
        medians = quartiles(runs)[1]
        came = np.isfinite(medians)
        return float(np.polyfit(sparse[came], np.log(medians[came]), 1)[0]) if came.sum() > 1 else math.nan

    through = int(np.isfinite(quartiles(reached)[1]).sum())
    value = fitted(reached)
    if math.isnan(value):
        return {"slope": None, "interval": None, "tasks": through}
    return {"slope": value, "interval": bootstrap(reached, fitted) if len(reached) > 1 else None, "tasks": through}


def tell(result: dict) -> str:
    """Actions to each success rate, a line a learner: median of the seeds, with first and third quartile."""
    lines = [f"  {'':30} {'':20} {'budget':>7} " + "".join(f"{f'to {rate:.0%}':>24}" for rate in RATES)]
    for task, by_learner in result["actions_to"].items():
        for learner, reached in by_learner.items():
            cells = "".join(f"{_range(reached[str(rate)]):>24}" for rate in RATES)
            lines.append(f"  {task:30} {learner:20} {result['budgets'][task][learner]:>7,} {cells}")
    for task, sparse in result["sparseness"].items():
        often = "never by chance" if sparse is None else f"{sparse:,.0f} random actions a success"
        lines.append(f"  {task:30} {often}")
    lines += [f"  slope to {float(rate):.0%}: {_said(found)}" for rate, found in result["slopes"].items()]
    return "\n".join(lines)


def _range(values: Sequence[int | None]) -> str:
    low, middle, high = (
        "-" if math.isinf(value) else f"{value:,.0f}"
        for value in quartiles([math.inf if value is None else value for value in values])
    )
    return f"{middle} ({low}..{high})"


def _said(found: dict) -> str:
    if found["slope"] is None:
        return "not known"
    low_high = "" if found["interval"] is None else " ({:.2f} to {:.2f})".format(*found["interval"])
    return f"{found['slope']:.2f}{low_high} through {found['tasks']} tasks"


def draw(result: dict, path: Path) -> None:
    """Success over actions, a panel a task (median of the seeds, quartiles shaded), and actions over sparseness."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import EngFormatter, NullFormatter

    curves = result["curves"]
    columns = math.ceil((len(curves) + 1) / 2)
    figure = Figure(figsize=(4.6 * columns, 6.8), layout="constrained")
    axes_of = figure.subplots(2, columns, squeeze=False).ravel()
    for axes, (task, by_learner) in zip(axes_of, curves.items(), strict=False):
        for name, runs in by_learner.items():
            grid, values = on_one_grid(runs)
            low, middle, high = quartiles(values)
            (line,) = axes.plot(grid, middle, ".-", ms=3, lw=1, label=name)
            axes.fill_between(grid, low, high, alpha=0.2, color=line.get_color(), lw=0)
        axes.set(xscale="log", xlabel="actions", ylim=(-0.02, 1.02))
        axes.set_title(fill(tasks.get(task).instruction, 45), fontsize=8)
        axes.xaxis.set_major_formatter(EngFormatter())
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.grid(alpha=0.3)
        axes.legend(fontsize=7)
    axes_of[0].set_ylabel("success rate (true poses)")
    _draw_sparseness(axes_of[len(curves)], result)
    for axes in axes_of[len(curves) + 1 :]:
        axes.axis("off")
    save_figure(figure, path)


def on_one_grid(runs: Sequence[Sequence[dict]]) -> tuple[np.ndarray, np.ndarray]:
    """Points of the grid (N,) that every run got to, and the success rates measured for them (seeds, N).

    A round ends where its episodes do: what counts for a point is the first measurement there or after it.
    """
    end = min(rows[-1]["actions"] for rows in runs)
    grid = [point for point in learners.GRID if point <= end] or [end]
    values = [[next(row["success"] for row in rows if row["actions"] >= point) for point in grid] for rows in runs]
    return np.array(grid), np.array(values)


def _draw_sparseness(axes, result: dict) -> None:
    for name, colour, shift in ((learners.OURS, "tab:blue", 1.0), (learners.BASELINE, "tab:orange", 1.06)):
        for rate, marker in ((RATES[0], "o"), (RATES[1], "s")):
            points = []
            for task, sparse in result["sparseness"].items():
                runs = result["actions_to"].get(task, {}).get(name, {}).get(str(rate))
                if runs and sparse:
                    points.append((sparse, *quartiles([math.inf if value is None else value for value in runs])))
            points = np.array([point for point in points if math.isfinite(point[2])])
            if len(points):
                at, low, middle, high = points.T
                high = np.where(np.isfinite(high), high, middle)
                axes.errorbar(
                    shift * at,
                    middle,
                    (middle - low, high - middle),
                    color=colour,
                    marker=marker,
                    lw=1,
                    ms=4,
                    capsize=2,
                    label=f"{name}, {rate:.0%}",
                )
    axes.set(xscale="log", yscale="log", xlabel="random actions a success", ylabel="actions to that success rate")
    axes.set_title(f"Sparseness; slope to 50%, sub-goals: {_said(result['slopes'][str(RATES[0])])}", fontsize=8)
    axes.grid(alpha=0.3)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize=7)
