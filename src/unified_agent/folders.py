# SPDX-License-Identifier: Apache-2.0
"""Folders that this package writes: marked as ours, one writer at a time, and emptied of nothing that is not ours."""

import fcntl
import json
import os
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from unified_agent.documents import BadDocument, json_of, mapping, read_text, shown
from unified_agent.errors import UserError
from unified_agent.paths import expanded, inside

MARK = ".unified_agent"
"""The hidden folder in each of ours: ``about.json`` (kind and settings), ``files`` (the manifest), ``lock``."""
_ABOUT, _FILES, _LOCK = "about.json", "files", "lock"


class FolderError(UserError):
    """A folder that must not be written to: whose it is, and what to do."""


class OwnFolder:
    """A folder that one of our commands fills, and goes on with later.

    Nothing is deleted or overwritten in it but what its manifest names. Use it as a context manager: the lock that
    keeps other writers out is held until `close`.

    Attributes:
        path: absolute.
        settings: what it was made with; plain JSON values.
        new: whether this call made it.
    """

    def __init__(self, path: Path, kind: str, settings: dict[str, Any], new: bool, lock: int, made: bool = False):
        self.path, self.kind, self.settings, self.new, self._made = path, kind, settings, new, made
        self._lock: int | None = lock
        listed = path / MARK / _FILES
        names = read_text(listed, 2**30).split("\n") if listed.is_file() else [""]
        self._torn = names[-1] != ""  # a disk that was full took half a name
        self._files: dict[str, None] = dict.fromkeys(filter(None, names[:-1]))

    @classmethod
    def claim(
        cls,
        path: Path,
        kind: str,
        settings: Mapping[str, Any],
        *,
        may_change: Collection[str] = (),
        sources: Iterable[Path] = (),
        adopts: Callable[[Path], bool] | None = None,
        wait: float = 0.0,
    ) -> "OwnFolder":
        """Make a folder, or go on with one of the same kind and settings.

        Args:
            kind: what it holds, for errors: "export", "learning run".
            settings: everything that its content depends on; compared when it exists.
            may_change: names of settings that may be others when it goes on; the new ones are kept.
            sources: what is read while it is written (recordings, datasets): it must not be or lie in one of them.
            adopts: says of each entry of a folder without a mark whether it is one of ours all the same, from before
                there were marks; those are listed in the manifest. None: only an empty folder is taken.
            wait: seconds in which another process may finish writing.

        Raises:
            FolderError: it cannot be made or written, is somebody else's, of another kind, made with other settings,
                being written by another process, or a source.
        """
        wanted = json.loads(json.dumps(dict(settings), default=str))
        try:
            path = Path(os.path.abspath(expanded(path)))
            _refuse_inside(path, sources)
            mark = path / MARK
            if mark.is_symlink():
                raise FolderError(f"{mark} is a link: expected the folder that 'unified-agent' makes. Give another.")
            new = not (mark / _ABOUT).is_file()
            made, found = not path.exists(), []
            if new:
                path.mkdir(parents=True, exist_ok=True)
                found = [entry for entry in path.iterdir() if entry.name != MARK]
                if strange := next((entry for entry in found if not (adopts and adopts(entry))), None):
                    raise FolderError(
                        f"{path} is not empty and not a folder of 'unified-agent' ('{strange.name}' is in it): nothing "
                        "is written where other files lie. Give a new folder."
                    )
                mark.mkdir(exist_ok=True)
            lock = _locked(mark / _LOCK, path, wait)
        except (FileExistsError, NotADirectoryError):
            raise FolderError(f"{path} is, or lies in, a file: expected a folder. Give another.") from None
        except OSError as error:
            raise FolderError(f"{path} cannot be written: {error.strerror or error}. Give another folder.") from None
        except (ValueError, RuntimeError) as error:  # a NUL in it, or ~ of nobody
            raise FolderError(f"{str(path)[:200]!r} is no path of a folder: {error}. Give another.") from None
        try:
            if (mark / _ABOUT).is_file():
                _compare(path, kind, wanted, may_change)
            folder = cls(path, kind, wanted, new, lock, made)
            for entry in sorted(found, key=lambda entry: (entry.lstat().st_mtime_ns, entry.name)):
                folder._list(entry.name)
            write_whole(path / MARK / _ABOUT, json.dumps({"kind": kind, "settings": wanted}, indent=1) + "\n")
        except BaseException:
            os.close(lock)
            raise
        return folder

    @property
    def files(self) -> tuple[str, ...]:
        """Names in the manifest, relative to the folder, in the order in which they were listed."""
        return tuple(self._files)

    def place(self, name: str) -> Path:
        """The path of a new file or folder of ours; its parents are made, and it is listed in the manifest.

        Raises:
            FolderError: there is something of that name which is not ours.
            UserError: the name leaves the folder.
        """
        path = inside(self.path, name)
        name = path.relative_to(self.path.resolve()).as_posix()
        if name not in self._files:
            if path.exists() or path.is_symlink():
                raise FolderError(f"{path} is there already and was not made by this command: nothing is overwritten.")
            self._list(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def write(self, name: str, content: str | bytes) -> Path:
        """Write a file of ours, whole or not at all.

        Raises:
            FolderError: as `place`, or it cannot be written, e.g. because the disk is full.
        """
        path = self.place(name)
        write_whole(path, content)
        return path

    def owns(self, name: str) -> bool:
        """Whether the manifest names it, or a folder that it lies in."""
        path = Path(name)
        return any(part.as_posix() in self._files for part in (path, *path.parents))

    def dissolve(self) -> None:
        """Delete everything of ours, the mark, and folders that are empty then; of the folder itself only one that was
        not there when it was claimed. Then `close`."""
        for name in self.files:
            self.remove(name)
        _delete(self.path / MARK)
        for parent, _, _ in os.walk(self.path, topdown=False):
            if Path(parent) != self.path and not os.listdir(parent):
                os.rmdir(parent)
        if self._made:
            with suppress(OSError):  # somebody put something into it
                self.path.rmdir()
        self.close()

    def remove(self, name: str) -> None:
        """Delete a file, or a folder with everything in it, of the manifest; nothing happens where there is none.

        Raises:
            FolderError: it is not in the manifest, or a link.
        """
        path = inside(self.path, name)
        if not self.owns(name):
            raise FolderError(f"{path} was not made by this command: it is not deleted. Move it away, or give another.")
        _delete(path)
        if self._files.pop(name, "") is None:
            self._put_files()

    def close(self) -> None:
        """Let others write."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> "OwnFolder":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _list(self, name: str) -> None:
        if "\n" in name or "\r" in name:
            raise FolderError(f"{name[:80]!r} is no name for a file of ours: give one without line breaks.")
        if name not in self._files:
            if self._torn:
                self._put_files()
            try:
                with (self.path / MARK / _FILES).open("a") as manifest:
                    manifest.write(f"{name}\n")
            except OSError as error:
                self._torn = True
                raise _unwritten(self.path / MARK / _FILES, error) from None
            self._files[name] = None

    def _put_files(self) -> None:
        write_whole(self.path / MARK / _FILES, "".join(f"{name}\n" for name in self._files))
        self._torn = False


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all: a disk that is full leaves what was there before.

    Raises:
        FolderError: it cannot be written.
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        partial.write_bytes(content.encode() if isinstance(content, str) else content)
        partial.replace(path)
    except OSError as error:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise _unwritten(path, error) from None


def kind_of(path: Path) -> str:
    """What a folder of ours holds; empty for any other folder."""
    try:
        about = path / MARK / _ABOUT
        return str(mapping(json_of(read_text(about), str(about)), str(about)).get("kind", ""))
    except BadDocument:
        return ""


def refuse_overlap(target: Path, sources: Iterable[Path]) -> None:
    """Make sure that replacing a file or folder touches none of what is read.

    Raises:
        FolderError: the target is, holds, or lies in one of the sources.
    """
    sources = list(sources)
    _refuse_inside(target, sources)
    for source in sources:
        if _real(target) in _real(source).parents:
            raise FolderError(f"{target} holds what is read ({source}): give a place elsewhere.")


def _refuse_inside(target: Path, sources: Iterable[Path]) -> None:
    for source in sources:
        if _real(source) in (_real(target), *_real(target).parents):
            raise FolderError(f"{target} is, or lies in, what is read ({source}): give a place elsewhere.")


def _unwritten(path: Path, error: OSError) -> FolderError:
    return FolderError(
        f"{path} cannot be written: {error.strerror or error}. What was finished before is kept: make room, or give "
        "another folder, and run the same command again."
    )


def _real(path: Path) -> Path:
    return expanded(path).resolve()


def _compare(path: Path, kind: str, wanted: dict[str, Any], may_change: Collection[str]) -> None:
    about = path / MARK / _ABOUT
    found = mapping(json_of(read_text(about), str(about)), str(about))
    if found.get("kind") != kind:
        raise FolderError(f"{path} holds a {shown(found.get('kind'))}, not a '{kind}': give another folder.")
    before = mapping(found.get("settings"), str(about))
    names = [name for name in dict.fromkeys((*before, *wanted)) if name not in may_change]
    differences = [
        f"{name} was {_brief(before.get(name))} and is {_brief(wanted.get(name))} now"
        for name in names
        if before.get(name) != wanted.get(name)
    ]
    if differences:
        raise FolderError(
            f"{path} holds a {kind} made with other settings: {'; '.join(differences)}. Give the same settings to go "
            "on with it, or another folder."
        )


def _brief(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 120 else text[:117] + "..."


def _locked(path: Path, folder: Path, wait: float) -> int:
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    end = time.monotonic() + wait
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        except BlockingIOError:
            if time.monotonic() >= end:
                os.close(lock)
                raise FolderError(
                    f"Another process is writing to {folder}: wait for it, or give another folder."
                ) from None
            time.sleep(0.02)
        except OSError:
            os.close(lock)
            raise


def _delete(path: Path) -> None:
    """Links are removed and not followed."""
    if path.is_dir() and not path.is_symlink():
        for entry in path.iterdir():
            _delete(entry)
        path.rmdir()
    else:
        path.unlink(missing_ok=True)
