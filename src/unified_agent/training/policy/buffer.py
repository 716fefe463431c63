# SPDX-License-Identifier: Apache-2.0
"""The lifelong buffer: every episode of every run, on disk.

A folder of safetensors files, one a round of a run, each written whole under its final name. Nothing is ever
written into a finished file, so a killed process loses what it had not yet written and nothing else. Safetensors,
because the tensors of a file can be read without its pictures, by a library that many projects keep, and because
it cannot hold code.

Several processes may fill one buffer: each holds the folder's lock only while it writes a file and makes room for it.
"""

import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tqdm import tqdm

from unified_agent.documents import BadDocument, json_of, mapping, read_text, shown
from unified_agent.errors import UserError
from unified_agent.folders import MARK, FolderError, OwnFolder, kind_of
from unified_agent.training.policy import experience
from unified_agent.training.policy.experience import Episode
from unified_agent.training.policy.experience_file import BadExperience, is_experience

KIND = "buffer"
SUFFIX = ".safetensors"
GIB = 2**30
LIMIT = 8 * GIB
"""Bytes of a buffer for which nobody said how large it may grow."""
MOST = 2**30 * GIB
_ABOUT = f"{MARK}/buffer.json"
_PATIENCE = 60.0
"""Seconds that another process may take to write its file."""


class Buffer:
    """Experience on disk, in the order in which it was made.

    Only files that its manifest lists are read or deleted: what else lies in the folder is nobody's business.

    Args:
        folder: where the files are; made when it is not there. One of version 0.1, all of whose files are experience,
            is taken over.
        limit: bytes, kept in the folder from now on; None: what is kept there. When the files are larger together, the
            oldest are deleted first, whole files, never the newest one.
        tell: called with a line about what a user should know.

    Attributes:
        identity: of this buffer, wherever it lies.
        limit: bytes.
        deleted: how many files made room while this object wrote, and their bytes.
        skipped: file's name -> why it could not be read.

    Raises:
        UserError: the limit is not positive, or the folder is none that can be a buffer.
    """

    def __init__(self, folder: Path, limit: int | None = None, tell: Callable[[str], None] = tqdm.write) -> None:
        if limit is not None and not 0 < limit <= MOST:
            raise UserError(f"The buffer's limit must be more than 0 bytes and at most {MOST}, not {limit}.")
        self._tell = tell
        self.deleted: tuple[int, int] = (0, 0)
        self.skipped: dict[str, str] = {}
        with _claimed(folder) as own:
            self.folder = own.path
            self.identity, self.limit = self._settle(own, limit)
            self._tell_of_strangers(own)

    def files(self) -> list[Path]:
        """The finished files, oldest first."""
        with _claimed(self.folder) as own:
            return _files(own)

    def write(self, name: str, episodes: Sequence[Episode]) -> Path:
        """Add episodes under a name; an existing file of that name (a round done again after a kill) is replaced.

        Raises:
            UserError: the name is none for a file, or the file cannot be written; what was there before stays.
        """
        if not name or name.startswith(".") or not name.isprintable() or {"/", "\\"} & set(name) or len(name) > 200:
            raise UserError(f"{name[:80]!r} is no name for a file of the buffer: up to 200 characters, no slash.")
        with _claimed(self.folder) as own:
            path = own.place(f"{name}{SUFFIX}")
            experience.save(episodes, path)
            self.limit = self._settle(own, None)[1]  # another process may have been told to let it grow
            self._shrink(own, keep=path)
        return path

    def episodes(self, frames: bool = False, without: str | None = None) -> Iterator[Episode]:
        """Every episode, oldest first, one file in memory at a time; a file that cannot be read is told and left out.

        Args:
            frames: with their pictures.
            without: leave out the files whose names begin like this.
        """
        for path in self.files():
            if without is not None and path.name.startswith(without):
                continue
            try:
                found = experience.load(path, frames)
            except BadExperience as error:
                if path.is_file() and path.name not in self.skipped:  # else another process made room
                    self.skipped[path.name] = str(error)
                    self._tell(f"Left out of the buffer: {error}")
                continue
            yield from found

    def _settle(self, own: OwnFolder, limit: int | None) -> tuple[str, int]:
        """Identity and limit, as they are kept or from now on."""
        path = own.path / _ABOUT
        if path.is_file():
            about = mapping(json_of(read_text(path), str(path)), str(path))
            identity, kept = about.get("identity"), about.get("limit")
            if not isinstance(identity, str) or type(kept) is not int or not 0 < kept <= MOST:
                raise BadDocument(
                    f"{path} does not say which buffer this is and how large it may grow ({shown(about)}): delete that "
                    "file, and the buffer gets a new identity and the default limit."
                )
        else:
            size = sum(file.stat().st_size for file in _files(own))
            identity, kept = uuid.uuid4().hex, max(LIMIT, -(-size // GIB) * GIB)
            if size > LIMIT and limit is None:
                self._tell(f"{own.path} grew to {size / GIB:.1f} GiB: its limit is {kept / GIB:g} GiB from now on.")
        if limit is not None and path.is_file() and limit != kept:
            self._tell(f"{own.path} may grow to {limit / GIB:g} GiB from now on (it was {kept / GIB:g} GiB).")
        if not path.is_file() or limit not in (None, kept):
            own.write(_ABOUT, f'{{"identity": "{identity}", "limit": {limit or kept}}}\n')
        return identity, limit or kept

    def _tell_of_strangers(self, own: OwnFolder) -> None:
        strangers = [path.name for path in own.path.glob(f"*{SUFFIX}") if not own.owns(path.name)]
        if strangers:
            self._tell(
                f"{own.path} holds {len(strangers)} files that no command of ours wrote there, such as "
                f"'{sorted(strangers)[0]}': neither read nor deleted."
            )

    def _shrink(self, own: OwnFolder, keep: Path) -> None:
        files = _files(own)
        sizes = {path: path.stat().st_size for path in files}
        total = sum(sizes.values())
        for path in files:
            if total <= self.limit:
                break
            if path == keep:
                continue
            own.remove(path.name)
            total -= sizes[path]
            if not self.deleted[0]:
                self._tell(
                    f"{own.path} is over its limit of {self.limit / GIB:g} GiB: its oldest files make room from now on."
                )
            self.deleted = (self.deleted[0] + 1, self.deleted[1] + sizes[path])


def _claimed(folder: Path) -> OwnFolder:
    kind = kind_of(folder)
    if kind and kind != KIND:
        raise FolderError(f"{folder} holds a {kind}, not a buffer: give another folder.")
    return OwnFolder.claim(folder, KIND, {}, adopts=_adopts, wait=_PATIENCE)


def _adopts(entry: Path) -> bool:
    """Whether an entry of a folder is of a buffer of version 0.1: experience, or what a killed run left of it."""
    if entry.name.startswith(".") and entry.name.endswith(f"{SUFFIX}.partial"):
        return True
    return entry.suffix == SUFFIX and not entry.is_symlink() and is_experience(entry)


def _files(own: OwnFolder) -> list[Path]:
    return [own.path / name for name in own.files if name.endswith(SUFFIX) and (own.path / name).is_file()]
