# SPDX-License-Identifier: Apache-2.0
"""A bag written in a thread of its own: who receives messages never waits for the disk."""

import queue
import threading
import time
from pathlib import Path

from unified_agent.errors import UserError
from unified_agent.recording.bag import BagWriter
from unified_agent.recording.cdr import Message, TopicInfo

FLUSH_PERIOD = 0.4
# Bytes that may wait for the disk.
BACKLOG = 512 * 2**20


class WriteFailed(UserError):
    """A recording that cannot be written, or not as fast as messages come."""


class BackgroundWriter:
    """Takes messages, and hands them to a `BagWriter` that is flushed and synced every ``FLUSH_PERIOD`` seconds.

    What goes wrong in the thread is raised by the next call.

    Args:
        bag: with its topics announced; closed by `close`, or by whoever meets an error with `abandon`.

    Attributes:
        counts: topic -> messages taken so far.
        most_waiting: bytes that waited for the disk at most.
    """

    def __init__(self, bag: BagWriter):
        self.counts = bag.counts
        self._bag = bag
        self._queue: queue.SimpleQueue[Message | TopicInfo | None] = queue.SimpleQueue()
        self._taken = self._written = self.most_waiting = 0
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="bag writer", daemon=True)
        self._thread.start()

    @property
    def folder(self) -> Path:
        """Of the bag."""
        return self._bag.folder

    def add(self, topic: TopicInfo) -> None:
        """Announce a topic that was not announced to the bag at its beginning."""
        self.counts[topic.name] = 0
        self._queue.put(topic)

    def write(self, topic: str, data: bytes, received: int) -> None:
        """Take one message; see `BagWriter.write`.

        Raises:
            WriteFailed: too many bytes wait, or an earlier message could not be written.
        """
        self.check()
        if self._taken - self._written > BACKLOG:
            raise WriteFailed(
                f"{BACKLOG // 2**20} MB wait for the disk at {self.folder}: record smaller or compressed images, or "
                "on a faster disk."
            )
        self._taken += len(data)
        self.most_waiting = max(self.most_waiting, self._taken - self._written)
        self._queue.put(Message(topic, received, received, data))
        self.counts[topic] += 1

    def check(self) -> None:
        """Look whether all is well.

        Raises:
            WriteFailed: something has gone wrong since.
        """
        if self._error is not None:
            raise WriteFailed(f"{self.folder} cannot be written: {self._error}") from self._error

    def close(self) -> None:
        """Write what waits, and finish the bag.

        Raises:
            WriteFailed: something could not be written.
            OSError: the bag could not be finished.
        """
        self._queue.put(None)
        self._thread.join()
        self.check()
        self._bag.close()

    def abandon(self) -> None:
        """Let go of the bag as it is."""
        self._queue.put(None)
        self._thread.join()
        self._bag.abandon()

    def _run(self) -> None:
        try:
            due = time.monotonic() + FLUSH_PERIOD
            while True:
                try:
                    message = self._queue.get(timeout=max(0.0, due - time.monotonic()))
                except queue.Empty:
                    pass
                else:
                    if message is None:
                        return
                    if isinstance(message, TopicInfo):
                        self._bag.add(message)
                        continue
                    self._bag.write(message.topic, message.data, message.received)
                    self._written += len(message.data)
                if time.monotonic() >= due:
                    self._bag.flush()
                    self._bag.sync()
                    due = time.monotonic() + FLUSH_PERIOD
        except Exception as error:
            self._error = error
