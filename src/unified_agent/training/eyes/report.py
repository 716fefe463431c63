# SPDX-License-Identifier: Apache-2.0
"""What a CLIP checkpoint can see: its scores on labelled moments, its thresholds, its card and its figure."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from unified_agent.folders import write_whole
from unified_agent.language.subgoals import SENTENCES, VOCABULARY, Relation
from unified_agent.training.eyes.calibration import Detection, by_relation, calibrate, evaluate, macro, pooled
from unified_agent.training.eyes.frames import UNKNOWN, LabelledMoments
from unified_agent.training.eyes.labels import Reason
from unified_agent.training.eyes.shifts import PICTURES
from unified_agent.training.runs import save_figure
from unified_agent.vision.clip import CARD, Clip
from unified_agent.vision.detector import Detector

FIGURE = "report.png"
AS_THEY_ARE = "as it is"


def score_moments(
    clip: Clip,
    moments: LabelledMoments,
    sentences: Sequence[str] = SENTENCES,
    batch: int = 64,
    change: Callable[[np.ndarray], np.ndarray] | None = None,
) -> np.ndarray:
    """The detector's score of every sentence for every moment, shape (N, M).

    Args:
        change: what is done to frames, uint8 of shape (F, H, W, 3), before the detector sees them.
    """
    detector, scores = Detector(clip, sentences), []
    for start in range(0, len(moments), batch):
        views = moments.frames(np.arange(start, min(start + batch, len(moments))))
        if change is not None:
            views = change(views.reshape(-1, *views.shape[2:])).reshape(views.shape)
        scores.append(detector.score_moments(views))
    return np.concatenate(scores)


def detections(clip: Clip, moments: LabelledMoments, change: Callable | None = None) -> list[Detection]:
    """How right the checkpoint is on moments, with the thresholds that a detector takes from its card."""
    gammas = Detector(clip, SENTENCES).thresholds
    return evaluate(SENTENCES, score_moments(clip, moments, change=change), moments.truth, gammas)


def shifted(clip: Clip, held_out: LabelledMoments, scenes: Mapping[str, LabelledMoments]) -> dict[str, list[Detection]]:
    """How right it is on the same moments as they are, under other cameras and lights, and through other pictures.

    Args:
        scenes: of each of ``shifts.SCENES``, the moments that were held out.
    """
    found = {AS_THEY_ARE: detections(clip, held_out)}
    found |= {name: detections(clip, moments) for name, moments in scenes.items()}
    return found | {name: detections(clip, held_out, change) for name, change in PICTURES.items()}


def certify(
    folder: Path,
    tuning: LabelledMoments,
    held_out: LabelledMoments,
    history: Sequence[dict],
    scenes: Mapping[str, LabelledMoments] | None = None,
    **entries: object,
) -> dict[str, list[Detection]]:
    """Calibrate the checkpoint in a folder, test it, and write its card and its figure beside it.

    Args:
        folder: of the checkpoint.
        tuning: moments that the thresholds are calibrated on.
        held_out: moments that it is tested on.
        history: of the training, for the figure.
        scenes: the same held-out moments, of each of ``shifts.SCENES``.
        entries: what else the card is to say.

    Returns:
        The test's verdicts as they are and under every shift, one ``Detection`` a sentence.
    """
    clip = Clip.load(str(folder))
    scores = score_moments(clip, tuning)
    gammas = {s: round(calibrate(scores[:, i], tuning.truth[:, i]), 4) for i, s in enumerate(SENTENCES)}
    clip.card = {"thresholds": gammas, "default_threshold": max(gammas.values())}
    found = shifted(clip, held_out, scenes or {})
    counts = {"calibration_moments": len(tuning), "test_moments": len(held_out)}
    test = summary(found[AS_THEY_ARE], held_out) | {"shifts": shift_summary(found)}
    card = {**clip.card, **entries, **counts, "history": list(history), "test": test}
    write_whole(folder / CARD, json.dumps(card, indent=2) + "\n")
    draw(folder, history, found)
    return found


def summary(found: Sequence[Detection], moments: LabelledMoments) -> dict:
    """What the card keeps: precision and recall of all, relation by relation, sentence by sentence and as the mean of
    these, and what was not counted."""
    everything, means = pooled(found), macro(found)
    return {
        **_rates(everything),
        "mean": {"precision": means[0], "recall": means[1]},
        "relations": {r.value: _rates(d) for r, d in zip(Relation, by_relation(found), strict=True)},
        "not_counted": not_counted(moments),
        "sentences": {d.sentence: {**asdict(d), **_rates(d)} for d in found},
    }


def shift_summary(found: Mapping[str, Sequence[Detection]]) -> dict[str, dict]:
    """Precision and recall under every shift, of all and of each relation."""
    return {
        name: _rates(pooled(rows))
        | {"relations": {r.value: _rates(d) for r, d in zip(Relation, by_relation(rows), strict=True)}}
        for name, rows in found.items()
    }


def shift_table(found: Mapping[str, Sequence[Detection]]) -> str:
    """A Markdown table, one row a shift: precision and recall of all, and of each relation."""
    head = ["all", *(relation.value for relation in Relation)]
    lines = [f"| as seen | {' | '.join(f'{name}: precision | recall' for name in head)} |", "|---" * 9 + "|"]
    for name, rows in found.items():
        figures = (f"{d.precision:.4f} | {d.recall:.4f}" for d in (pooled(rows), *by_relation(rows)))
        lines.append(f"| {name} | {' | '.join(figures)} |")
    return "\n".join(lines)


def not_counted(moments: LabelledMoments) -> dict:
    """The share of pairs of a moment and a sentence whose truth is in between, for each relation and by reason."""
    truth = moments.truth
    reasons = [shard.reasons for shard in moments.shards]
    why = None if any(one is None for one in reasons) else np.concatenate(reasons)
    result = {"all": float((truth == UNKNOWN).mean())}
    for relation in Relation:
        columns = [i for i, goal in enumerate(VOCABULARY) if goal.relation is relation]
        result[relation.value] = float((truth[:, columns] == UNKNOWN).mean())
    if why is not None:
        result["reasons"] = {str(one): float((why == one).mean()) for one in Reason if one is not Reason.KNOWN}
    return result


def told(share: Mapping) -> str:
    """What was not counted, in words."""
    parts = ", ".join(f"{relation.value} {share[relation.value]:.1%}" for relation in Relation)
    reasons = "".join(f"\n  {part:.2%} {reason}" for reason, part in share.get("reasons", {}).items())
    return f"not counted: {share['all']:.1%} of the pairs of a moment and a sentence ({parts}){reasons}"


def _rates(detection: Detection) -> dict[str, float]:
    return {"precision": detection.precision, "recall": detection.recall}


def draw(folder: Path, history: Sequence[dict], found: Mapping[str, Sequence[Detection]]) -> None:
    """``report.png``: the loss by epoch; precision and recall by sentence and relation, and under every shift."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(16, 5), layout="constrained")
    loss, sentences, shifts = figure.subplots(1, 3, width_ratios=[1, 1.6, 1.3])
    loss.plot([h["epoch"] + 1 for h in history], [h["loss"] for h in history], marker="o")
    loss.set(xlabel="epoch", ylabel="sigmoid loss", yscale="log", title="training")
    rows = found[AS_THEY_ARE]
    _bars(sentences, {d.sentence: d for d in (*rows, *by_relation(rows), pooled(rows))}, 0.99)
    sentences.set(title="held-out moments")
    _bars(shifts, {name: pooled(some) for name, some in found.items()}, 0.97)
    shifts.set(title="the same, shifted")
    save_figure(figure, folder / FIGURE, dpi=110)


def _bars(axes, rows: Mapping[str, Detection], goal: float) -> None:
    places = np.arange(len(rows))
    axes.barh(places - 0.2, [d.precision for d in rows.values()], 0.4, label="precision")
    axes.barh(places + 0.2, [d.recall for d in rows.values()], 0.4, label="recall")
    axes.axvline(goal, color="grey", linewidth=0.8)
    axes.set(yticks=places, yticklabels=list(rows), xlim=(0.9, 1.0))
    axes.invert_yaxis()
    axes.legend(loc="lower left")
