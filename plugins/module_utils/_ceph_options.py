# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: what a ceph.conf would change for the daemons that run."""

from __future__ import annotations

import json
import os

from ansible_collections.sitewright.grid.plugins.module_utils import _ceph_daemon, _ceph_socket
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_conf import Conf, effective
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_socket import NoAnswerError
from ansible_collections.sitewright.grid.plugins.module_utils._cli import Cli
from ansible_collections.sitewright.grid.plugins.module_utils._private_file import write_private


class Options:
    """The options of a host's daemons: those that they run with, and those that a ceph.conf has for them.

    text is what the file at path will hold, None where it holds that already; conf is the one of the two, parsed.
    """

    def __init__(self, cli: Cli, conf: Conf, path: str, text: str | None) -> None:
        self.cli = cli
        self.conf = conf
        self.path = path
        self.text = text

    def find_changes(self, name: str) -> list[str]:
        """Return each option that a restart would change for the daemon TYPE.ID, none for one that does not run."""
        socket = _ceph_daemon.socket_of(name, self.conf)
        wanted = effective(self.conf, name)
        try:
            running = _ceph_socket.ask(socket, "config diff")["diff"]
        except NoAnswerError:
            return []  # it is just starting, or hangs; the wait for it will tell
        candidates = _ceph_daemon.find_candidates(running, wanted)
        if not candidates:
            return []
        read = self._as_ceph_reads(name)
        changes = []
        for option in candidates:
            try:
                schema = _ceph_socket.ask(socket, "config help", var=option)["option"]
            except NoAnswerError:
                continue  # an option that this daemon does not know
            if _ceph_daemon.concerns(name.partition(".")[0], schema):
                now = _ceph_socket.ask(socket, "config get", var=option)[option]
                change = _ceph_daemon.compare(running.get(option, {}), now, read[option] if option in wanted else None)
                if change:
                    changes.append(f"{option}: {change[0]} -> {change[1]}")
        return changes

    def _as_ceph_reads(self, name: str) -> dict[str, str]:
        """Return every option of the daemon as Ceph itself reads it from the file, for example 1G as 1073741824."""
        path = self.path
        if self.text is not None:
            path = os.path.join(self.cli.module.tmpdir, "sitewright-ceph.conf")  # ceph-conf reads files only, no pipe
            write_private(path, self.text)
        argv = ["ceph-conf", "--conf", path, "--name", name, "--dump-all", "--format", "json"]
        values: dict[str, str] = json.loads(self.cli.read(argv).stdout)
        if self.text is not None:
            os.unlink(path)
        return values
