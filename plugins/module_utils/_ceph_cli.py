# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: the ceph command, asked for JSON.

Each start of the command costs about half a second (it is a Python program), so callers read much at once.
"""

from __future__ import annotations

import json
import os
import typing as t

from ansible_collections.sitewright.grid.plugins.module_utils._cli import Cli, Completed

ARGUMENTS: dict[str, dict[str, t.Any]] = {
    "conf": {"type": "path", "default": "/etc/ceph/ceph.conf"},
    "name": {"type": "str", "default": "client.admin"},
    "keyring": {"type": "path"},
    "connect_timeout": {"type": "int", "default": 30},
}


class Ceph:
    """The ceph command with the identity that the module's parameters name (see the fragment ceph_cli)."""

    def __init__(self, cli: Cli, params: dict[str, t.Any]) -> None:
        self.cli = cli
        self.conf: str = params["conf"]
        self.name: str = params["name"]
        self.keyring: str | None = params["keyring"]
        self.connect_timeout: int = params["connect_timeout"]

    @property
    def is_bare(self) -> bool:
        """Tell whether this host has no Ceph yet: no ceph command or no configuration.

        Check mode plans from an empty cluster there; a cluster that is configured but does not answer is an error.
        """
        return not (self.cli.has("ceph") and os.path.exists(self.conf))

    def argv(self, *words: str) -> list[str]:
        """Return the whole command line for these words, for example C(osd), C(dump)."""
        identity = ["--conf", self.conf, "--name", self.name]
        if self.keyring:
            identity += ["--keyring", self.keyring]
        return ["ceph", *identity, "--connect-timeout", str(self.connect_timeout), *words]

    def read(self, *words: str, ok: t.Container[int] = (0,)) -> Completed:
        """Run a command that changes nothing."""
        return self.cli.read(self.argv(*words), ok=ok, timeout=self._limit)

    def read_json(self, *words: str) -> t.Any:
        """Run a command that changes nothing and return its JSON output, parsed."""
        return json.loads(self.read(*words, "--format", "json").stdout)

    def run(self, *words: str, ok: t.Container[int] = (0,), stdin: str | None = None) -> Completed:
        """Run a command that changes the cluster; stdin carries what must not be seen in a process list."""
        return self.cli.run(self.argv(*words), ok=ok, stdin=stdin, timeout=self._limit)

    @property
    def _limit(self) -> int:
        # The connection's own limit does not bound a command that a busy monitor or manager leaves unanswered.
        return self.connect_timeout + 60
