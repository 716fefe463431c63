# SPDX-License-Identifier: Apache-2.0
"""Thresholds for a detector, and how right it is with them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from unified_agent.language.subgoals import Relation, SubGoal


@dataclass(frozen=True)
class Detection:
    """How right one sentence's verdicts were; frames whose truth is in between are not counted."""

    sentence: str
    threshold: float
    true_positives: int
    false_positives: int
    false_negatives: int
    true_negatives: int

    @property
    def precision(self) -> float:
        """The share of its verdicts "true" that were right."""
        return self.true_positives / max(1, self.true_positives + self.false_positives)

    @property
    def recall(self) -> float:
        """The share of the frames it was true of in which it was said."""
        return self.true_positives / max(1, self.true_positives + self.false_negatives)


def calibrate(scores: np.ndarray, truth: np.ndarray, beta: float = 0.5) -> float:
    """The threshold with the highest F-score, half-way between the scores on its two sides.

    F = (1 + beta^2) P R / (beta^2 P + R) of precision P and recall R (van Rijsbergen, "Information
    Retrieval", 1979). Beta below 1 counts precision more than recall: a false "true" sends the robot on
    from a step that it has not done, a missed one costs a frame.

    Args:
        scores: shape (N,).
        truth: 1, 0 or -1 (not counted), shape (N,).
        beta: how many times recall counts as much as precision.
    """
    scores, truth = scores[truth >= 0], truth[truth >= 0]
    order = np.argsort(-scores, kind="stable")
    ranked, hits = scores[order], np.cumsum(truth[order] == 1)
    if not len(hits) or hits[-1] == 0:
        return 1.0
    precision, recall = hits / np.arange(1, len(hits) + 1), hits / hits[-1]
    quality = (1 + beta**2) * precision * recall / np.maximum(beta**2 * precision + recall, 1e-12)
    # Equal scores stand or fall together: only the last of them can be where the cut is.
    cut = int(np.argmax(np.where(np.append(np.diff(ranked) < 0, True), quality, -1.0)))
    below = ranked[cut + 1] if cut + 1 < len(ranked) else -1.0
    return float((ranked[cut] + below) / 2)


def evaluate(
    sentences: Sequence[str], scores: np.ndarray, truth: np.ndarray, thresholds: np.ndarray
) -> list[Detection]:
    """One ``Detection`` a sentence, of scores and truth of shape (N, M) and thresholds of shape (M,)."""
    said, known = scores > thresholds, truth >= 0
    right = truth == 1
    counts = [(said & right), (said & ~right), (~said & right), (~said & ~right)]
    columns = np.stack([(count & known).sum(axis=0) for count in counts], axis=1)
    return [
        Detection(sentence, float(gamma), *(int(n) for n in row))
        for sentence, gamma, row in zip(sentences, thresholds, columns, strict=True)
    ]


def pooled(detections: Sequence[Detection], name: str = "all") -> Detection:
    """All sentences' verdicts counted together."""
    counts = ("true_positives", "false_positives", "false_negatives", "true_negatives")
    return Detection(name, float("nan"), *(sum(getattr(d, count) for d in detections) for count in counts))


def by_relation(detections: Sequence[Detection]) -> list[Detection]:
    """The verdicts on the sub-goals' sentences, pooled for each relation."""
    of = {relation: [d for d in detections if SubGoal.parse(d.sentence).relation is relation] for relation in Relation}
    return [pooled(some, f"every sentence of '{relation.value}'") for relation, some in of.items()]


def macro(detections: Sequence[Detection]) -> tuple[float, float]:
    """Precision and recall as the mean over sentences, so that rare ones count as much as common ones."""
    return float(np.mean([d.precision for d in detections])), float(np.mean([d.recall for d in detections]))


def table(detections: Sequence[Detection]) -> str:
    """A Markdown table, one row a sub-goal's sentence, a relation, their mean and all."""
    lines = ["| sentence | gamma | true | false | precision | recall |", "|---|---|---|---|---|---|"]
    for d in [*detections, *by_relation(detections), pooled(detections)]:
        true, false = d.true_positives + d.false_negatives, d.false_positives + d.true_negatives
        gamma = "" if np.isnan(d.threshold) else f"{d.threshold:.3f}"
        lines.append(f"| {d.sentence} | {gamma} | {true} | {false} | {d.precision:.4f} | {d.recall:.4f} |")
    precision, recall = macro(detections)
    lines.append(f"| mean of the sentences | | | | {precision:.4f} | {recall:.4f} |")
    return "\n".join(lines)
