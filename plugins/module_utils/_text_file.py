# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: small files that a module writes whole, with their owner and mode."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import typing as t
from dataclasses import dataclass

from ansible_collections.sitewright.grid.plugins.module_utils._cli import Cli
from ansible_collections.sitewright.grid.plugins.module_utils._plan import Plan
from ansible_collections.sitewright.grid.plugins.module_utils._private_file import read_text, write_private


def file_state(path: str) -> dict[str, str] | None:
    """Return the owner, group and mode of a file, None where there is none."""
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return None
    return {
        "owner": _name(lambda: pwd.getpwuid(status.st_uid).pw_name, status.st_uid),
        "group": _name(lambda: grp.getgrgid(status.st_gid).gr_name, status.st_gid),
        "mode": f"{status.st_mode & 0o7777:04o}",
    }


def _name(find: t.Callable[[], str], number: int) -> str:
    try:
        return find()
    except KeyError:
        return str(number)


@dataclass(frozen=True)
class TextFile:
    """A file as it has to be. Its group is that of the owner's name."""

    path: str
    text: str
    owner: str = "root"
    mode: int = 0o644

    @property
    def wanted_state(self) -> dict[str, str]:
        """What file_state() has to return."""
        return {"owner": self.owner, "group": self.owner, "mode": f"{self.mode:04o}"}

    @property
    def is_current(self) -> bool:
        """Tell whether the file is as it has to be."""
        return file_state(self.path) == self.wanted_state and read_text(self.path) == self.text

    def note(self, plan: Plan) -> None:
        """Put the file into the plan if it is to be written; its text is shown."""
        if not self.is_current:
            have = file_state(self.path)
            plan.before[self.path] = have and {**have, "content": read_text(self.path)}
            plan.after[self.path] = {**self.wanted_state, "content": self.text}

    def write(self) -> None:
        """Write the file in one step, and its directory where that is missing."""
        directory = os.path.dirname(os.path.abspath(self.path))
        if not os.path.isdir(directory):
            unfinished = f"{directory}.new"
            os.makedirs(unfinished, exist_ok=True)
            os.chmod(unfinished, 0o755 if self.mode & 0o004 else 0o750)
            shutil.chown(unfinished, self.owner, self.owner)
            os.rename(unfinished, directory)
        write_private(self.path, self.text, self._dress)

    def _dress(self, path: str) -> None:
        shutil.chown(path, self.owner, self.owner)
        os.chmod(path, self.mode)


class PlannedFile(t.Protocol):
    """A TextFile, or what behaves like one."""

    @property
    def is_current(self) -> bool:
        """Tell whether the file is as it has to be."""

    def note(self, plan: Plan) -> None:
        """Put the file into the plan if it is to be written."""

    def write(self) -> None:
        """Write the file in one step."""


def write_files(cli: Cli, files: t.Iterable[PlannedFile]) -> None:
    """Write those of the files that are not as they have to be; a failure ends the module."""
    for file in files:
        if not file.is_current:
            try:
                file.write()
            except OSError as error:
                cli.fail(f"{error.filename} cannot be written: {error.strerror}.")
