# SPDX-License-Identifier: Apache-2.0
"""SQLite bags by hand: what no recorder writes, and what one leaves that was killed."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import zstandard

from unified_agent.recording.limits import Limits
from unified_agent.recording.reader import BagReader, NoBag

from .conftest import string

TOPICS = "CREATE TABLE topics(id INTEGER PRIMARY KEY, name TEXT, type TEXT, serialization_format TEXT, {qos})"
MESSAGES = "CREATE TABLE messages(id INTEGER PRIMARY KEY, topic_id INTEGER, timestamp INTEGER, data BLOB)"
WORD = (1, "/word", "std_msgs/msg/String", "cdr", "")


def database(path: Path, topics: list[tuple], messages: list[tuple], *more: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(TOPICS.format(qos="offered_qos_profiles TEXT"))
        connection.execute(MESSAGES)
        connection.executemany("INSERT INTO topics VALUES (?, ?, ?, ?, ?)", topics)
        connection.executemany("INSERT INTO messages VALUES (?, ?, ?, ?)", messages)
        for statement in more:
            connection.execute(statement)
        connection.commit()
    return path


def words(path: Path, limits: Limits = Limits()) -> tuple[list[str], list[str]]:  # noqa: B008 - frozen
    reader = BagReader(path, limits)
    found = [reader.decode(message).data for message in reader.messages()]
    return found, [line for line in reader.losses if "metadata.yaml" not in line]


def test_columns_of_other_types_cost_their_rows(tmp_path):
    rows = [
        (1, 1, 1, string("a")),
        (2, 1, "soon", string("b")),
        (3, 1, None, string("c")),
        (4, 1, 4, "text"),
        (5, 1, -5, string("d")),
        (6, 77, 6, string("e")),
        (7, 1, 2**62, string("f")),
        (8, 1, 8, string("z")),
    ]
    topics = [WORD, (2, None, "x/msg/Y", "cdr", ""), (3, "/n", 5, "cdr", None), (4, "/q", "a/msg/B", None, b"\xff")]
    found, losses = words(database(tmp_path / "x.db3", topics, rows))
    assert found == ["a", "z"]
    assert sum("no bytes with a time" in line and "3 times" in line for line in losses) == 1
    assert any("topic is not defined" in line for line in losses)
    assert any("before 1970 or after 2038 (2 times)" in line for line in losses)
    assert any("without a name or a type" in line for line in losses)


def test_topics_known_by_text_are_found(tmp_path):
    path = tmp_path / "x.db3"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE topics(id TEXT, name TEXT, type TEXT, serialization_format TEXT)")
        connection.execute("CREATE TABLE messages(id INTEGER PRIMARY KEY, topic_id TEXT, timestamp INTEGER, data BLOB)")
        connection.execute("INSERT INTO topics VALUES ('one', '/word', 'std_msgs/msg/String', 'cdr')")
        connection.execute("INSERT INTO messages VALUES (1, 'one', 1, ?)", (string("hello"),))
        connection.commit()
    assert words(path)[0] == ["hello"]


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS id, 1, i, zeroblob(9) FROM n"


@pytest.mark.parametrize(
    "instead",
    [
        f"CREATE VIEW messages(id, topic_id, timestamp, data) AS {ENDLESS}",
        "CREATE TABLE messages(id INTEGER PRIMARY KEY, topic_id INTEGER, timestamp INTEGER, "
        "data BLOB GENERATED ALWAYS AS (zeroblob(100000000)))",
        "CREATE VIRTUAL TABLE messages USING fts5(id, topic_id, timestamp, data)",
    ],
)
def test_what_is_no_plain_table_is_never_run(tmp_path, instead):
    path = database(tmp_path / "x.db3", [WORD], [], "DROP TABLE messages", instead)
    with pytest.raises(NoBag, match="no table 'messages'"):
        BagReader(path)


def test_a_view_of_the_topics_is_never_run(tmp_path):
    endless = ENDLESS.replace("i AS id, 1, i, zeroblob(9)", "i, 'n' || i, 'a/msg/B', 'cdr', ''")
    view = f"CREATE VIEW topics(id, name, type, serialization_format, offered_qos_profiles) AS {endless}"
    with pytest.raises(NoBag, match="no table 'topics'"):
        BagReader(database(tmp_path / "x.db3", [WORD], [], "DROP TABLE topics", view))


def test_a_message_beyond_the_limit_costs_itself(tmp_path):
    path = database(tmp_path / "x.db3", [WORD], [(1, 1, 1, bytes(5000)), (2, 1, 2, string("small"))])
    found, [lost] = words(path, Limits(message=1000))
    assert found == ["small"]
    assert "Limits.message" in lost


def test_pages_that_lead_back_to_themselves_end_the_reading(tmp_path):
    rows = [(number, 1, number, string("x" * 900)) for number in range(1, 60)]
    path = database(tmp_path / "x.db3", [WORD], rows)
    data = bytearray(path.read_bytes())
    with closing(sqlite3.connect(path)) as connection:
        [(root,)] = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'messages'")
        [(size,)] = connection.execute("PRAGMA page_size")
    page = (root - 1) * size
    assert data[page] == 5  # an inner page of a table
    cells = int.from_bytes(data[page + 3 : page + 5], "big")
    first = int.from_bytes(data[page + 12 : page + 14], "big")
    child = data[page + first : page + first + 4]
    for cell in range(1, cells):
        place = int.from_bytes(data[page + 12 + 2 * cell : page + 14 + 2 * cell], "big")
        data[page + place : page + place + 4] = child
    path.write_bytes(data)
    found, losses = words(path)
    assert 0 < len(found) < 59
    assert "everything after its message" in losses[0]


def killed(tmp_path: Path, journal: str) -> Path:
    """The files as a recorder leaves them that is killed in the middle."""
    bag = tmp_path / "bag"
    bag.mkdir()
    with closing(sqlite3.connect(tmp_path / "live.db3", isolation_level=None)) as connection:
        connection.execute(f"PRAGMA journal_mode = {journal}")
        connection.execute(TOPICS.format(qos="offered_qos_profiles TEXT"))
        connection.execute(MESSAGES)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("PRAGMA cache_size = 1")
        connection.execute("INSERT INTO topics VALUES (?, ?, ?, ?, ?)", WORD)
        if journal == "DELETE":
            connection.execute("BEGIN")
        for number in range(1, 40):
            row = (number, 1, number, string("x" * 2000))
            connection.execute("INSERT INTO messages VALUES (?, ?, ?, ?)", row)
        for file in tmp_path.glob("live.db3*"):
            if not file.name.endswith("-shm"):
                shutil.copy(file, bag / file.name.replace("live", "bag_0"))
    return bag


def test_what_a_killed_recorder_left_in_its_log_is_read_and_the_files_stay_as_they_are(tmp_path):
    bag = killed(tmp_path, "WAL")
    before = {file.name: file.read_bytes() for file in bag.iterdir()}
    assert len(before["bag_0.db3-wal"]) > 0
    found, losses = words(bag)
    assert len(found) == 39
    assert losses == []
    assert {file.name: file.read_bytes() for file in bag.iterdir()} == before


def test_pages_of_a_log_that_are_broken_are_counted(tmp_path):
    bag = killed(tmp_path, "WAL")
    log = bag / "bag_0.db3-wal"
    data = bytearray(log.read_bytes())
    data[len(data) * 2 // 3] ^= 0xFF
    log.write_bytes(data)
    found, [lost] = words(bag)
    assert 0 < len(found) < 39
    assert "pages that were not written to their end" in lost


def test_a_journal_takes_back_what_was_half_written(tmp_path):
    bag = killed(tmp_path, "DELETE")
    journal = bag / "bag_0.db3-journal"
    assert journal.stat().st_size
    assert words(bag)[0] == []
    # One that names another file would have SQLite delete that file.
    other = tmp_path / "precious"
    other.write_text("keep")
    name = str(other).encode()
    check = sum(byte if byte < 128 else byte - 256 for byte in name) % 2**32
    ending = name + len(name).to_bytes(4, "big") + check.to_bytes(4, "big") + bytes.fromhex("d9d505f920a163d7")
    journal.write_bytes(journal.read_bytes() + bytes(4) + ending)
    assert any("names another file" in line for line in words(bag)[1])
    assert other.read_text() == "keep"


def test_a_packed_file_is_read_and_one_that_holds_too_much_is_not(tmp_path):
    path = database(tmp_path / "x.db3", [WORD], [(1, 1, 1, string("hello"))])
    packed = tmp_path / "packed.db3.zstd"
    packed.write_bytes(zstandard.compress(path.read_bytes()))
    assert words(packed) == (["hello"], [])
    packed.write_bytes(zstandard.compress(path.read_bytes() + bytes(2**24)))
    with pytest.raises(NoBag, match="Limits.unpacked"):
        BagReader(packed, Limits(unpacked=2**20))


def test_messages_compressed_one_by_one_are_read_and_bombs_among_them_told(tmp_path):
    rows = [(1, 1, 1, zstandard.compress(string("hello"))), (2, 1, 2, zstandard.compress(bytes(2**24)))]
    found, [lost] = words(database(tmp_path / "x.db3", [WORD], rows), Limits(message=2**20))
    assert found == ["hello"]
    assert "compressed by rosbag2" in lost
