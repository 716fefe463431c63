# SPDX-License-Identifier: Apache-2.0
"""Old episodes for a new run: only those that were seen with the same eyes and arm, or are looked at again."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
from tqdm import tqdm

from unified_agent.errors import UserError
from unified_agent.language.subgoals import SENTENCES
from unified_agent.training.policy.buffer import Buffer
from unified_agent.training.policy.experience import Episode, Provenance
from unified_agent.training.policy.experience_file import BadExperience
from unified_agent.vision.detector import Detector

_SHORT = 12


class Recall:
    """Reads a buffer for a run.

    Args:
        present: with what the run sees; its thresholds are those of the vocabulary.
        rescore: looks again at the frames of episodes that were seen with another CLIP; None: such episodes are
            refused. Where it is given, those that it cannot look at are left out.
        tell: called with a line a kind of episode that is not used as it is, once all were read.

    Attributes:
        counts: what became of the episodes -> how many.
    """

    def __init__(
        self, present: Provenance, rescore: Detector | None = None, tell: Callable[[str], None] = tqdm.write
    ) -> None:
        self._present, self._detector, self._tell = present, rescore, tell
        self._gammas = dict(zip(SENTENCES, present.thresholds, strict=True))
        self.counts: Counter[str] = Counter()

    def episodes(self, buffer: Buffer, without: str | None = None) -> Iterator[Episode]:
        """The episodes that can be learnt from, oldest first.

        Raises:
            UserError: at the end, where episodes were seen otherwise and are not to be scored anew.
        """
        refused: Counter[str] = Counter()
        for episode in buffer.episodes(frames=self._detector is not None, without=without):
            differences = self._differences(episode)
            if self._detector is None:
                if differences:
                    refused["; ".join(differences.values())] += 1
                    continue
                self.counts["used" if episode.provenance else "used, not known with which CLIP they were seen"] += 1
                yield replace(episode, frames=[])
            elif "arm" in differences:
                self.counts[f"left out: {differences['arm']}"] += 1
            elif episode.provenance is not None and "clip" not in differences:
                self.counts["used"] += 1  # other thresholds: the scores are the same
                yield replace(episode, frames=[])
            elif again := self._rescored(episode):
                self.counts["scored anew"] += 1
                yield again
        if refused:
            told = "; ".join(f"{count} with {what}" for what, count in refused.items())
            raise UserError(
                f"Episodes in {buffer.folder} were seen otherwise than now: {told}. Give --rescore to score their "
                "frames anew and leave out what cannot be, the same CLIP and arm, or another --buffer."
            )
        for what, count in self.counts.items():
            if what != "used":
                self._tell(f"{buffer.folder}: {count} episodes {what}.")

    def _differences(self, episode: Episode) -> dict[str, str]:
        was, now = episode.provenance, self._present
        if was is None:
            return {}
        found = {}
        if was.arm != now.arm:
            found["arm"] = f"the arm '{was.arm[:40]}' instead of '{now.arm}'"
        if was.clip != now.clip:
            found["clip"] = f"the CLIP {was.clip[:_SHORT]} instead of {now.clip[:_SHORT]}"
        for sentence, gamma in zip(episode.sentences, was.thresholds, strict=True):
            if abs(self._gammas.get(sentence, gamma) - gamma) > 1e-9:
                found["thresholds"] = f"a threshold of {gamma:g} instead of {self._gammas[sentence]:g} for '{sentence}'"
                break
        return found

    def _rescored(self, episode: Episode) -> Episode | None:
        if not episode.frames:
            self.counts["left out: no frames to score anew"] += 1
            return None
        try:
            moments = [episode.frames_of(moment) for moment in range(len(episode.frames))]
        except BadExperience:
            self.counts["left out: their frames cannot be read"] += 1
            return None
        scores = [self._detector.score_moments(np.ascontiguousarray(moment)[None])[0] for moment in moments]
        return replace(episode, sentences=self._detector.sentences, scores=scores, frames=[], provenance=self._present)
