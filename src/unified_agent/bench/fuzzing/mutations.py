# SPDX-License-Identifier: Apache-2.0
"""How a good file becomes a damaged or a hostile one, by chance and by its structure."""

import json
import os
import random
import re
import shutil
import sqlite3
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

STRANGE: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 3, 2**31, 2**63, 10**30, -(2**70), 0.5, -0.0, 1e308, 1e-320),
    *(float("nan"), float("inf"), "", " ", "0.3", "true", "nan", "2024-13-45", "\u202e", "\x00", "a" * 5000),
    *("..", "../../outside", "/", "/dev/zero", "/etc/passwd", "file:///etc/passwd", "http://127.0.0.1:9/x"),
    *("(a+)+$", "{{ 7 * 7 }}", "%s%n", "__import__('os')", "hf-hub:nobody/nothing", ["red", "red"], [1, "a"]),
    *([], {}, [[]], [None], {"a": {"a": {"a": 1}}}, {"": 0}, [0] * 300, list(range(12)), {"trust_remote_code": True}),
)
_CODE = "import pathlib\npathlib.Path({trace!r}).write_text('code was run')\nclass Evil: pass\n"


def damage(folder: Path, chance: random.Random, outside: Path) -> str:
    """Change one to three things in a folder; what was done, in words.

    Args:
        outside: a file outside the folder, for links and paths that leave it.
    """
    done = []
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
        if not files:
            break
        path = chance.choice(files)
        of_files = (_replace, _add_code) if chance.random() < 0.3 else ()
        change = chance.choice((*_of_format(path), *_OF_BYTES, *of_files))
        try:
            what = change(path, chance, outside)
        except (ValueError, TypeError, KeyError, IndexError, OSError, OverflowError, sqlite3.Error, RecursionError,
                ElementTree.ParseError, yaml.YAMLError):  # fmt: skip
            what = _flip(path, chance, outside)  # what an earlier change has broken can still be broken further
        done.append(f"{path.relative_to(folder)}: {what}")
    return "; ".join(done)


def strange(chance: random.Random) -> Any:
    """A value that a file or a command line may hold and hardly anybody expects."""
    return chance.choice(STRANGE)


Change = Callable[[Path, random.Random, Path], str]


def _of_format(path: Path) -> tuple[Change, ...]:
    kinds: dict[str, tuple[Change, ...]] = {
        ".json": (_json,) * 5,
        ".yaml": (_yaml,) * 5,
        ".urdf": (_xml,) * 6,
        ".db3": (_sqlite,) * 4,
        ".safetensors": (_safetensors,) * 3,
        ".parquet": (_parquet,) * 4,
        ".txt": (_line,) * 2,
    }
    return kinds.get(path.suffix, ())


def _flip(path: Path, chance: random.Random, outside: Path) -> str:
    raw = bytearray(path.read_bytes() or b"\0")
    places = [chance.randrange(len(raw)) for _ in range(chance.choice((1, 2, 8, 64)))]
    for place in places:
        raw[place] = chance.randrange(256)
    path.write_bytes(raw)
    return f"{len(places)} bytes changed"


def _cut(path: Path, chance: random.Random, outside: Path) -> str:
    raw = path.read_bytes()
    path.write_bytes(raw[: chance.randrange(len(raw) + 1)])
    return "cut off"


def _insert(path: Path, chance: random.Random, outside: Path) -> str:
    raw = path.read_bytes()
    place, count = chance.randrange(len(raw) + 1), chance.choice((1, 4, 100, 5000))
    block = chance.choice((bytes(count), b"\xff" * count, raw[:count], chance.randbytes(count)))
    path.write_bytes(raw[:place] + block + raw[place:])
    return f"{len(block)} bytes put in"


def _length(path: Path, chance: random.Random, outside: Path) -> str:
    raw = bytearray(path.read_bytes())
    size = chance.choice((2, 4, 8))
    place = chance.randrange(max(1, len(raw) - size))
    value = chance.choice((0, 1, 2 ** (8 * size) - 1, 2 ** (8 * size - 1), 10**9 % 2 ** (8 * size)))
    raw[place : place + size] = value.to_bytes(size, "little")
    path.write_bytes(raw)
    return f"{value} written over {size} bytes"


def _replace(path: Path, chance: random.Random, outside: Path) -> str:
    how = chance.choice(("pipe", "folder", "link outside", "link to nothing", "link to /dev/zero", "gone", "empty"))
    path.unlink()
    if how == "pipe":
        os.mkfifo(path)
    elif how == "folder":
        path.mkdir()
    elif how == "empty":
        path.touch()
    elif how.startswith("link"):
        path.symlink_to({"link outside": outside, "link to nothing": "nothing"}.get(how, Path("/dev/zero")))
    return f"replaced: {how}"


def _add_code(path: Path, chance: random.Random, outside: Path) -> str:
    name = chance.choice(("evil.py", "tokenization_evil.py", "custom_generate/generate.py", "__init__.py", "evil.pkl"))
    code = path.parent / name
    code.parent.mkdir(exist_ok=True)
    code.write_text(_CODE.format(trace=str(outside.with_name("code_was_run"))))
    return f"code beside it: {name}"


_OF_BYTES = (_flip, _cut, _insert, _length)


def _changed(value: Any, chance: random.Random) -> tuple[Any, str]:
    """A nested value with one place in it changed."""
    if isinstance(value, dict) and value and chance.random() < 0.9:
        key = chance.choice(list(value))
        how = chance.random()
        if how < 0.08:
            return {k: v for k, v in value.items() if k != key}, f"{key} gone"
        if how < 0.14:
            name = chance.choice(("auto_map", "trust_remote_code", "widht", "custom_generate", 7, f"{key}s"))
            return {**value, name: strange(chance)}, f"{name} added"
        part, what = _changed(value[key], chance)
        return {**value, key: part}, f"{str(key)[:40]}.{what}"
    if isinstance(value, list) and value and chance.random() < 0.9:
        place = chance.randrange(len(value))
        if chance.random() < 0.15:
            return value[:place] + value[place + 1 :], f"[{place}] gone"
        part, what = _changed(value[place], chance)
        return [*value[:place], part, *value[place + 1 :]], f"[{place}].{what}"
    new = strange(chance)
    return new, f"= {new!r:.60}"


def _json(path: Path, chance: random.Random, outside: Path) -> str:
    value, what = _changed(json.loads(path.read_text()), chance)
    path.write_text(json.dumps(value))
    return what


def _yaml(path: Path, chance: random.Random, outside: Path) -> str:
    if chance.random() < 0.15:
        bomb = chance.choice(
            (
                "a: &a [1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\n"
                "d: &d [*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e]\n",
                "a: &a [*a]\n",
                "a: !!python/object/apply:os.system ['true']\n",
                "? [1, 2]\n: 3\n",
                "a: 2024-13-45\n",
                "[" * 3000,
            )
        )
        path.write_text(chance.choice((bomb, path.read_text() + bomb)))
        return "a YAML bomb"
    value, what = _changed(yaml.safe_load(path.read_text()), chance)
    path.write_text(yaml.safe_dump(value))
    return what


def _xml(path: Path, chance: random.Random, outside: Path) -> str:
    text = path.read_text()
    how = chance.randrange(6)
    if how == 0:
        said = f'<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b SYSTEM "file://{outside}">]>\n'
        path.write_text(text.replace("<robot", said + "<robot", 1).replace("</robot>", "&b;</robot>"))
        return "a document type"
    if how == 1:
        extra = chance.choice(
            (
                f'<include file="{outside}"/>',
                '<mujoco><extension><plugin plugin="mujoco.sdf.torus"/></extension></mujoco>',
                '<mujoco><compiler meshdir="/etc" assetdir="/"/></mujoco>',
                f'<link name="m"><visual><geometry><mesh filename="{outside}"/></geometry></visual></link>',
                '<link name="m"><visual><geometry><mesh filename="package://../../x.stl"/></geometry></visual></link>',
                '<link name="base_link"/>',
                "<a>" * 3000 + "</a>" * 3000,
                '<joint name="loop" type="fixed"><parent link="base_link"/><child link="base_link"/></joint>',
            )
        )
        path.write_text(text.replace("</robot>", extra + "</robot>"))
        return f"added {extra[:60]}"
    root = ElementTree.fromstring(text)
    elements = list(root.iter())
    element = chance.choice(elements)
    if how == 2 and len(element):
        element.remove(chance.choice(list(element)))
        what = f"a child of <{element.tag}> gone"
    elif how == 3:
        if chance.random() < 0.3:
            # A copy: an element within itself has no end.
            element.append(deepcopy(chance.choice(elements[1:])))
        element.tag = chance.choice(("link", "joint", "mesh", "box", "limit", "mimic", "x"))
        what = f"an element became <{element.tag}>"
    else:
        key = chance.choice([*element.attrib, "name", "type", "value"])
        value = str(strange(chance)).replace("\x00", "")
        others = ("nan", "1e400", "-1", "0 0", "0 0 0 0 0", "floating", "fixed", "base_link")
        element.set(key, chance.choice((value, *others)))
        what = f"<{element.tag}> {key} = {element.get(key)!r:.40}"
    path.write_text(ElementTree.tostring(root, encoding="unicode"))
    return what


def _sqlite(path: Path, chance: random.Random, outside: Path) -> str:
    connection = sqlite3.connect(path)
    try:
        table = chance.choice(("topics", "messages"))
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        if chance.random() < 0.2:
            connection.execute(f"ALTER TABLE {table} RENAME TO was")
            without_end = "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM r) SELECT "
            without_end += ", ".join(f"n AS {column}" for column in columns) + " FROM r"
            how = chance.choice(("SELECT * FROM was", "SELECT 1 AS id", without_end))
            connection.execute(f"CREATE VIEW {table} AS {how}")
            what = f"{table} is a view: {how[:40]}"
        else:
            rows = connection.execute(f"SELECT * FROM {table} LIMIT 1000").fetchall()
            connection.execute(f"DROP TABLE {table}")
            connection.execute(f"CREATE TABLE {table}({', '.join(columns)})")
            row, column = chance.randrange(len(rows)), chance.randrange(len(columns))
            value = strange(chance)
            value = value if isinstance(value, (str, float, type(None), bytes)) else str(value).encode()
            rows[row] = (*rows[row][:column], value, *rows[row][column + 1 :])
            marks = ", ".join("?" * len(columns))
            connection.executemany(f"INSERT INTO {table} VALUES({marks})", rows)
            what = f"{table}.{columns[column]} = {value!r:.40}"
        connection.commit()
    finally:
        connection.close()
    return what


def _safetensors(path: Path, chance: random.Random, outside: Path) -> str:
    raw = path.read_bytes()
    length = int.from_bytes(raw[:8], "little")
    value, what = _changed(json.loads(raw[8 : 8 + length]), chance)
    header = json.dumps(value).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header + raw[8 + length :])
    return f"header: {what}"


def _parquet(path: Path, chance: random.Random, outside: Path) -> str:
    import pyarrow
    from pyarrow import parquet

    table = parquet.read_table(path)
    place = chance.randrange(table.num_columns)
    name, rows = table.column_names[place], table.num_rows
    how = chance.randrange(4)
    if how == 0:
        table = table.drop_columns([name])
    elif how == 1:
        table = table.slice(0, chance.randrange(rows + 1))
    else:
        value = strange(chance)
        kinds = (pyarrow.array([value] * rows), pyarrow.nulls(rows), pyarrow.array([float("nan")] * rows))
        table = table.set_column(place, name, kinds[how - 2] if how < 4 else kinds[2])
    parquet.write_table(table, path)
    return f"column {name}: way {how}"


def _line(path: Path, chance: random.Random, outside: Path) -> str:
    lines = path.read_text().splitlines()
    place = chance.randrange(len(lines))
    lines[place] = re.sub(r"[\ud800-\udfff]", "", str(strange(chance)))
    path.write_text(chance.choice(("\n", "\r", "\n\n")).join(lines))
    return f"line {place}"


def copy(source: Path, target: Path) -> Path:
    """A fresh copy of a sample to damage."""
    return Path(shutil.copytree(source, target))
