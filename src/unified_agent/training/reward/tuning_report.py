# SPDX-License-Identifier: Apache-2.0
"""What a tuning found: which candidate to take and why, what to doubt, a table and a heat map."""

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np

from unified_agent.documents import one_line
from unified_agent.training.reward.measures import auc_error
from unified_agent.training.reward.tuning import FOLDS, MEASURES, JudgedViews, Sweep, choose, cross_validated, measured
from unified_agent.training.runs import save_figure
from unified_agent.vision.reward import Goal

FEW = 30
"""Views of a kind below which the figures are told to be loose."""
SEPARABLE = 0.8
"""AUC below which a reward is not worth learning from: 0.5 is chance."""
_RISE, _COST = 0.05, 0.02


def summary(sweep: Sweep, found: JudgedViews) -> dict[str, Any]:
    """Everything that a tuning found, as plain values: ``take``, ``candidates``, ``doubts``.

    Raises:
        UserError: nothing can be chosen.
    """
    true, false, near = found.counts
    figures = measured(found)
    row, alpha = choose(figures, true, false, near)
    held_out = cross_validated(found)
    candidates = [
        {**_named(goal), "alpha": value, **{name: _plain(figures[name][r, a]) for name in MEASURES}}
        for r, goal in enumerate(sweep.rows)
        for a, value in enumerate(sweep.alphas)
    ]
    take = candidates[row * len(sweep.alphas) + alpha]
    steady = _steadiest(figures, (row, alpha), auc_error(take["auc"], true, false))
    return {
        "views": {"true": true, "false": false, "near": near, "not known": int((found.truth < 0).sum())},
        "successful_episodes": len(found.successes),
        "take": {**take, "auc_error": auc_error(take["auc"], true, false)},
        "steadiest": None if steady is None else candidates[steady[0] * len(sweep.alphas) + steady[1]],
        "held_out": {name: _plain(value) for name, value in held_out.items()},
        "candidates": candidates,
        "caution": _caution(sweep, figures),
        "doubts": _doubts(found, bool(held_out), take["auc"]),
    }


def tell(result: dict[str, Any]) -> str:
    """The choice, why, and what to doubt of it."""
    take, views, held_out = result["take"], result["views"], result["held_out"]
    lines = [
        f"{views['true']} views show success and {views['false']} do not, {views['near']} of which nearly; "
        f"{result['successful_episodes']} episodes that succeed.",
        f"Take {_command(take)}",
        f"  {_figures(take)} (the AUC is known to {take['auc_error']:.3f})",
        "  because no other tells success better by more than chance, and of those that tell it as well it keeps most "
        "of how far there is to go (the least EPIC distance).",
    ]
    if held_out:
        lines.append(
            f"  Measured on the views that it was chosen by, which flatters it; {FOLDS} times chosen and measured on "
            f"different ones: {_figures(held_out)}."
        )
    if steady := result["steadiest"]:
        lines.append(f"For a reward that rises most steadily with time: {_command(steady)}")
        lines.append(f"  {_figures(steady)}")
    lines.append(result["caution"])
    return "\n".join([*filter(None, lines), *(f"Doubt: {doubt}" for doubt in result["doubts"])])


def table(result: dict[str, Any]) -> str:
    """Every candidate as CSV, a line each."""
    text = io.StringIO()
    writer = csv.DictWriter(text, ["goal", "baseline", "alpha", *MEASURES], lineterminator="\n")
    writer.writeheader()
    for candidate in result["candidates"]:
        sides = {side: " | ".join(candidate[side]) for side in ("goal", "baseline")}
        writer.writerow({**candidate, **sides})
    return text.getvalue()


def draw(result: dict[str, Any], path: Path) -> None:
    """Words x alpha, a panel a measure that the views define; what to take is framed."""
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    candidates, take = result["candidates"], result["take"]
    alphas = list(dict.fromkeys(candidate["alpha"] for candidate in candidates))
    shown = [name for name in MEASURES if any(candidate[name] is not None for candidate in candidates)]
    rows = len(candidates) // len(alphas)
    words, panel, tall = 3.2, max(1.9, 0.32 * len(alphas)), 0.4 * rows
    width, height = words + (panel + 0.1) * len(shown), tall + 0.8
    # Placed by hand: a layout that is found by drawing twice takes longer than the encoding of 500 views.
    figure = Figure(figsize=(width, height))
    taken = divmod(candidates.index({key: take[key] for key in candidates[0]}), len(alphas))
    for number, name in enumerate(shown):
        left = (words + number * (panel + 0.1)) / width
        axes = figure.add_axes((left, 0.45 / height, panel / width, tall / height))
        values = np.array([np.nan if c[name] is None else c[name] for c in candidates], float).reshape(rows, -1)
        axes.imshow(values, aspect="auto", cmap="viridis_r" if name == "epic" else "viridis")
        middle = (np.nanmin(values) + np.nanmax(values)) / 2
        for row, alpha in zip(*np.nonzero(np.isfinite(values)), strict=True):
            bright = (values[row, alpha] > middle) != (name == "epic")
            text = f"{values[row, alpha]:.2f}".replace("0.", ".", 1)
            axes.text(alpha, row, text, ha="center", va="center", fontsize=7, color="black" if bright else "white")
        axes.set_xticks(range(len(alphas)), [f"{alpha:g}" for alpha in alphas], fontsize=7)
        axes.set_yticks(range(rows), [_label(c) for c in candidates[:: len(alphas)]] if not number else [], fontsize=6)
        axes.set_xlabel("alpha", fontsize=8)
        axes.set_title(MEASURES[name] + (" (less is better)" if name == "epic" else ""), fontsize=9)
        corner = (taken[1] - 0.5, taken[0] - 0.5)
        axes.add_patch(Rectangle(corner, 1, 1, fill=False, edgecolor="red", linewidth=2))
    save_figure(figure, path)


def _steadiest(figures: dict[str, np.ndarray], taken: tuple[int, int], error: float) -> tuple[int, int] | None:
    """The candidate with the highest VOC of those that tell success as well as the one taken; None where that is it."""
    voc = np.where(figures["auc"] >= figures["auc"][taken] - error, figures["voc"], np.nan)
    if not np.isfinite(voc).any() or np.nanmax(voc) < np.nan_to_num(figures["voc"][taken], nan=-1.0) + _COST:
        return None
    row, alpha = np.unravel_index(int(np.nanargmax(voc)), voc.shape)
    return int(row), int(alpha)


def _caution(sweep: Sweep, figures: dict[str, np.ndarray]) -> str:
    """What alpha gave, and what it cost, in these views."""
    if len(sweep.alphas) == 1:
        return "No baseline was given: alpha stays at 0. Name the scene without the goal with --baseline to try others."
    area, distance = figures["auc"], figures["epic"]
    first, last = sweep.alphas[0], sweep.alphas[-1]
    parts = []
    row = int(np.argmax(area.max(axis=1) - area[:, 0]))
    best = int(np.argmax(area[row]))
    if area[row, best] - area[row, 0] > _RISE:
        parts.append(
            f"it rescues weak wording ('{_words(sweep.rows[row])}': AUC {area[row, 0]:.2f} at alpha {first:g}, "
            f"{area[row, best]:.2f} at {sweep.alphas[best]:g})"
        )
    row = int(np.argmax(distance[:, -1] - distance[:, 0]))
    if distance[row, -1] - distance[row, 0] > _COST:
        parts.append(
            f"it costs distance information where the wording is good ('{_words(sweep.rows[row])}': EPIC distance "
            f"{distance[row, 0]:.2f} at alpha {first:g}, {distance[row, -1]:.2f} at {last:g})"
        )
    what = "; ".join(parts) or "in these views it changed little"
    return f"Alpha is no free gain: {what}."


def _doubts(found: JudgedViews, held_out: bool, area: float) -> list[str]:
    true, false, near = found.counts
    doubts = []
    if area < SEPARABLE:
        doubts.append(f"no candidate tells success ({area:.2f}; 0.5 is chance): try other words, or another CLIP.")
    if min(true, false) < FEW:
        doubts.append(
            f"{min(true, false)} views of a kind are few: expect other figures on others; label {FEW} or more."
        )
    if not near:
        doubts.append("no view is labelled 'near': what looks nearly done is what a reward gets wrong first.")
    if not held_out:
        doubts.append(
            f"chosen and measured on the same views, so the figures flatter: {FOLDS} episodes (or pictures) with "
            "success and as many without are needed to hold some out."
        )
    if found.unfamiliar is not None and (strange := int(found.unfamiliar.sum())):
        doubts.append(
            f"{strange} of {len(found.unfamiliar)} views show a scene that this CLIP does not know: what it makes of "
            "them is a guess."
        )
    return doubts


def _named(goal: Goal) -> dict[str, list[str]]:
    return {"goal": list(goal.sentences), "baseline": list(goal.baselines)}


def _plain(value: float) -> float | None:
    return round(float(value), 4) if np.isfinite(value) else None


def _words(goal: Goal) -> str:
    return " / ".join(goal.sentences)


def _label(candidate: dict[str, Any]) -> str:
    wanted, without = (
        f"the mean of {len(words)}" if len(words) > 1 else one_line("".join(words), 48).replace("$", r"\$")
        for words in (candidate["goal"], candidate["baseline"])
    )
    return f"{wanted}\nagainst {without}" if without else wanted


def _command(candidate: dict[str, Any]) -> str:
    words = [f'--goal "{sentence}"' for sentence in candidate["goal"]]
    words += [f'--baseline "{sentence}"' for sentence in candidate["baseline"]] if candidate["alpha"] else []
    return " ".join([*words, f"--alpha {candidate['alpha']:g}"])


def _figures(row: dict[str, Any]) -> str:
    return ", ".join(f"{MEASURES[name]} {row[name]:.3f}" for name in MEASURES if row.get(name) is not None)
