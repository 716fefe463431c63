# SPDX-License-Identifier: Apache-2.0
"""The picture of `reward_tabletop`."""

from pathlib import Path
from typing import Any

from unified_agent.training.runs import save_figure


def draw(result: dict[str, Any], path: Path) -> None:
    """AUC by sentence; each measure by alpha, on views and on episodes; the mean reward over time by kind."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 9), layout="constrained")
    panels = figure.subplots(2, 2)
    _sentences(panels[0, 0], result["sentences"])
    _traces(panels[0, 1], result["trace"])
    _alphas(panels[1, 0], result["alphas"], {"auc": "success AUC", "epic": "EPIC distance"}, "single views")
    ordered = {"voc": "VOC", "ranked": "failed below successful"}
    _alphas(panels[1, 1], result["episodes"], ordered, "episodes")
    save_figure(figure, path)


def _sentences(axes, rows: list[dict[str, Any]]) -> None:
    places = range(len(rows))
    for shift, name, label in ((-0.15, "auc", "all"), (0.15, "near_auc", "near misses")):
        low, high = ([abs(row[f"{name}_interval"][end] - row[name]) for row in rows] for end in (0, 1))
        middle = [row[name] for row in rows]
        axes.errorbar(middle, [place + shift for place in places], xerr=[low, high], fmt="o", ms=4, label=label)
    axes.set_yticks(places, [row["goal"].removeprefix("the ") for row in rows], fontsize=7)
    axes.invert_yaxis()
    axes.axvline(1.0, color="grey", linewidth=0.6)
    axes.set(xlabel="success AUC", title="fresh views, alpha 0")
    axes.legend(loc="lower left", fontsize=8)


def _traces(axes, traces: dict[str, list[float]]) -> None:
    for kind, values in traces.items():
        times = [number / (len(values) - 1) for number in range(len(values))]
        axes.plot(times, values, label=kind, linewidth=2.4 if kind == "success" else 1.2)
    axes.set(xlabel="share of the episode", ylabel="mean reward", title="red on blue, alpha 0")
    axes.legend(fontsize=7)


def _alphas(axes, rows: list[dict[str, Any]], measures: dict[str, str], title: str) -> None:
    styles = iter(("C0-", "C0--", "C1-", "C1--"))
    markers = dict(zip(measures, ("o", "^"), strict=True))
    for words in dict.fromkeys((row["goal"], row["baseline"]) for row in rows):
        style = next(styles)
        mine = [row for row in rows if (row["goal"], row["baseline"]) == words]
        for name, marker in markers.items():
            values = [row[name] for row in mine]
            label = f"'{words[0]}'\nagainst '{words[1]}'" if name == next(iter(markers)) else None
            axes.plot([row["alpha"] for row in mine], values, style, marker=marker, ms=3.5, label=label)
    signs = dict(zip(markers, ("dots", "triangles"), strict=True))
    axes.set(xlabel="alpha", title=f"{title}: " + ", ".join(f"{label} ({signs[n]})" for n, label in measures.items()))
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2, fontsize=7, frameon=False)
