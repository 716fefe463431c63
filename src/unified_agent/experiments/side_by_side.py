# SPDX-License-Identifier: Apache-2.0
"""Parts of an experiment in processes beside each other: one run a core wastes less than one run on all of them."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partialmethod

from tqdm import tqdm

from unified_agent.experiments.results import Results


@dataclass(frozen=True)
class Part:
    """One run.

    Attributes:
        key: of its row in the results.
        work: a function of a module, whose row is kept.
        arguments: of it; they can be sent to another process.
        size: how long it takes beside the others, in any unit.
    """

    key: str
    work: Callable[..., dict]
    arguments: Sequence = ()
    size: float = 1.0


def finish(parts: Sequence[Part], results: Results, processes: int, name: str, unit: str = "run") -> None:
    """Make the parts that are not among the results yet; each is kept as soon as it is done.

    Ctrl-C, or the end of this process however it ends, ends the others too; what they keep themselves is theirs.

    Args:
        processes: that work at once; one a core is best.
        name, unit: of the progress bar.
    """
    missing = [part for part in parts if part.key not in results]
    if not missing:
        return
    context = multiprocessing.get_context("spawn")
    with (
        ProcessPoolExecutor(min(processes, len(missing)), context, _begin) as pool,
        tqdm(total=sum(part.size for part in parts), desc=name, unit=unit, smoothing=0) as bar,
    ):
        bar.update(sum(part.size for part in parts if part.key in results))
        bar.unpause()
        running = {pool.submit(part.work, *part.arguments): part for part in missing}
        try:
            for future in as_completed(running):
                part = running[future]
                results.add(part.key, future.result())
                bar.set_postfix_str(part.key, refresh=False)
                bar.update(part.size)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in multiprocessing.active_children():
                process.terminate()
            raise


def _begin() -> None:
    """The first that a process does: it leaves Ctrl-C and the progress bar to its parent, and ends with it.

    One whose parent was killed would go on for hours, writing where the next call wants to.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    tqdm.__init__ = partialmethod(tqdm.__init__, disable=True)

    def wait() -> None:
        multiprocessing.parent_process().join()
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
