# SPDX-License-Identifier: Apache-2.0
"""Recordings of every kind with bytes, values and cells changed by chance: read, or refused, and nothing else.

``FUZZ=3000 pytest test/recording/test_reader_fuzz.py`` tries more of them.
"""

import os
import random
import shutil
import sqlite3
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest
import yaml
import zstandard
from mcap.writer import CompressionType, IndexType, Writer

from unified_agent.errors import UserError
from unified_agent.recording.bag import BagWriter, topic_info
from unified_agent.recording.images import IMAGE
from unified_agent.recording.reader import BagReader, find_bags

from . import test_ros1_file, test_sqlite_file
from .conftest import image, noise, string

ROUNDS = int(os.environ.get("FUZZ", 250))
PARTS = 10
STRING = "std_msgs/msg/String"
VALUES = [
    None,
    -1,
    0,
    2**31,
    2**63,
    -(2**63),
    1.5,
    float("nan"),
    "",
    "text",
    "\0",
    [],
    {},
    [[]],
    {"a": 1},
    True,
    10**300,
]
CELLS = [None, -1, 0, 2**62, 1.5, "", "text", b"", b"\xff" * 9, b"\x28\xb5\x2f\xfd broken", 10**6]


def plain(path: Path, **options) -> None:
    """An MCAP file without compression, so that what is changed is what is read."""
    with path.open("wb") as stream:
        writer = Writer(stream, chunk_size=900, compression=CompressionType.NONE, **options)
        writer.start()
        for number, (name, kind) in enumerate((("/word", STRING), ("/cam", IMAGE))):
            info = topic_info(name, kind)
            schema = writer.register_schema(kind, "ros2msg", info.definition.encode())
            channel = writer.register_channel(name, "cdr", schema, {"offered_qos_profiles": "- {depth: 3}"})
            for tick in range(6):
                data = image(tick, noise(tick)[:4, :4]) if number else string("hello")
                writer.add_message(channel, tick, data, tick)
        writer.finish()


@pytest.fixture(scope="module")
def bases(tmp_path_factory) -> list[Path]:
    """A folder for each kind of recording."""
    folder = tmp_path_factory.mktemp("bases")
    with BagWriter(folder / "own", split_bytes=3000) as writer:
        writer.custom_data = {"key": "value"}
        writer.add_topic("/word", STRING)
        writer.add_topic("/cam", IMAGE)
        for tick in range(6):
            writer.write("/word", string("hello"), tick)
            writer.write("/cam", image(tick, noise(tick)), tick)
            writer.flush()
    for name, options in {
        "plain": {},
        "unchecked": {"enable_crcs": False},
        "unindexed": {
            "enable_crcs": False,
            "index_types": IndexType.NONE,
            "use_statistics": False,
            "use_summary_offsets": False,
        },
        "unchunked": {"use_chunking": False, "enable_crcs": False},
    }.items():
        (folder / name).mkdir()
        plain(folder / name / f"{name}_0.mcap", **options)
    shutil.copytree(folder / "unchecked", folder / "packed")
    [file] = (folder / "packed").iterdir()
    file.with_suffix(".mcap.zstd").write_bytes(zstandard.compress(file.read_bytes(), 1))
    file.unlink()
    rows = [(number, 1, number, string("hello")) for number in range(1, 30)]
    test_sqlite_file.database(folder / "sqlite" / "sqlite_0.db3", [test_sqlite_file.WORD], rows)
    (folder / "killed").mkdir()
    test_sqlite_file.killed(folder / "killed", "WAL")
    (folder / "ros1").mkdir()
    test_ros1_file.written(
        folder / "ros1" / "ros1.bag", {"/joints": [test_ros1_file.joints(tick) for tick in range(9)]}
    )
    return sorted(folder.iterdir())


def change_bytes(path: Path, others: list[Path], chance: random.Random) -> None:
    """Flip, cut, zero, repeat, swap or replace bytes of a file."""
    data = bytearray(path.read_bytes())
    if not data:
        return
    kind = chance.choice(("flip", "flip", "flips", "cut", "zero", "ones", "repeat", "swap", "length", "other"))
    place, size = chance.randrange(len(data)), chance.choice((1, 4, 8, 64, 900))
    if kind in ("flip", "flips"):
        for _ in range(1 if kind == "flip" else 40):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    elif kind == "cut":
        del data[place : place + chance.choice((1, size, len(data)))]
    elif kind in ("zero", "ones"):
        data[place : place + size] = (b"\0" if kind == "zero" else b"\xff") * len(data[place : place + size])
    elif kind == "repeat":
        data[place:place] = data[place : place + size] * chance.choice((1, 20))
    elif kind == "swap":
        other = chance.randrange(len(data))
        data[place : place + size], data[other : other + size] = data[other : other + size], data[place : place + size]
    elif kind == "length":
        data[place : place + 8] = chance.choice((0, 1, 2**16, 2**31, 2**32 - 1, 2**40, 2**63)).to_bytes(8, "little")
    else:
        data = bytearray(chance.choice(others).read_bytes())
    path.write_bytes(data)


def change_values(path: Path, chance: random.Random) -> None:
    """Give some entry of a YAML file another value."""
    entries = yaml.safe_load(path.read_text())
    inside = entries
    while True:
        keys = list(inside) if isinstance(inside, dict) else list(range(len(inside)))
        if not keys:
            return
        key = chance.choice(keys)
        if not isinstance(inside[key], (dict, list)) or chance.random() < 0.3:
            inside[key] = chance.choice(VALUES)
            break
        inside = inside[key]
    path.write_text(yaml.safe_dump(entries))


def change_cells(path: Path, chance: random.Random) -> None:
    """Give some cells of a database other values, whatever their columns say."""
    with closing(sqlite3.connect(path)) as connection:
        table = chance.choice(("topics", "messages"))
        column = chance.choice([row[1] for row in connection.execute(f"PRAGMA table_info({table})")][1:])
        condition = chance.choice(("1", "rowid % 3 = 0"))
        connection.execute(f"UPDATE {table} SET {column} = ? WHERE {condition}", (chance.choice(CELLS),))
        connection.commit()


def changed(bag: Path, others: list[Path], chance: random.Random) -> None:
    """Change a copy of a recording once to three times."""
    for _ in range(chance.randint(1, 3)):
        path = chance.choice(sorted(file for file in bag.rglob("*") if file.is_file()))
        try:
            if path.suffix == ".yaml" and chance.random() < 0.8:
                change_values(path, chance)
            elif path.suffix == ".db3" and chance.random() < 0.5:
                change_cells(path, chance)
            else:
                change_bytes(path, others, chance)
        except (yaml.YAMLError, TypeError, ValueError, sqlite3.Error):
            pass  # changed before, and no longer what can be changed so


def read(folder: Path) -> None:
    """All that any command does with recordings."""
    for bag in find_bags(folder):
        with suppress(UserError):
            reader = BagReader(bag)
            for message in reader.messages():
                with suppress(UserError):
                    reader.decode(message)
            assert all(isinstance(line, str) and line for line in reader.losses)


@pytest.mark.parametrize("part", range(PARTS))
def test_a_changed_recording_is_read_or_refused(bases, tmp_path, part):
    others = [file for base in bases for file in base.rglob("*") if file.is_file()]
    for seed in range(part, ROUNDS, PARTS):
        chance = random.Random(seed)
        bag = tmp_path / str(seed)
        shutil.copytree(chance.choice(bases), bag)
        changed(bag, others, chance)
        begin = time.process_time()
        try:
            with suppress(UserError):
                read(bag)
        except Exception as error:
            raise AssertionError(f"seed {seed}: {type(error).__name__}: {error}") from error
        assert time.process_time() - begin < 5, f"seed {seed}"
        shutil.rmtree(bag)
