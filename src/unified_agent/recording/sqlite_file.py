# SPDX-License-Identifier: Apache-2.0
"""One SQLite file of a rosbag2 directory: what ROS 2 wrote by default before Iron."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from unified_agent.recording.cdr import Message, TopicInfo, profiles
from unified_agent.recording.losses import Losses


class SqliteFile:
    """Reads one file in the order in which it was written; the same face as `McapFile`."""

    def __init__(self, path: Path, losses: Losses):
        self._path = path
        self._losses = losses
        self._size = path.stat().st_size
        self.position = 0
        self.count: int | None = None
        self._topics: dict[int, TopicInfo] = {}
        try:
            with closing(self._connect()) as connection:
                self._read_topics(connection)
                self._last = connection.execute("SELECT max(id) FROM messages").fetchone()[0] or 0
        except (sqlite3.Error, UnicodeDecodeError) as error:
            losses.add(f"{path.name}: all of it ({error})")

    def topics(self) -> dict[str, TopicInfo]:
        """Name -> topic."""
        return {topic.name: topic for topic in self._topics.values()}

    def messages(self, topics: frozenset[str] | None = None) -> Iterator[Message]:
        """The messages; those of the topics named, or all."""
        wanted = {
            number: topic.name for number, topic in self._topics.items() if topics is None or topic.name in topics
        }
        number = 0
        try:
            with closing(self._connect()) as connection:
                for number, topic, stamp, data in connection.execute(
                    "SELECT id, topic_id, timestamp, data FROM messages ORDER BY id"
                ):
                    self.position = self._size * number // max(self._last, number)
                    if not isinstance(data, bytes) or not isinstance(stamp, int):
                        self._losses.add(f"{self._path.name}: messages that are no bytes with a time")
                    elif topic in wanted:
                        yield Message(wanted[topic], stamp, stamp, data)
        except sqlite3.Error as error:
            self._losses.add(f"{self._path.name}: everything after its message {number} of {self._last} ({error})")
        self.position = self._size

    def _connect(self) -> sqlite3.Connection:
        # immutable: a recording on a read-only disk has no place for SQLite's own files.
        return sqlite3.connect(f"{self._path.resolve().as_uri()}?immutable=1", uri=True)

    def _read_topics(self, connection: sqlite3.Connection) -> None:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        definitions = {}
        if "message_definitions" in tables:
            columns = "topic_type, encoding, encoded_message_definition"
            for name, encoding, text in connection.execute(f"SELECT {columns} FROM message_definitions"):
                definitions[name] = (text, encoding)
        present = {row[1] for row in connection.execute("PRAGMA table_info(topics)")}
        quality = "offered_qos_profiles" if "offered_qos_profiles" in present else "''"
        query = f"SELECT id, name, type, serialization_format, {quality} FROM topics ORDER BY id"
        for number, name, kind, encoding, qos in connection.execute(query):
            definition, definition_format = definitions.get(kind, ("", ""))
            self._topics[number] = TopicInfo(name, kind, profiles(qos), definition, definition_format, encoding)
