# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: the end of a cluster's daemons on a host, and of all that they hold."""

from __future__ import annotations

import os
import shutil
import typing as t
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.sitewright.grid.plugins.module_utils._ceph_conf import Conf, data_directory, effective
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_daemon import unit_name
from ansible_collections.sitewright.grid.plugins.module_utils._cli import Cli
from ansible_collections.sitewright.grid.plugins.module_utils._plan import Plan
from ansible_collections.sitewright.grid.plugins.module_utils._systemd import Unit

NOT_LOADED = 5  # systemctl stop: one of the units has no file, as its package is gone; the others are stopped


@dataclass(frozen=True)
class Daemon:
    """A daemon TYPE.ID that holds data on the host, and the cluster that it is of, None where nothing tells."""

    name: str
    directory: str
    fsid: str | None


def confirm(cli: Cli) -> None:
    """End the module unless its caller has confirmed that data is to be destroyed."""
    if not cli.module.params["yes_i_really_mean_it"]:
        cli.fail("Nothing was removed. state=absent destroys data: if that is meant, set yes_i_really_mean_it to true.")


def find_daemons(names: t.Iterable[str], conf: Conf) -> list[Daemon]:
    """Return those of these daemons that hold data here.

    An OSD has noted its cluster beside its data. For the others it is the ceph.conf that tells.
    """
    daemons = []
    for name in names:
        directory = data_directory(conf, name)
        if _holds_data(directory):
            noted = Path(directory, "ceph_fsid")
            fsid = noted.read_text().strip() if noted.exists() else effective(conf, name).get("fsid")
            daemons.append(Daemon(name, directory, fsid))
    return daemons


def plan_absent(daemons: t.Sequence[Daemon], units: t.Mapping[str, Unit]) -> Plan:
    """Return what stops and disables these daemons, and shows their data directories, which remove_tree() takes away.

    They are stopped whatever their state is: one that is just starting, or ending, is not running, but not idle either.
    """
    plan = Plan()
    names = [unit_name(daemon.name) for daemon in daemons]
    if names:
        plan.commands.append(["systemctl", "stop", *names])
    for verb, chosen in (("disable", "enabled"), ("reset-failed", "failed")):
        affected = [name for name in names if getattr(units[name], chosen)]
        if affected:
            plan.commands.append(["systemctl", verb, *affected])
    for daemon, unit in ((daemon, units[unit_name(daemon.name)]) for daemon in daemons):
        plan.before[daemon.name] = {"data": daemon.directory, "enabled": unit.enabled, "running": unit.running}
        plan.after[daemon.name] = None
    return plan


def remove_tree(path: str) -> None:
    """Remove a directory and all in it; a mount point, or what a link leads to, is only emptied."""
    if not _is_borrowed(path):
        shutil.rmtree(path)
        return
    for entry in list(os.scandir(path)):
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path)
        else:
            os.unlink(entry.path)


def _holds_data(path: str) -> bool:
    return os.path.isdir(path) and not (_is_borrowed(path) and not os.listdir(path))


def _is_borrowed(path: str) -> bool:
    return os.path.ismount(path) or os.path.islink(path)
