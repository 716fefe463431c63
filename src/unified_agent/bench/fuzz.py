# SPDX-License-Identifier: Apache-2.0
"""Thousands of damaged and hostile inputs, each through the real command: nothing may crash, hang, grow or stray."""

import contextlib
import io
import json
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from multiprocessing.connection import Connection
from pathlib import Path

from tqdm import tqdm

from unified_agent.bench.fuzzing import samples
from unified_agent.bench.fuzzing.trying import KINDS, TOLD, Watch, attempt

INPUTS, WORKERS = 1_000, 2
HANG, SLOW = 10.0, 2.0
"""Seconds of the processor."""
PATIENCE = 60.0
"""Seconds of the wall, for what waits without computing."""
GROWTH = 300.0
"""Megabytes that an input may cost at most."""


def fuzz_profile(
    inputs: int = INPUTS,
    seed: int = 0,
    workers: int = WORKERS,
    kinds: tuple[str, ...] = (),
    faults: Path | None = None,
) -> dict:
    """Damage good files by seed and put each through the command that reads it.

    Args:
        seed: of the first input; the next has the next. One input again: ``inputs=1`` and its seed.
        kinds: of inputs, see ``KINDS``; all when empty.
        faults: a file to which every input at fault is added, a line of JSON each.

    Returns:
        Counts: ``inputs``, ``read``, ``refused``, ``tracebacks``, ``hangs`` (or a worker that died), ``outside``
        (something changed, run or asked of the network), ``grown`` (more than `GROWTH`), ``slow`` (more than `SLOW`
        seconds), the largest growth in MB, and the first seeds at fault.
    """
    counts: Counter[str] = Counter()
    found: list[dict] = []
    with tempfile.TemporaryDirectory(prefix="unified_agent_fuzz_") as name:
        folder = Path(name)
        (folder / "samples").mkdir()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            samples.make(folder / "samples")
        crew = [_Worker(folder, number, kinds) for number in range(max(1, min(workers, inputs)))]
        waiting = iter(range(seed, seed + inputs))
        try:
            with tqdm(total=inputs, unit="input", desc="fuzz") as progress:
                while busy := [worker for worker in crew if worker.busy or worker.begin(next(waiting, None))]:
                    for worker in busy:
                        if (result := worker.result()) is not None:
                            known = len(found)
                            _count(result, counts, found)
                            _keep(faults, found[known:])
                            progress.update()
        finally:
            for worker in crew:
                worker.end()
    for one in found[:20]:
        print(f"  seed {one['seed']} ({one['kind']}, {one['fault']}): {one['what'][:150]}\n    {_last(one['said'])}")
    return {
        "ok": not found,
        **{name: counts[name] for name in ("inputs", "read", "refused", *_FAULTS, "slow")},
        "largest_growth_mb": counts["mb"],
        "seeds_at_fault": [one["seed"] for one in found[:50]],
        **{f"{kind}_inputs": counts[kind] for kind in KINDS},
    }


_FAULTS = ("tracebacks", "hangs", "outside", "grown")


def _count(result: dict, counts: Counter, found: list[dict]) -> None:
    counts.update(inputs=1, **{result["kind"]: 1})
    if result["outcome"] in ("read", "refused"):
        counts[result["outcome"]] += 1
    counts["slow"] += result["seconds"] > SLOW
    counts["mb"] = max(counts["mb"], round(result["megabytes"]))
    faults = {
        "tracebacks": result["outcome"] == "traceback",
        "hangs": result["outcome"] == "hang" or result["seconds"] > HANG,
        "outside": bool(result["outside"]),
        "grown": result["megabytes"] > GROWTH,
    }
    for fault in filter(faults.get, faults):
        counts[fault] += 1
        found.append({**result, "fault": fault})


def _keep(faults: Path | None, found: list[dict]) -> None:
    if faults is not None and found:
        with faults.open("a") as file:
            file.writelines(json.dumps(one) + "\n" for one in found)


def _last(text: str) -> str:
    return next((line for line in reversed(text.splitlines()) if line.strip()), "")[:200]


class _Worker:
    """A process that tries one input after the other; one that hangs is ended, and another takes its place."""

    def __init__(self, folder: Path, number: int, kinds: tuple[str, ...]) -> None:
        self._folder, self._place, self._kinds = folder, folder / f"worker_{number}", kinds
        self.busy, self._seed = False, 0
        self._start()

    def _start(self) -> None:
        self._ready = False
        context = multiprocessing.get_context("spawn")
        self._pipe, other = context.Pipe()
        arguments = (other, self._folder / "samples", self._place, self._kinds)
        self._process = context.Process(target=_serve, args=arguments, daemon=True)
        self._process.start()
        other.close()

    def begin(self, seed: int | None) -> bool:
        """Give it an input; False where there is none left."""
        if seed is None:
            return False
        shutil.rmtree(self._place, ignore_errors=True)
        self._place.mkdir()
        self._pipe.send(seed)
        # Until it is ready it may still be loading its libraries.
        self.busy, self._seed, self._since, self._used = True, seed, time.monotonic() + 600.0, 1e9
        return True

    def result(self) -> dict | None:
        """What became of the input, waiting a moment for it."""
        if self._pipe.poll(0.05):
            try:
                result = self._pipe.recv()
            except (EOFError, OSError):
                return self._over("the process died")
            if result == "ready":  # its libraries are loaded: the time counts from here
                self._ready, self._since, self._used = True, time.monotonic(), self._processor()
                return None
            self.busy = False
            return result
        if not self._process.is_alive():
            return self._over("the process died")
        if self._processor() - self._used > 1.5 * HANG or time.monotonic() - self._since > PATIENCE:
            return self._over("no end")
        return None

    def end(self) -> None:
        self._process.kill()
        self._process.join()

    def _over(self, why: str) -> dict:
        if not self._ready:
            raise RuntimeError(f"The fuzzer's process cannot start: {self._folder / 'log'} says why.")
        self.end()
        self._start()
        self.busy = False
        told = {"seed": self._seed, "kind": "unknown", "what": why, "said": why, "outside": []}
        with contextlib.suppress(OSError, ValueError):
            told.update(json.loads((self._place / TOLD).read_text()))
        return {**told, "outcome": "hang", "megabytes": 0.0, "seconds": 0.0}

    def _processor(self) -> float:
        """Seconds of the processor that the process has used (Linux)."""
        try:
            fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        except (OSError, IndexError):
            return 0.0


def _serve(pipe: Connection, good: Path, place: Path, kinds: tuple[str, ...]) -> None:
    os.environ.update(OMP_NUM_THREADS="1", HF_HUB_OFFLINE="1", TMPDIR=str(good.parent), HOME=str(good.parent))
    sys.dont_write_bytecode = True
    with (good.parent / "log").open("ab") as log:  # libraries in C write past Python
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    _warm(good, place)
    watch = Watch()
    while True:
        seed = pipe.recv()
        pipe.send("ready")
        pipe.send(attempt(seed, good, place, watch, kinds))
        os.chdir(good.parent)


def _warm(good: Path, place: Path) -> None:
    """Load what the first inputs would be charged for."""
    import torch

    from unified_agent import cli
    from unified_agent.language import backends
    from unified_agent.policy.checkpoint import Policy
    from unified_agent.robot.arm import Arm
    from unified_agent.robot.kinematics import Kinematics

    torch.set_num_threads(1)
    out = place.with_name(f"{place.name}_warm")
    with contextlib.redirect_stdout(None), contextlib.redirect_stderr(None):
        cli.main(
            ["relabel", str(good / "bag"), "--out", str(out / "r"), "--clip", str(good / "clip"), "--device", "cpu"]
        )
        cli.main(["import", str(good / "dataset"), "--out", str(out / "b")])
        cli.main(["show", str(good / "bag"), "--out", str(out / "x.mp4")])
        cli.main(["show", str(good / "bag"), "--out", str(out / "x.png")])
        cli.main(["export", str(good / "bag"), "--out", str(out / "ds")])
        Policy.load(str(good / "policy"), "cpu")
        backends.load(f"hf:{good / 'planner'}", "cpu")
        Kinematics(Arm.load("default"))
