# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: the phase of mkcephfs that makes a monitor's store.

ceph-mon --mkfs leaves a store behind when it fails or is killed, and takes any store for a finished one. So it works in
DATA/.mkfs/store, which is renamed to DATA/.mkfs/complete when it is done; then its files move to DATA, store.db last.
A run can be killed at any moment: what is in store is made anew, what is in complete is moved on. All this happens
inside of the data directory, which may be a file system of its own.
"""

from __future__ import annotations

import os
import shutil

from ansible_collections.sitewright.grid.plugins.module_utils._ceph_cli import Ceph
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_conf import data_directory, effective, uses_cephx
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_keyring import read_keyring
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_socket import NoAnswerError, ask, socket_path
from ansible_collections.sitewright.grid.plugins.module_utils._mkcephfs import (
    Host,
    PhaseError,
    entries,
    refuse_other_fsid,
    some,
    staged_monmap,
)
from ansible_collections.sitewright.grid.plugins.module_utils._plan import Plan
from ansible_collections.sitewright.grid.plugins.module_utils._private_file import read_text, write_private


def init_mon(host: Host, name: str, join: bool) -> Plan:
    """Make the store of a monitor, from the staged monmap or, to join, from that of the running cluster."""
    data = data_directory(host.conf, name)
    stage = f"{data}/.mkfs"
    is_made, is_staged = os.path.exists(f"{data}/store.db"), os.path.isdir(stage)
    if is_made and host.fsid is not None:
        refuse_other_fsid(host, name, data, _store_fsid(host, name, data))
    if is_made and not is_staged:
        return Plan()
    plan = Plan(before={name: "unfinished" if is_staged else "absent"}, after={name: f"made in {data}"})
    if is_made or os.path.isdir(f"{stage}/complete"):
        if not host.check_mode:
            _move_store(stage, data)
        return plan

    others = entries(data) - {".mkfs", "lost+found"}
    if others:
        raise PhaseError(f"{data} holds {some(others)} but no monitor store: empty it, or correct 'mon data'")
    keyring = host.path("keyring.mon") if uses_cephx(host.conf, name) else None
    fetch = _fetch_argv(host, keyring, f"{stage}/monmap") if join else None
    mkfs = _mkfs_argv(host, name, stage, keyring)
    plan.commands = [fetch, mkfs] if fetch else [mkfs]
    fsid = None if join else staged_monmap(host, name)
    if keyring and not host.check_mode and "mon." not in read_keyring(keyring):
        raise PhaseError(f"{keyring} has no key of 'mon.': run the phase prepare_mon, or bring the file from a monitor")
    if not host.check_mode:
        _make_stage(host, data, stage, keyring)
        if fetch:
            fsid = _fetch_monmap(host, name, fetch)
        else:
            shutil.copyfile(host.path("monmap"), f"{stage}/monmap")
        os.chmod(f"{stage}/monmap", 0o644)
        host.cli.run(mkfs, timeout=host.timeout)
        # The name and content that an OSD has in its data directory: a stopped monitor tells its fsid to nobody.
        write_private(f"{stage}/store/ceph_fsid", f"{fsid}\n", prepare=host.own)
        os.rename(f"{stage}/store", f"{stage}/complete")
        _move_store(stage, data)
    return plan


def _fetch_argv(host: Host, keyring: str | None, target: str) -> list[str]:
    identity = {"name": "mon." if keyring else "client.admin", "keyring": keyring}
    ceph = Ceph(host.cli, {"conf": host.conf_path, "connect_timeout": 30, **identity})
    return ceph.argv("mon", "getmap", "-o", target)


def _mkfs_argv(host: Host, name: str, stage: str, keyring: str | None) -> list[str]:
    words = ["--mkfs", "-i", name[len("mon.") :], "--mon-data", f"{stage}/store", "--monmap", f"{stage}/monmap"]
    return host.daemon_argv("ceph-mon", *words, *(["--keyring", f"{stage}/keyring"] if keyring else []))


def _make_stage(host: Host, data: str, stage: str, keyring: str | None) -> None:
    """Make the directory for one mkfs, which reads its copies there after it has dropped root's rights."""
    host.make_data_directory(data)
    if os.path.isdir(stage):
        shutil.rmtree(stage)
    host.make_data_directory(stage)
    host.make_data_directory(f"{stage}/store")
    if keyring:
        write_private(f"{stage}/keyring", read_text(keyring) or "", prepare=host.own)


def _fetch_monmap(host: Host, name: str, fetch: list[str]) -> str:
    """Fetch the running cluster's monmap and return its fsid, unless that is another cluster's."""
    host.cli.run(fetch, timeout=host.timeout)
    monmap = host.read_monmap(fetch[-1])
    if monmap is None:
        raise PhaseError(f"{name}: the monmap that the cluster has sent cannot be read by monmaptool")
    refuse_other_fsid(host, name, "the cluster that answers", monmap.fsid)
    return monmap.fsid


def _store_fsid(host: Host, name: str, data: str) -> str:
    """Return the fsid of a monitor's store: from the file that init_mon() wrote, else from the running monitor."""
    fsid = (read_text(f"{data}/ceph_fsid") or "").strip()
    if fsid:
        return fsid
    try:
        status = ask(socket_path(name, effective(host.conf, name)), "mon_status")
    except NoAnswerError as error:
        raise PhaseError(
            f"{data} holds a monitor store that this module has not made, and its monitor cannot be asked for its "
            f"fsid ({error}): start ceph-mon@{name[len('mon.') :]}, or empty the directory"
        ) from None
    return str(status["monmap"]["fsid"])


def _move_store(stage: str, data: str) -> None:
    complete = f"{stage}/complete"
    for entry in sorted(entries(complete), key=lambda entry: entry == "store.db"):
        os.rename(f"{complete}/{entry}", f"{data}/{entry}")
    shutil.rmtree(stage)
