# SPDX-License-Identifier: Apache-2.0
"""One SQLite file of a rosbag2 directory: what ROS 2 wrote by default before Iron."""

import shutil
import sqlite3
import struct
import weakref
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from unified_agent.recording.cdr import Message, TopicInfo
from unified_agent.recording.definitions import full_name
from unified_agent.recording.limits import Limits
from unified_agent.recording.losses import Losses
from unified_agent.recording.quality import Profiles
from unified_agent.recording.source import BadFile, PlainStream, Source, copied, regular_size

# What SQLite leaves beside a file whose writer was killed.
UNFINISHED = ("-wal", "-journal")
# A journal that ends so names another file, which SQLite would delete.
_NAMES_ANOTHER = bytes.fromhex("d9d505f920a163d7")
# The beginning of such a log, and of each page in it; salts of pages from before differ.
_LOG, _PAGE, _LOG_MAGIC = struct.Struct(">8I"), struct.Struct(">6I"), 0x377F0682
# Steps of SQLite's machine: at first, and for every byte of the file.
_STEPS, _STEPS_A_BYTE = 10**8, 20
_STEPS_A_LOOK = 100_000


class SqliteFile:
    """Reads one file in the order in which it was written; the same face as `McapFile`.

    Tables are read, never views, and nothing else of its schema is run. A packed file, and one whose recorder was
    killed, are read from a copy in the temporary folder, where SQLite can mend it.
    """

    def __init__(self, source: Source, losses: Losses, limits: Limits):
        self._source, self._limits = source, limits
        self._name = source.path.name
        self.position = 0
        self.count: int | None = None
        self.closed = False
        self._last = 0
        self._topics: dict[Any, TopicInfo] = {}
        self._copied = False
        self._path = self._readable(losses)
        # No more can be in the rows than in the file.
        self._held = sum(_size(path) for path in (self._path, *_unfinished(self._path)))
        try:
            with closing(self._connect()) as connection:
                self._read_topics(connection, losses)
                [(last,)] = connection.execute("SELECT max(rowid) FROM messages")
                self._last = last if isinstance(last, int) else 0
        except (sqlite3.Error, ValueError, OverflowError, MemoryError) as error:
            losses.add(f"{self._name}: all of it ({_reason(error)})")
            self._topics = {}

    def topics(self) -> list[TopicInfo]:
        """As the file defines them; two of a name where it holds two types of messages on one topic."""
        return list(self._topics.values())

    def messages(self, wanted: Mapping[str, TopicInfo], losses: Losses) -> Iterator[Message]:
        """The messages on the topics named, where they are of the type named."""
        self.position, number, left = 0, None, self._held
        try:
            with closing(self._connect()) as connection:
                for row, topic, stamp, data in connection.execute(
                    # length() does not read the bytes.
                    "SELECT rowid, topic_id, timestamp, CASE WHEN length(data) <= ? THEN data END FROM messages "
                    "ORDER BY rowid",
                    (self._limits.message,),
                ):
                    if number is not None and row <= number:
                        raise sqlite3.DatabaseError("its rows repeat")
                    number = row
                    self.position = max(0, min(self._source.size, self._source.size * row // max(self._last, row, 1)))
                    info = self._topics.get(topic)
                    left -= len(data) if isinstance(data, bytes) else 0
                    if left < 0:
                        raise sqlite3.DatabaseError("it holds more than the file can")
                    if info is None:
                        losses.add(f"{self._name}: messages whose topic is not defined")
                    elif not isinstance(data, bytes) or not isinstance(stamp, int):
                        losses.add(
                            f"{self._name}: messages that are no bytes with a time, or of more than "
                            f"{self._limits.message} bytes (Limits.message)"
                        )
                    elif info.name in wanted:
                        if info.type == wanted[info.name].type:
                            yield Message(info.name, stamp, stamp, data)
                        else:
                            losses.add(f"{self._name}: messages on {info.name} of another type ({info.type[:80]})")
        except (sqlite3.Error, ValueError, OverflowError, MemoryError) as error:
            losses.add(f"{self._name}: everything after its message {number} of {self._last} ({_reason(error)})")
        self.position = self._source.size

    def _readable(self, losses: Losses) -> Path:
        """The file itself, or its copy where it is packed or was left unfinished."""
        path = self._source.path
        left = [beside for beside in _unfinished(path) if _size(beside)]
        if not left and not self._source.packed:
            return path
        folder = Path(mkdtemp(prefix="unified_agent_"))
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self._copied = True
        copy = folder / "copy.db3"
        self._source.copy_to(copy)
        for beside in left:
            if beside.name.endswith("-journal") and beside.read_bytes().endswith(_NAMES_ANOTHER):
                losses.add(f"{beside.name}: not read, it names another file")
                continue
            largest = self._limits.unpacked_from(_size(path))
            copied(PlainStream(beside), folder / (copy.name + beside.name[len(path.name) :]), largest, beside.name)
        if unused := _pages_unused(copy):
            losses.add(f"{path.name}-wal: pages that were not written to their end", unused)
        return copy

    def _connect(self) -> sqlite3.Connection:
        # immutable: a recording on a read-only disk has no place for SQLite's own files.
        how = "mode=rw" if self._copied else "immutable=1"
        connection = sqlite3.connect(f"{self._path.resolve().as_uri()}?{how}", uri=True)
        connection.text_factory = lambda data: data.decode(errors="replace")
        for pragma in ("trusted_schema = OFF", "query_only = ON", "cell_size_check = ON"):
            connection.execute(f"PRAGMA {pragma}")
        looks = iter(range((_STEPS + _STEPS_A_BYTE * self._held) // _STEPS_A_LOOK))
        connection.set_progress_handler(lambda: next(looks, None) is None, _STEPS_A_LOOK)
        for table in ("messages", "topics"):
            self._check(connection, table)
        return connection

    def _check(self, connection: sqlite3.Connection, table: str) -> None:
        """Make sure that a table is one, and that reading it runs nothing."""
        query = "SELECT count(*) FROM sqlite_master WHERE lower(name) = ? AND type = 'table' AND rootpage > 0"
        found = connection.execute(query, (table,)).fetchone()
        columns = connection.execute(f"PRAGMA table_xinfo({table})").fetchmany(100)
        if not found[0] or any(hidden for *_, hidden in columns):
            raise sqlite3.DatabaseError(f"it has no table '{table}'")

    def _read_topics(self, connection: sqlite3.Connection, losses: Losses) -> None:
        definitions = self._definitions(connection)
        present = {row[1] for row in connection.execute("PRAGMA table_xinfo(topics)")}
        quality = "offered_qos_profiles" if "offered_qos_profiles" in present else "''"
        most, profiles = self._limits.topics, Profiles()
        query = f"SELECT id, name, type, serialization_format, {quality} FROM topics ORDER BY rowid LIMIT {most + 1}"
        for number, name, kind, encoding, qos in connection.execute(query):
            if not isinstance(name, str) or not isinstance(kind, str):
                losses.add(f"{self._name}: topics without a name or a type")
            elif len(self._topics) >= most:
                losses.add(f"{self._name}: topics beyond the first {most} (Limits.topics)")
            else:
                definition, definition_format = definitions.get(kind, ("", ""))
                self._topics[number] = TopicInfo(
                    name,
                    full_name(kind),
                    profiles.of(qos, losses) if isinstance(qos, str) else (),
                    definition,
                    definition_format,
                    encoding if isinstance(encoding, str) else "cdr",
                )

    def _definitions(self, connection: sqlite3.Connection) -> dict[str, tuple[str, str]]:
        """Name of a type -> its definition, and in what form."""
        try:
            self._check(connection, "message_definitions")
            rows = connection.execute(
                "SELECT topic_type, encoding, encoded_message_definition FROM message_definitions "
                f"WHERE length(encoded_message_definition) <= ? LIMIT {self._limits.topics}",
                (self._limits.definition,),
            )
            found, left = {}, self._limits.definitions
            for name, form, text in rows:
                if isinstance(text, str) and isinstance(form, str) and (left := left - len(text)) >= 0:
                    found[name] = text, form
            return found
        except sqlite3.DatabaseError:
            return {}


def _unfinished(path: Path) -> list[Path]:
    return [path.with_name(path.name + ending) for ending in UNFINISHED]


def _pages_unused(copy: Path) -> int:
    """Pages in a file's log that SQLite does not use: broken, or of what was not finished."""
    log = copy.with_name(copy.name + UNFINISHED[0])
    if _size(log) < _LOG.size:
        return 0
    with log.open("rb") as file:
        magic, _, page, _, *salts, _, _ = _LOG.unpack(file.read(_LOG.size))
        if magic & ~1 != _LOG_MAGIC or not 512 <= page <= 65536:
            return 1
        written = 0
        while len(head := file.read(_PAGE.size)) == _PAGE.size and list(_PAGE.unpack(head)[2:4]) == salts:
            written += 1
            file.seek(page, 1)
    try:
        with closing(sqlite3.connect(copy)) as connection:
            [(_, used, _)] = connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
    except (sqlite3.Error, ValueError):
        return written
    return max(0, written - used)


def _size(path: Path) -> int:
    try:
        return regular_size(path)
    except BadFile:
        return 0


def _reason(error: BaseException) -> str:
    return str(error)[:120] or type(error).__name__
