# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: a directory of the site's file system that a worker only reads, as a unit of systemd."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.sitewright.grid.plugins.module_utils._ceph_fuse import UNIT as CEPHFS
from ansible_collections.sitewright.grid.plugins.module_utils._systemd import Unit

MARK = "# Written by Ansible (sitewright.grid.osg_app_mount)."


def unit_name(path: str) -> str:
    """Return the name that systemd wants the unit of a mount to have, as C(systemd-escape --path) makes it."""
    escaped = re.sub(
        r"[^A-Za-z0-9:_./]|^\.",
        lambda match: "".join(f"\\x{byte:02x}" for byte in match[0].encode()),
        path.strip("/"),
    )
    return escaped.replace("/", "-") + ".mount"


def render_unit(path: str) -> str:
    """Return the text of the unit that mounts a directory over itself, to be read only.

    It follows the file system's own mount, of whichever kind that is: it ends with it, and comes back with it. Without
    _netdev, systemd wants it before local-fs.target, which the file system's mount comes after; and a directory that is
    not there, because the file system is not, must not be made below its mount.
    """
    where = path.replace("%", "%%")
    return f"""\
{MARK}
[Unit]
Description=OSG_APP, which workers only read
After={CEPHFS} remote-fs-pre.target
PartOf={CEPHFS}
ConditionPathExists={where}

[Mount]
What={where}
Where={where}
Type=none
Options=bind,ro,_netdev
LazyUnmount=yes

[Install]
WantedBy={CEPHFS} remote-fs.target
"""


def plan_mount(
    wanted: str | None, have: t.Mapping[str, Unit], is_outdated: bool
) -> tuple[list[list[str]], list[list[str]]]:
    """Return the commands before the files are written and removed, and those after that.

    have are the units that this collection has made, and the wanted one; is_outdated tells that its text is another.
    """
    unwanted = sorted(set(have) - {wanted})
    before = [["systemctl", "disable", "--now", "--", name] for name in unwanted]
    after: list[list[str]] = []
    if wanted is not None:
        unit = have[wanted]
        if is_outdated and unit.running:
            before.append(["systemctl", "stop", "--", wanted])
        if is_outdated or not (unit.enabled and unit.running):
            after.append(["systemctl", "enable", "--now", "--", wanted])
    if after or before:
        after.insert(0, ["systemctl", "daemon-reload"])
    return before, after
