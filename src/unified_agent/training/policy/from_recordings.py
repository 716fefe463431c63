# SPDX-License-Identifier: Apache-2.0
"""A policy from recordings alone: no simulator, no arm, no network but CLIP and the one that learns."""

import hashlib
import json
import pickle
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import torch
from tqdm import tqdm

from unified_agent.documents import BadDocument, json_of, mapping, read_text
from unified_agent.errors import UserError
from unified_agent.folders import OwnFolder
from unified_agent.language.subgoals import SENTENCES, SubGoal
from unified_agent.recording.lerobot.reader import DatasetReader
from unified_agent.robot.arm import Arm
from unified_agent.training.policy import experience, successes
from unified_agent.training.policy.bag_experience import Eyes, experience_of
from unified_agent.training.policy.experience import Episode
from unified_agent.training.policy.learner import Learner
from unified_agent.training.policy.recorded import Names, Recorded, RecordedBag, RecordedEpisode
from unified_agent.training.policy.sources import RecordingSource
from unified_agent.training.policy.successes import Clone
from unified_agent.training.runs import arm_identity, keep_state, save_figure

KIND = "policy from recordings"
POLICY, PICTURE, LIST = "policy", "demonstrations.png", "recordings.json"
_WORK, _PROGRESS = "work", "work/progress.pt"
_SAVED_EVERY = 250
"""Gradient steps after which a training that is cut off goes on."""
_BROKEN = (pickle.UnpicklingError, RuntimeError, ValueError, KeyError, EOFError, OSError, TypeError)


@dataclass(frozen=True)
class TeachingSettings:
    """How to learn from recordings.

    Attributes:
        arm: that was recorded, a name or a YAML path.
        sentences: sub-goals that are learnt; empty: the whole vocabulary.
        steps: gradient steps, with a learning rate that falls to nothing.
        batch: demonstrations a gradient step.
        learning_rate: of AdamW, at the beginning.
        seed: of the weights and the batches.
        names: how things are called in the recordings.
    """

    arm: str = "default"
    sentences: tuple[str, ...] = ()
    steps: int = 6_000
    batch: int = 128
    learning_rate: float = 1e-3
    seed: int = 0
    names: Names = field(default_factory=Names)

    def __post_init__(self) -> None:
        for name in ("steps", "batch"):
            if getattr(self, name) < 1:
                raise UserError(f"'{name}' must be 1 or more, not {getattr(self, name)}.")
        if not 0 <= self.seed < 2**63:
            raise UserError(f"'seed' is a whole number from 0 and below 2^63, not {self.seed}.")
        asked = tuple(dict.fromkeys(SubGoal.parse(sentence).sentence for sentence in self.sentences))
        object.__setattr__(self, "sentences", asked)


@dataclass
class Account:
    """What became of one recording.

    Attributes:
        name: of the recording.
        demonstrations: sentence -> how many it gave.
        decisions: what its gripper did -> how often.
        notes: what in it could not be used, and why.
        left_out: why it gave nothing; empty where it gave something.
    """

    name: str
    demonstrations: dict[str, int] = field(default_factory=dict)
    decisions: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    left_out: str = ""

    @classmethod
    def read(cls, path: Path) -> "Account | None":
        """Of a file; None where there is none, or none that is whole: its recording is read again."""
        try:
            account = cls(**mapping(json_of(read_text(path), str(path)), str(path)))
        except (BadDocument, TypeError):
            return None
        counts = (account.demonstrations, account.decisions)
        whole = all(isinstance(one, dict) and all(isinstance(n, int) for n in one.values()) for one in counts)
        notes = account.notes if isinstance(account.notes, list) else [None]
        texts = all(isinstance(text, str) for text in (account.name, account.left_out, *notes))
        return account if whole and texts else None


class FromRecordings:
    """One run in a folder; where it was cut off, it goes on: a recording that was read is not read again.

    Args:
        settings: how to learn.
        sources: the recordings.
        eyes: say what is true in their frames.
        out: folder of the run.
        command: written on the card.

    Raises:
        FolderError: the folder is somebody else's, or holds a run with other settings or recordings.
    """

    def __init__(
        self, settings: TeachingSettings, sources: Sequence[RecordingSource], eyes: Eyes, out: Path, command: str = ""
    ):
        self._settings, self._sources, self._eyes, self._command = settings, sources, eyes, command
        self._arm = Arm.load(settings.arm)
        self._provenance = eyes.provenance(self._arm)
        self._folder = OwnFolder.claim(out, KIND, self._claimed(), sources={source.path for source in sources})
        self._datasets: dict[Path, DatasetReader] = {}

    def __enter__(self) -> "FromRecordings":
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.close()

    def read(self) -> list[Account]:
        """Look through every recording that was not looked through before; what became of each."""
        accounts = []
        with tqdm(self._sources, desc="read", unit="recording", mininterval=0.5) as bar:
            for number, source in enumerate(bar):
                account = self._account(number, source)
                accounts.append(account)
                bar.set_postfix_str(f"{sum(sum(one.demonstrations.values()) for one in accounts)} demonstrations")
        self._folder.write(LIST, json.dumps([asdict(account) for account in accounts], indent=1) + "\n")
        return accounts

    def train(self, accounts: Sequence[Account]) -> dict:
        """Learn from what was read, write the checkpoint and the picture, and return the checkpoint's card.

        Raises:
            UserError: nothing was read that can be learnt from.
        """
        settings = self._settings
        learner = Learner(self._arm, (), settings.learning_rate, keep=2**31, seed=settings.seed)
        for number, account in enumerate(accounts):
            if account.demonstrations:
                for episode in experience.load(self._folder.path / self._file(number, "safetensors")):
                    learner.add(self._demonstrations(episode))
        counts = dict.fromkeys(settings.sentences or SENTENCES, 0) | learner.counts()
        if not any(counts.values()):
            raise UserError("None of the recordings gave a demonstration: there is nothing to learn.")
        loss = self._fit(learner)
        policy = learner.policy()
        policy.card = self._card(accounts, counts, loss)
        self._folder.place(POLICY)
        policy.save(self._folder.path / POLICY)
        draw_counts(counts, self._folder.place(PICTURE))
        return policy.card

    def _account(self, number: int, source: RecordingSource) -> Account:
        told = self._file(number, "json")
        if self._folder.owns(told) and (account := Account.read(self._folder.path / told)):
            return account
        account = Account(source.name)
        try:
            gleaned = experience_of(self._open(source), self._arm, self._eyes, pictures=False)
        except (UserError, OSError) as error:
            account.left_out = str(error)
        else:
            account.notes = gleaned.notes
            account.decisions = {change.name.lower(): count for change, count in gleaned.decisions.items()}
            taught = [self._demonstrations(episode).sentences.tolist() for episode in gleaned.episodes]
            account.demonstrations = dict(Counter(sentence for sentences in taught for sentence in sentences))
            if account.demonstrations:
                experience.save(gleaned.episodes, self._folder.place(self._file(number, "safetensors")))
            else:
                account.left_out = _why_nothing(account)
        self._folder.write(self._file(number, "json"), json.dumps(asdict(account)) + "\n")
        return account

    def _open(self, source: RecordingSource) -> Recorded:
        if source.episode is None:
            return RecordedBag(source.path, self._settings.names)
        if source.path not in self._datasets:
            self._datasets[source.path] = DatasetReader(source.path)
        return RecordedEpisode(self._datasets[source.path], source.episode, source.name, self._settings.names)

    def _demonstrations(self, episode: Episode):
        """All sentences that came true; what was pursued at the time does not count."""
        episode = replace(episode, pursued=[""] * len(episode))
        found = successes.of_subgoals(episode, self._eyes.detector.thresholds, hindsight=True, clone=Clone.CAUSAL)
        return found.of(self._settings.sentences) if self._settings.sentences else found

    def _fit(self, learner: Learner) -> float:
        steps, path = self._settings.steps, self._folder.place(_PROGRESS)
        done, loss = 0, float("nan")
        if path.is_file():
            try:
                saved = torch.load(path, weights_only=True)
                learner.restore(saved["learner"])
                done, loss = int(saved["done"]), float(saved["loss"])
            except _BROKEN as error:
                raise UserError(f"{path} cannot be read ({error}): give another --out, or remove that file.") from None
        with tqdm(total=steps, initial=done, desc="learn", unit="update", mininterval=1) as bar:
            while done < steps:
                count = min(_SAVED_EVERY, steps - done)
                loss = learner.update(count, self._settings.batch, anneal=True, first=done, total=steps)
                done += count
                keep_state(self._folder, _PROGRESS, {"learner": learner.state(), "done": done, "loss": loss})
                bar.set_postfix_str(f"loss {loss:.2f}", refresh=False)
                bar.update(count)
        return loss

    def _card(self, accounts: Sequence[Account], counts: Mapping[str, int], loss: float) -> dict:
        used = [account for account in accounts if account.demonstrations]
        decisions = sum((Counter(account.decisions) for account in accounts), Counter())
        settings = asdict(self._settings)
        return {
            "command": self._command,
            "arm": self._arm.name,
            "trained_on": f"{sum(counts.values())} demonstrations in {len(used)} recordings, as CLIP saw them succeed",
            "demonstrations": dict(counts),
            "decisions": dict(decisions),
            "recordings": {
                "read": len(accounts),
                "used": len(used),
                "left_out": dict(Counter(account.left_out for account in accounts if account.left_out).most_common(20)),
                "listed_in": LIST,
                "identity": self._folder.settings["recordings"],
            },
            "clip": {
                "fingerprint": self._provenance.clip,
                "thresholds": dict(zip(SENTENCES, self._provenance.thresholds, strict=True)),
            },
            "cloning": {name: settings[name] for name in ("steps", "batch", "learning_rate", "seed")},
            "final_loss": loss,
        }

    def _claimed(self) -> dict:
        """What the policy depends on."""
        identities = [source.identity() for source in self._sources]
        digest = hashlib.sha256(json.dumps(identities).encode()).hexdigest()[:16]
        return asdict(self._settings) | {
            "arm": arm_identity(self._arm),
            "recordings": f"{len(self._sources)}, sha256 of names, sizes and times {digest}",
            "clip": self._provenance.clip,
            "thresholds": list(self._provenance.thresholds),
        }

    @staticmethod
    def _file(number: int, ending: str) -> str:
        return f"{_WORK}/{number:06d}.{ending}"


def draw_counts(counts: Mapping[str, int], path: Path) -> None:
    """A bar a sentence: how many demonstrations taught it."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 0.6 + 0.3 * len(counts)), layout="constrained")
    axes = figure.subplots()
    bars = axes.barh(list(counts), list(counts.values()), color="#3b6ea8")
    axes.bar_label(bars, padding=3)
    axes.invert_yaxis()
    axes.set(xlabel="demonstrations", title="What the recordings teach")
    axes.spines[["top", "right"]].set_visible(False)
    save_figure(figure, path)


def _why_nothing(account: Account) -> str:
    did = ", ".join(f"{count} x {name}" for name, count in account.decisions.items())
    notes = f"; {'; '.join(account.notes[:3])}" if account.notes else ""
    return f"no sentence came true with what the gripper did ({did}){notes}"
