# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: the phase options of a historical mkcephfs (Ceph 0.25 to 0.67).

That one starts every phase from nothing, so a phase is run only where its last product is missing.
"""

from __future__ import annotations

import os

from ansible_collections.sitewright.grid.plugins.module_utils import _ceph_keyring as keyrings
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_conf import data_directory
from ansible_collections.sitewright.grid.plugins.module_utils._mkcephfs import Host, PhaseError, entries, some
from ansible_collections.sitewright.grid.plugins.module_utils._plan import Plan
from ansible_collections.sitewright.grid.plugins.module_utils._private_file import read_text, write_private

# It could end with one of these although it had done its work, so its products decide.
_EXIT_CODES = (0, 1, 255)


def phase_argv(host: Host, executable: str, phase: str, name: str | None) -> list[str]:
    """Return the command line of a phase; name is the daemon of init_daemon."""
    argv = [executable, "-c", host.conf_path, "-d", host.directory, f"--{phase.replace('_', '-')}"]
    return argv if name is None else [*argv, name]


def run_phase(host: Host, executable: str, phase: str, name: str | None) -> Plan:
    """Run a phase unless it is done."""
    is_mon = name is not None and name.startswith("mon.")
    label = name or phase
    if _is_done(host, phase, name):
        return Plan()
    if name is not None and is_mon:
        data = data_directory(host.conf, name)
        others = entries(data) - {"lost+found"}
        if others:
            raise PhaseError(
                f"{data} holds {some(others)}, and mkcephfs has not ended well for {name}: empty the directory, or "
                f"write the file {_mon_marker(host, name)} if the monitor in it is whole"
            )
    plan = Plan(before={label: "absent"}, after={label: "made"}, commands=[phase_argv(host, executable, phase, name)])
    if host.check_mode:
        return plan
    host.make_staging_directory()
    # A store that is there says nothing about whether it is whole, so for a monitor the exit code has to be right.
    done = host.cli.run(plan.commands[0], ok=(0,) if is_mon else _EXIT_CODES, timeout=host.timeout)
    if name is not None and is_mon:
        write_private(_mon_marker(host, name), "made by mkcephfs\n")
    elif not _is_done(host, phase, name):
        words = done.stderr.strip() or done.stdout.strip() or "it printed nothing"
        raise PhaseError(f"{executable} ended with exit code {done.rc} without having done {label}: {words}")
    return plan


def _mon_marker(host: Host, name: str) -> str:
    return host.path(f"done.{name}")


def _is_done(host: Host, phase: str, name: str | None) -> bool:
    if phase == "prepare_monmap":
        return os.path.exists(host.path("monmap")) and os.path.exists(host.path("conf"))
    if phase == "prepare_mon":
        brought = {file[len("key.") :] for file in entries(host.directory) if file.startswith("key.")}
        return {"mon.", "client.admin", *brought} <= set(keyrings.read_keyring(host.path("keyring.mon")))
    if name is not None and name.startswith("mon."):
        return os.path.exists(_mon_marker(host, name))
    # The shell makes the file before the key is written to it.
    return bool(read_text(host.path(f"key.{name}")))
