# SPDX-License-Identifier: Apache-2.0
"""TensorBoard logs of a training that goes on where it was stopped."""

import time
from collections.abc import Mapping
from pathlib import Path

from tensorboardX.event_file_writer import EventsWriter
from tensorboardX.proto.event_pb2 import Event, SessionLog
from tensorboardX.summary import scalar


class Board:
    """A file of events, written here and now: the library's own writer does it in a thread, which on a full disk dies
    and leaves the run waiting for it.

    Args:
        folder: of the logs.
        step: after which it goes on; what was logged later is dropped.
    """

    def __init__(self, folder: Path, step: int) -> None:
        folder.mkdir(exist_ok=True)
        self._writer = EventsWriter(str(folder / "events"))
        self._write(step + 1, file_version="brain.Event:2")
        self._write(step + 1, session_log=SessionLog(status=SessionLog.START))

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Note numbers by their names."""
        for name, value in values.items():
            self._write(step, summary=scalar(name, value))

    def flush(self) -> None:
        """Let readers see what was noted."""
        self._writer.flush()

    def close(self) -> None:
        """Finish the file."""
        self._writer.close()

    def _write(self, step: int, **what: object) -> None:
        self._writer.write_event(Event(wall_time=time.time(), step=step, **what))
