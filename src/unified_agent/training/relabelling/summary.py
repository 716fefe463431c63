# SPDX-License-Identifier: Apache-2.0
"""What a search found, in a few lines, however many recordings there were."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from unified_agent.training.relabelling.labels import Labels

# Lines of recordings; the table has all.
SHOWN = 20
# Recordings of which every sentence is told.
FEW = 3
_TIMES, _NAMES = 4, 3


def told(found: Mapping[str, Labels], failed: Mapping[str, str], doubts: str = "", trusted: bool = False) -> list[str]:
    """Lines about the recordings that were looked at, and those that were not.

    Args:
        found: a recording's place -> what was found.
        failed: a recording's path -> why nothing was.
        doubts: which sentences are not calibrated.
        trusted: whether sentences were held true in scenes that the model does not know.
    """
    lines = list(_in_full(found, trusted) if len(found) <= FEW else _in_short(found))
    if found:
        lines += _totals(found, trusted)
    lines += _strange(found, trusted)
    lines += [doubts] if doubts else []
    lines += grouped(
        "left out or lost", {name: "; ".join(labels.lost) for name, labels in found.items() if labels.lost}
    )
    return lines + grouped("failed", failed)


def _in_full(found: Mapping[str, Labels], trusted: bool) -> Iterator[str]:
    for name, labels in found.items():
        yield f"{name}: {labels.frames} moments of {' and '.join(labels.image_topics)}"
        times, judged = _times(labels), _judged(labels, trusted)
        for sentence, gamma in labels.thresholds.items():
            if sentence in times:
                yield f"  {sentence}: true from {_listed(times[sentence])}"
            elif judged:
                yield f"  {sentence}: {_never(labels.best[sentence], gamma, judged)}"


def _in_short(found: Mapping[str, Labels]) -> Iterator[str]:
    telling = [(name, labels) for name, labels in found.items() if labels.finds]
    for name, labels in telling[:SHOWN]:
        parts = [f"{sentence} ({_listed(times)})" for sentence, times in _times(labels).items()]
        more = f"; {len(parts) - _NAMES} more sentences" if len(parts) > _NAMES else ""
        yield f"{name}: {'; '.join(parts[:_NAMES])}{more}"
    if len(telling) > SHOWN:
        yield f"... and {len(telling) - SHOWN} more recordings with finds"


def _totals(found: Mapping[str, Labels], trusted: bool) -> Iterator[str]:
    finds: Counter[str] = Counter()
    within: Counter[str] = Counter()
    for labels in found.values():
        sentences = [find.sentence for find in labels.finds]
        finds.update(sentences)
        within.update(set(sentences))
    moments = sum(labels.frames for labels in found.values())
    having = sum(bool(labels.finds) for labels in found.values())
    yield (
        f"{_count(len(found), 'recording')} looked at, {_count(moments, 'moment')}: {_count(finds.total(), 'find')} in "
        f"{_count(having, 'recording')}"
    )
    if len(found) <= FEW:
        return
    judged = sum(_judged(labels, trusted) for labels in found.values())
    best: dict[str, float] = {}
    gammas: dict[str, float] = {}
    for labels in found.values():
        gammas |= labels.thresholds
        for sentence, value in labels.best.items():
            best[sentence] = max(best.get(sentence, -1.0), value)
    for sentence, value in list(best.items())[:SHOWN]:
        if finds[sentence]:
            yield f"  {sentence}: {_count(finds[sentence], 'find')} in {_count(within[sentence], 'recording')}"
        elif judged:
            yield f"  {sentence}: {_never(value, gammas[sentence], judged)}"
    if len(best) > SHOWN:
        yield f"  ... and {len(best) - SHOWN} more sentences"


def _strange(found: Mapping[str, Labels], trusted: bool) -> Iterator[str]:
    strange = {name: labels for name, labels in found.items() if labels.unfamiliar}
    if not strange:
        return
    moments = sum(labels.unfamiliar for labels in strange.values())
    named = ", ".join(list(strange)[:_NAMES]) + (f" and {len(strange) - _NAMES} more" if len(strange) > _NAMES else "")
    what = "what is found there is a guess" if trusted else "nothing is held true there (--trust-unfamiliar)"
    yield (
        f"unfamiliar: {_count(moments, 'moment')} in {_count(len(strange), 'recording')} ({named}) of scenes that this "
        f"CLIP does not know: {what}"
    )


def _judged(labels: Labels, trusted: bool) -> int:
    """Moments in which a sentence could be held true."""
    return labels.frames - (0 if trusted else labels.unfamiliar)


def _never(best: float, gamma: float, moments: int) -> str:
    long = "for long enough " if best > gamma else ""
    return f"never {long}in {_count(moments, 'moment')} (best {best:.3f}, threshold {gamma:.3f})"


def _times(labels: Labels) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {}
    for find in labels.finds:
        times.setdefault(find.sentence, []).append(find.begin)
    return times


def _listed(times: Sequence[float]) -> str:
    more = f" and {len(times) - _TIMES} more" if len(times) > _TIMES else ""
    return ", ".join(f"{time:.2f} s" for time in times[:_TIMES]) + more


def grouped(what: str, reasons: Mapping[str, str]) -> list[str]:
    """A line a kind of reason: those that differ in numbers and names only are one kind."""
    kinds: dict[str, list[str]] = {}
    for name in reasons:
        kinds.setdefault(_kind(name, reasons[name]), []).append(name)
    lines = []
    for names in list(kinds.values())[:SHOWN]:
        if len(names) == 1:
            lines.append(f"{what}: {names[0]}: {_short(names[0], reasons)}")
        else:
            more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
            lines.append(
                f"{what}: {len(names)} recordings ({', '.join(names[:_NAMES])}{more}), the first: "
                f"{_short(names[0], reasons)}"
            )
    if len(kinds) > SHOWN:
        left: Iterable[list[str]] = list(kinds.values())[SHOWN:]
        lines.append(f"{what}: {sum(map(len, left))} more for other reasons")
    return lines


def _short(name: str, reasons: Mapping[str, str]) -> str:
    return reasons[name].replace(name, "it")


def _kind(name: str, reason: str) -> str:
    return re.sub(r"\S*/\S*|\d+", "#", reason.replace(name, "#"))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")
