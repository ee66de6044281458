# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: directories of a file system that users can write to, with their owners and modes.

Whoever may write to a directory can put links into it at any moment. So no step follows one: each directory is opened
in the one above it.
"""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import re
import stat
import typing as t
from dataclasses import dataclass

from ansible_collections.sitewright.grid.plugins.module_utils._plan import Plan

MODE = re.compile(r"[0-7]{3,4}")


@dataclass(frozen=True)
class Directory:
    """A directory as it has to be; the path is below the file system's own root, owner and group are numbers."""

    path: str
    uid: int
    gid: int
    mode: int

    def state(self) -> dict[str, t.Any]:
        """Return what the diff shows of it."""
        return _state(self.uid, self.gid, self.mode)


def _state(uid: int, gid: int, mode: int) -> dict[str, t.Any]:
    return {"uid": uid, "gid": gid, "mode": f"{mode:04o}"}


def parse_directory(given: t.Mapping[str, t.Any]) -> Directory:
    """Return a directory from the module's options; a ValueError tells what is wrong with them."""
    path = given["path"]
    if not path.startswith("/") or os.path.normpath(path) != path:
        raise ValueError(f"{path} is no absolute path in its shortest form")
    if MODE.fullmatch(given["mode"]) is None:
        raise ValueError(f"{path}: the mode {given['mode']!r} is none: write it like '0750', with the quotes")
    return Directory(
        path,
        _number(path, "account", given["owner"], lambda name: pwd.getpwnam(name).pw_uid),
        _number(path, "group", given["group"], lambda name: grp.getgrnam(name).gr_gid),
        int(given["mode"], 8),
    )


def _number(path: str, kind: str, name: str, find: t.Callable[[str], int]) -> int:
    if re.fullmatch(r"\d+", name):
        return int(name)
    try:
        return find(name)
    except KeyError:
        raise ValueError(f"{path}: this host has no {kind} {name!r}: make it first, or give its number") from None


def read_state(root: str, path: str) -> dict[str, t.Any] | None:
    """Return the owner and mode of a directory below a root, None where there is none.

    An OSError tells of a link or a file on the way.
    """
    try:
        status = _with_directory(root, path, os.fstat)
    except FileNotFoundError:
        return None
    return _state(status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode))


def plan_directories(wanted: t.Iterable[Directory], have: t.Mapping[str, dict[str, t.Any] | None]) -> Plan:
    """Return what changes; have tells for each path what read_state() has returned."""
    different = [directory for directory in wanted if have[directory.path] != directory.state()]
    return Plan(
        before={directory.path: have[directory.path] for directory in different},
        after={directory.path: directory.state() for directory in different},
    )


def make_directory(root: str, directory: Directory) -> None:
    """Make a directory below a root, and those above it, or give it another owner and mode."""

    def dress(descriptor: int) -> None:
        os.fchown(descriptor, directory.uid, directory.gid)
        os.fchmod(descriptor, directory.mode)

    _with_directory(root, directory.path, dress, make=True)


_Result = t.TypeVar("_Result")


def _with_directory(root: str, path: str, use: t.Callable[[int], _Result], make: bool = False) -> _Result:
    """Open a directory below a root without following a link, let it be used, and return what came of it."""
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for name in path.strip("/").split("/"):
            above = descriptor
            try:
                if make:
                    with contextlib.suppress(FileExistsError):
                        os.mkdir(name, 0o755, dir_fd=above)
                descriptor = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=above)
            finally:
                if descriptor != above:
                    os.close(above)
        return use(descriptor)
    finally:
        os.close(descriptor)
