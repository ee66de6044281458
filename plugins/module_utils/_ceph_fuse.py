# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: the unit of systemd that mounts CephFS with ceph-fuse."""

from __future__ import annotations

import shlex
import typing as t
from dataclasses import dataclass

from ansible_collections.sitewright.grid.plugins.module_utils._systemd import Unit

UNIT = "cephfs.service"
# Where a second ceph-fuse mounts before it takes the place of the first: this and six more characters.
PLACE = "/run/cephfs."


@dataclass(frozen=True)
class Mount:
    """What is mounted where, and as whom; access is rw or r, timeout in seconds."""

    name: str
    filesystem: str
    path: str
    mount: str
    access: str
    timeout: int

    def argv(self, where: str | None = None) -> list[str]:
        """Return the command that mounts, here or elsewhere, and goes into the background once that is done."""
        identity = ["--id", self.name.partition(".")[2], "--client_fs", self.filesystem]
        options = ["-o", "ro"] if self.access == "r" else []
        return ["/usr/bin/ceph-fuse", *identity, "--client_mountpoint", self.path, where or self.mount, *options]


def render_unit(mount: Mount) -> str:
    """Return the text of the unit."""
    where = _quote([mount.mount])
    return f"""\
# Written by Ansible (sitewright.grid.ceph_fuse).
[Unit]
Description=CephFS on {mount.mount.replace("%", "%%")}
Wants=network-online.target
After=network-online.target local-fs.target time-sync.target
Before=remote-fs.target
# The cluster may take as long as it likes to come back: the mount is tried again and again.
StartLimitIntervalSec=0

[Service]
# ceph-fuse goes into the background once the file system is mounted.
Type=forking
# One ceph-fuse may take over from another, which goes on for those who have files open: none of them is the main one.
GuessMainPID=no
ExecStartPre=/usr/bin/mkdir --parents {where}
ExecStart={_quote(mount.argv())}
# Mounts a second time, in a place of its own: Ansible puts that in the stead of the first mount.
ExecReload=/bin/sh -c '{_reload(mount)}'
# What a killed ceph-fuse leaves mounted answers nothing, and is in the way of the next.
ExecStopPost=-/usr/bin/umount --lazy {where}
Restart=always
RestartSec=5
TimeoutStartSec={mount.timeout}

[Install]
WantedBy=remote-fs.target
"""


def _reload(mount: Mount) -> str:
    """Return the script that mounts in a place of its own, for systemd to read between single quotes."""
    words = [f'"$$(mktemp -d {PLACE}XXXXXX)"' if word == PLACE else _quote([word]) for word in mount.argv(PLACE)]
    return " ".join(["exec", *words]).replace("\\", "\\\\").replace("'", "\\'")


def _quote(argv: t.Iterable[str]) -> str:
    """Return a command as systemd reads it: quoted as in a shell, with % and $ doubled."""
    return shlex.join(argv).replace("%", "%%").replace("$", "$$")


def plan_mount(unit: Unit, is_outdated: bool, has_unread_key: bool = False) -> list[list[str]]:
    """Return the commands that bring the unit to run; is_outdated tells that it runs with an older text, if it does.

    has_unread_key tells that it runs with another key than its keyring has.
    """
    if unit.enabled and unit.running and not is_outdated:
        return [["systemctl", "reload", UNIT]] if has_unread_key else []
    commands = [["systemctl", "daemon-reload"]]
    if not unit.enabled:
        commands.append(["systemctl", "enable", UNIT])
    if is_outdated or not unit.running:
        commands.append(["systemctl", "restart", UNIT])
    return commands
