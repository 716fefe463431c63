# SPDX-License-Identifier: Apache-2.0
"""One input: made from its seed, put through the command that would read it, and judged."""

import contextlib
import hashlib
import io
import json
import os
import random
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from unified_agent import cli
from unified_agent.bench.fuzzing import mutations
from unified_agent.bench.fuzzing.commands import command
from unified_agent.errors import UserError

KINDS = {
    "bag": 6,
    "sqlite": 4,
    "dataset": 5,
    "clip": 5,
    "policy": 3,
    "planner": 3,
    "adapter": 2,
    "arm": 5,
    "parameters": 4,
    "sentences": 3,
    "commands": 6,
}
"""Kind of input -> how often it is tried."""
TOLD = "told.json"
"""In the folder of an input: what it is."""
_FORBIDDEN = {"os.system", "subprocess.Popen", "os.exec", "os.posix_spawn", "socket.connect", "ctypes.dlopen"}
_WRITES = {"os.remove", "os.rmdir", "os.rename", "os.mkdir", "os.link", "os.symlink", "os.truncate", "os.chmod"}


@dataclass
class Tried:
    """What became of an input.

    Attributes:
        outcome: "read" (exit 0 or 1), "refused" (2), or "traceback".
        outside: what was changed, run or asked of the network that should not have been.
        megabytes: by which the process grew at most.
    """

    seed: int
    kind: str
    what: str
    outcome: str = ""
    said: str = ""
    outside: list[str] = field(default_factory=list)
    megabytes: float = 0.0
    seconds: float = 0.0


class Watch:
    """Hears what Python opens to write, deletes, moves, starts or connects to, while it is on."""

    def __init__(self) -> None:
        self._roots: tuple[str, ...] | None = None
        self._foreign, self.heard = "", []
        sys.addaudithook(self._hear)

    @contextlib.contextmanager
    def on(self, root: Path, allowed: tuple[Path, ...]) -> Iterator[list[str]]:
        """What is heard goes into the list; ``root`` is the folder of the input, whose code nobody runs."""
        self.heard, self._foreign = [], f"{root}{os.sep}"
        self._roots = tuple(f"{os.path.abspath(path)}" for path in (*allowed, "/dev", "/proc"))
        try:
            yield self.heard
        finally:
            self._roots = None

    def _hear(self, event: str, details: tuple) -> None:
        if self._roots is None or threading.current_thread().name == "fuzz":
            return
        if event in _FORBIDDEN and not self._ours(event, details):
            self.heard.append(f"{event} {details!r:.100}")
        elif event == "exec" and self._foreign in str(getattr(details[0], "co_filename", "")):
            self.heard.append(f"code was run: {details[0].co_filename}")
        elif event == "open" and isinstance(details[2], int) and details[2] & (os.O_WRONLY | os.O_RDWR | os.O_TRUNC):
            self._written(event, details[0])
        elif event in _WRITES:
            self._written(event, details[1] if event == "os.rename" else details[0])

    def _ours(self, event: str, details: tuple) -> bool:
        # A library that is loaded late, or what platform and torch look up once.
        return event == "ctypes.dlopen" and self._foreign not in str(details)

    def _written(self, event: str, path: Any) -> None:
        if isinstance(path, (str, bytes, os.PathLike)):
            whole = os.path.abspath(os.fsdecode(path))
            if not whole.startswith(self._roots):
                self.heard.append(f"{event} {whole[-200:]}")


def attempt(seed: int, samples: Path, place: Path, watch: Watch, kinds: tuple[str, ...] = ()) -> dict:
    """Try the input of a seed.

    Args:
        samples: of `samples.make`, never changed.
        place: an empty folder for it.
        kinds: of inputs; all when empty.
    """
    chance = random.Random(seed)
    names = kinds or tuple(KINDS)
    kind = chance.choices(names, [KINDS[name] for name in names])[0]
    given, out, work = place / "in", place / "out", place / "work"
    for folder in (given, work):
        folder.mkdir(parents=True)
    outside = place / "outside"
    outside.write_text("somebody's")
    found = Tried(seed, kind, "")
    if kind == "commands":
        argv, found.what = command(chance, samples, given, out)
        action: Callable[[], int] = lambda: cli.main(argv)  # noqa: E731
    else:
        mutations.copy(samples / kind, given / kind)
        found.what = mutations.damage(given / kind, chance, outside)
        action = _action(kind, given / kind, samples, out, chance)
    (place / TOLD).write_text(json.dumps({"kind": kind, "what": found.what}))  # for who has to end a hang
    before = _snapshot(place, out)
    os.chdir(work)
    said = io.StringIO()
    base = _peak(reset=True)
    begin = os.times()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said), watch.on(given, (out, work)) as heard:
        try:
            found.outcome = "refused" if action() == 2 else "read"
        except SystemExit as end:
            found.outcome = "refused" if end.code else "read"
        except UserError as error:
            found.outcome = "refused"
            said.write(str(error))
        except BaseException:
            found.outcome = "traceback"
            said.write(traceback.format_exc())
    end = os.times()
    found.seconds = end.user + end.system - begin.user - begin.system
    found.megabytes = _peak() - base
    found.said = said.getvalue()[-3000:]
    if "Traceback (most recent call last)" in found.said:
        found.outcome = "traceback"
    if found.outcome == "refused" and not found.said.strip():
        found.outcome = "traceback"
        found.said = "refused without a word"
    after = _snapshot(place, out)
    found.outside = heard + [f"changed: {name}" for name in sorted(before.keys() ^ after.keys())]
    found.outside += [f"changed: {name}" for name in before.keys() & after.keys() if before[name] != after[name]]
    return asdict(found)


def _action(kind: str, given: Path, samples: Path, out: Path, chance: random.Random) -> Callable[[], int]:
    clip, bag = ["--clip", str(samples / "clip"), "--device", "cpu"], str(samples / "bag")
    if kind in ("bag", "sqlite"):
        argv = chance.choice(
            (
                ["show", str(given), "--out", str(out / "x.png")],
                ["show", str(given), "--out", str(out / "x.mp4")],
                ["export", str(given), "--out", str(out / "ds")],
                ["relabel", str(given), "--out", str(out / "r"), *clip],
            )
        )
    elif kind == "dataset":
        argv = ["import", str(given), "--out", str(out / "bags")]
    elif kind == "clip":
        argv = ["relabel", bag, "--out", str(out / "r"), "--clip", str(given), "--device", "cpu"]
    elif kind == "sentences":
        file = chance.choice(sorted(given.iterdir()) or [given / "gone"])
        if file.name == "answers.yaml":
            argv = ["plan", "--evaluate", str(file), "--planner", f"hf:{samples / 'nothing'}"]
        else:
            argv = ["relabel", bag, "--out", str(out / "r"), *clip, "--sentences", str(file)]
    else:
        return lambda: _load(kind, given, samples)
    return lambda: cli.main(argv)


def _load(kind: str, given: Path, samples: Path) -> int:
    """What a command does with such a file, without the minutes that the rest of it would take."""
    if kind == "policy":
        from unified_agent.policy.checkpoint import Policy

        Policy.load(str(given), "cpu")
    elif kind == "planner":
        from unified_agent.language import backends

        backends.load(f"hf:{given}", "cpu")
    elif kind == "adapter":
        from transformers import LlamaForCausalLM, PreTrainedTokenizerFast

        from unified_agent.language import backends

        base = samples / "planner"
        backends.smollm2.load = lambda: (
            PreTrainedTokenizerFast.from_pretrained(base),
            LlamaForCausalLM.from_pretrained(base),
        )
        backends.Tuned.load(given, "cpu")
    elif kind == "arm":
        from unified_agent.robot.arm import Arm
        from unified_agent.robot.kinematics import Kinematics
        from unified_agent.sim import scene

        arm = Arm.load(next(iter(given.glob("*.yaml")), given / "arm.yaml"))
        Kinematics(arm).forward(arm.home)
        scene.build(arm, ("red", "blue"))
    else:
        from unified_agent.graph import lists

        for file in sorted(given.iterdir()):
            lists.sim({"params_file": str(file)})
            lists.replay({"params_file": str(file), "bag": str(samples / "bag")})
    return 0


def _snapshot(place: Path, out: Path) -> dict[str, str]:
    """What lies around, without what may be written: name -> what it is."""
    found = {}
    for parent, folders, files in os.walk(place):
        if Path(parent) == out or out in Path(parent).parents:
            continue
        for name in (*folders, *files):
            path = Path(parent, name)
            if path != out and not path.is_relative_to(place / "work"):
                regular = path.is_file() and not path.is_symlink()
                found[str(path.relative_to(place))] = hashlib.sha256(path.read_bytes()).hexdigest() if regular else ""
    return found


def _peak(reset: bool = False) -> float:
    """Megabytes of this process at most since the last reset (Linux)."""
    if reset:
        with contextlib.suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5")
    lines = Path("/proc/self/status").read_text().splitlines()
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)
