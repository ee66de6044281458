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

from ansible_collections.sitewright.grid.plugins.module_utils._ceph_conf import effective, parse_conf
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
        return self.cli.read(self.argv(*words), ok=ok, timeout=self._limit, explain=self.explain)

    def read_json(self, *words: str) -> t.Any:
        """Run a command that changes nothing and return its JSON output, parsed."""
        printed = self.read(*words, "--format", "json").stdout
        try:
            return json.loads(printed)
        except ValueError:
            self.cli.fail(f"'ceph {' '.join(words)}' printed no JSON but: {printed.strip()[:200] or 'nothing'}")

    def run(self, *words: str, ok: t.Container[int] = (0,), stdin: str | None = None) -> Completed:
        """Run a command that changes the cluster; stdin carries what must not be seen in a process list."""
        return self.cli.run(self.argv(*words), ok=ok, stdin=stdin, timeout=self._limit, explain=self.explain)

    def explain(self, done: Completed) -> str | None:
        """Return in a sentence why this command never reached the cluster, or None where it did.

        The phrases are those of Ceph 18.2.7; they decide the sentence only, never whether the command has failed.
        """
        words = (done.stdout + done.stderr).strip()
        if "calling conf_read_file" in words:
            return f"{self.conf} cannot be read as a ceph.conf: correct it, or name another one in the option conf."
        if "cannot identify monitors" in words or "object not found (error connecting" in words:
            return f"{self.conf} names no monitors: set mon_host there."
        if "permission denied (error connecting" in words:
            keyring = self.keyring or "its usual keyrings"
            cause = (
                f"{keyring}: no key found" if "no keyring found" in words else f"the key in {keyring} is not its key"
            )
            return (
                f"The monitors at {self._mon_host()} refuse {self.name} ({cause}): give its key in the option keyring."
            )
        if words.endswith("timed out") or "error connecting to the cluster" in words:
            return (
                f"No quorum of monitors at {self._mon_host()} answered {self.name} within {self.connect_timeout} s: "
                f"start ceph-mon there, or correct mon_host in {self.conf}."
            )
        return None

    def _mon_host(self) -> str:
        try:
            with open(self.conf, encoding="utf-8") as stream:
                return effective(parse_conf(stream.read()), self.name).get("mon_host", "unknown addresses")
        except (OSError, ValueError) as error:
            return f"unknown addresses ({self.conf}: {error})"

    @property
    def _limit(self) -> int:
        # The connection's own limit does not bound a command that a busy monitor or manager leaves unanswered.
        return self.connect_timeout + 60
