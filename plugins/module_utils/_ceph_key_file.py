# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: the keyring file of a daemon or client, with the key that the cluster has given it."""

from __future__ import annotations

import os

from ansible_collections.sitewright.grid.plugins.module_utils import _ceph_keyring as keyrings
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_keyring import Entity, KeyringError, Wanted
from ansible_collections.sitewright.grid.plugins.module_utils._cli import Cli
from ansible_collections.sitewright.grid.plugins.module_utils._plan import Plan
from ansible_collections.sitewright.grid.plugins.module_utils._private_file import read_text
from ansible_collections.sitewright.grid.plugins.module_utils._text_file import TextFile, file_state


class KeyFile:
    """A keyring file of mode 0600 that has to hold the key of an entity. A key that it has is replaced only on request.

    A key of None is one that check mode cannot know yet.
    """

    def __init__(self, path: str, entity: str, key: str | None, owner: str, replace: bool = False) -> None:
        """Compare the file with what it has to be. Raises KeyringError; its text names no key."""
        if key is not None:
            keyrings.key_type(key)
        have = keyrings.read_keyring(path)
        after = keyrings.plan_keyring(have, [Wanted(entity, key, None)], replace_keys=replace)
        if replace and key is None:
            after[entity] = Entity(None, after[entity].caps)  # check mode: another one comes, nobody knows which
        self.lacks_key = after[entity].key is None
        self.file = TextFile(path, keyrings.render_keyring(after), owner, 0o600)
        self._before = {"entities": keyrings.describe(have), **(file_state(path) or {})}
        self._after = {"entities": keyrings.describe(after, have), **self.file.wanted_state}

    def why_unread(self, started_at: float) -> str | None:
        """Return why a process that runs since then, in seconds since 1970, has not read the key, None if it has."""
        if self.lacks_key or read_text(self.file.path) != self.file.text:
            return f"the key in {self.file.path} changes"
        if os.stat(self.file.path).st_mtime > started_at:
            return f"the key in {self.file.path} is newer than the process"
        return None

    @property
    def is_current(self) -> bool:
        """Tell whether the file is as it has to be."""
        return not self.lacks_key and self.file.is_current

    def note(self, plan: Plan) -> None:
        """Put the file into the plan if it is to be written; no key is shown."""
        if not self.is_current:
            plan.before[self.file.path], plan.after[self.file.path] = self._before, self._after

    def write(self) -> None:
        """Write the file in one step."""
        self.file.write()


def read_key_files(
    cli: Cli, wanted: list[tuple[str, str, str | None]], owner: str, replace: bool = False
) -> list[KeyFile]:
    """Return the keyring files, given their paths, entities and keys; a fault ends the module."""
    try:
        files = [KeyFile(path, entity, key, owner, replace) for path, entity, key in wanted]
    except KeyringError as error:
        cli.fail(f"{error}.")
    for (path, entity, _key), file in zip(wanted, files):
        if file.lacks_key and not cli.module.check_mode:
            cli.fail(f"{path} has no key of {entity}, and none is given: give the key that the cluster has for it.")
    return files
