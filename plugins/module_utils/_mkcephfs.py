# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: the phases of mkcephfs on today's tools, but for its monitors.

Each phase is a function that looks, decides, and acts unless in check mode; it returns its Plan, empty when it is done.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import time
import typing as t
import uuid
from dataclasses import dataclass

from ansible_collections.sitewright.grid.plugins.module_utils import _ceph_keyring as keyrings
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_conf import (
    Conf,
    data_directory,
    effective,
    keyring_path,
    uses_cephx,
)
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_monmap import (
    Monmap,
    create_argv,
    monitors,
    parse_monmap,
    print_argv,
)
from ansible_collections.sitewright.grid.plugins.module_utils._cli import Cli
from ansible_collections.sitewright.grid.plugins.module_utils._plan import Plan
from ansible_collections.sitewright.grid.plugins.module_utils._private_file import read_text, write_private

AUTHTOOL = "ceph-authtool"

# What Ceph's own tools give to new daemons today (src/pybind/mgr/cephadm/services, osd new).
_ADMIN_CAPS = dict.fromkeys(("mon", "osd", "mds", "mgr"), "allow *")
_DAEMON_CAPS = {
    "osd": {"mon": "profile osd", "mgr": "profile osd", "osd": "allow *"},
    "mds": {"mon": "profile mds", "mgr": "profile mds", "mds": "allow *", "osd": "allow rw tag cephfs *=*"},
}
# What may lie in an OSD's data directory before its mkfs: devices and an identity, prepared by the operator.
_OSD_PREPARED = {"lost+found", "block", "block.db", "block.wal", "journal", "keyring", "fsid"}


class PhaseError(Exception):
    """A phase that must not or cannot go on; the text says why and what to do, without a secret."""


@dataclass
class Host:
    """The host that a phase works on, as the module's parameters describe it.

    conf is empty in check mode where ceph.conf is still to come. user root stands for daemons that keep root's rights.
    """

    cli: Cli
    conf_path: str
    conf: Conf
    directory: str
    user: str
    group: str
    timeout: int
    check_mode: bool

    def path(self, name: str) -> str:
        """Return the path of a file in the staging directory."""
        return os.path.join(self.directory, name)

    @property
    def fsid(self) -> str | None:
        """The fsid of ceph.conf in its usual form, or None where it names none."""
        text = effective(self.conf, "mon.").get("fsid")
        if text is None:
            return None
        try:
            return str(uuid.UUID(text))
        except ValueError:
            raise PhaseError(f"{self.conf_path}: the fsid '{text}' is no UUID") from None

    def read_monmap(self, path: str) -> Monmap | None:
        """Return the monmap in the file; None where there is none, or only a damaged one."""
        if not os.path.exists(path) or (self.check_mode and not self.cli.has("monmaptool")):
            return None
        done = self.cli.read(print_argv(path), ok=range(256))
        return parse_monmap(done.stdout) if done.rc == 0 else None

    def own(self, path: str) -> None:
        """Give the path to the user and group of the daemons."""
        if self.user != "root":
            shutil.chown(path, self.user, self.group)

    def make_data_directory(self, path: str) -> None:
        """Make a directory that the daemons own and others cannot enter."""
        os.makedirs(path, exist_ok=True)
        os.chmod(path, 0o750)  # noqa: S103 - the group is the daemons' own
        self.own(path)

    def make_staging_directory(self) -> None:
        """Make the staging directory, for root alone."""
        os.makedirs(self.directory, mode=0o700, exist_ok=True)
        os.chmod(self.directory, 0o700)

    @contextlib.contextmanager
    def alone(self) -> t.Iterator[None]:
        """Wait until no other run of this module works here: that of a killed playbook goes on for a while."""
        if self.check_mode or not os.path.isdir(self.directory):
            yield
            return
        descriptor = os.open(self.directory, os.O_RDONLY)
        try:
            deadline = time.monotonic() + self.timeout
            while not _lock(descriptor):
                if time.monotonic() > deadline:
                    raise PhaseError(
                        f"another run works in {self.directory} for {self.timeout} s: wait for it, or end it"
                    )
                time.sleep(0.2)
            yield
        finally:
            os.close(descriptor)

    def daemon_argv(self, program: str, *words: str) -> list[str]:
        """Return the command line of a daemon that drops root's rights before it writes."""
        rights = [] if self.user == "root" else ["--setuser", self.user, "--setgroup", self.group]
        return [program, "--conf", self.conf_path, *rights, *words]


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def entries(directory: str) -> set[str]:
    """Return the names in a directory, none where there is no directory."""
    return set(os.listdir(directory)) if os.path.isdir(directory) else set()


def some(names: set[str]) -> str:
    """Return the first three names, for a message."""
    return ", ".join(f"'{name}'" for name in sorted(names)[:3]) + (", ..." if len(names) > 3 else "")


def refuse_other_fsid(host: Host, name: str, where: str, fsid: str | None) -> None:
    """Raise PhaseError where ceph.conf names a fsid and it is another one."""
    if host.fsid is not None and fsid != host.fsid:
        raise PhaseError(
            f"{name}: {where} has the fsid {fsid}, but {host.conf_path} says {host.fsid}: "
            "correct ceph.conf, or empty the directory if nothing in it is needed"
        )


def staged_monmap(host: Host, name: str | None = None) -> str | None:
    """Check DIR/monmap and return its fsid; None in check mode, where it may still be to come.

    name is that of a monitor that has to be in it.
    """
    path = host.path("monmap")
    monmap = host.read_monmap(path)
    if monmap is None:
        if host.check_mode:
            return None
        raise PhaseError(f"{path} is missing or damaged: run the phase prepare_monmap first")
    if host.fsid is not None and monmap.fsid != host.fsid:
        raise PhaseError(f"{path} is for fsid {monmap.fsid}, but {host.conf_path} says {host.fsid}: make it anew")
    if name is not None and name[len("mon.") :] not in monmap.monitors:
        raise PhaseError(
            f"{name} is not in {path}: give it an address in {host.conf_path} and run the phase prepare_monmap again, "
            "or set join where it joins a cluster that runs"
        )
    return monmap.fsid


def prepare_monmap(host: Host) -> Plan:
    """Make DIR/monmap from ceph.conf unless it has the same fsid and monitors already."""
    target = host.path("monmap")
    if not host.conf:
        return Plan(after={"monmap": "made from ceph.conf"})
    fsid = host.fsid
    if fsid is None:
        raise PhaseError(f"{host.conf_path} names no fsid: add 'fsid = <uuid>' to [global]")
    wanted = Monmap(fsid, monitors(host.conf))
    have = host.read_monmap(target)
    if have == wanted:
        return Plan()
    if have is not None and have.fsid != fsid:
        for identity in {**have.monitors, **wanted.monitors}:
            data = data_directory(host.conf, f"mon.{identity}")
            if os.path.exists(f"{data}/store.db"):
                raise PhaseError(
                    f"{host.conf_path} says fsid {fsid}, but the monitor in {data} was made for {have.fsid}: "
                    "correct the fsid, or remove that monitor and its data first"
                )
    temporary = f"{target}.new"
    plan = Plan(
        before={"monmap": have and have._asdict()},
        after={"monmap": wanted._asdict()},
        commands=[create_argv(wanted, temporary)],
    )
    if not host.check_mode:
        host.make_staging_directory()
        host.cli.run(plan.commands[0])
        os.rename(temporary, target)
    return plan


def prepare_mon(host: Host) -> Plan:
    """Make DIR/keyring.mon with mon., client.admin, and every daemon whose key has been brought to DIR."""
    if not uses_cephx(host.conf, "mon."):
        return Plan()
    target = host.path("keyring.mon")
    wanted = [
        keyrings.Wanted("mon.", None, {"mon": "allow *"}),
        keyrings.Wanted("client.admin", None, _ADMIN_CAPS),
    ]
    for file in sorted(os.listdir(host.directory)) if os.path.isdir(host.directory) else []:
        word, _dot, name = file.partition(".")
        caps = _DAEMON_CAPS.get(name.partition(".")[0])
        if word == "key" and caps is not None and not file.endswith(".new"):
            key = (read_text(host.path(file)) or "").strip()
            try:
                keyrings.key_type(key)
            except keyrings.KeyringError as error:
                raise PhaseError(f"{host.path(file)} is damaged: {error}") from None
            wanted.append(keyrings.Wanted(name, key, caps))
    have = keyrings.read_keyring(target)
    after = keyrings.plan_keyring(have, wanted, replace_keys=True)
    plan = Plan(
        before={"keyring.mon": keyrings.describe(have)},
        after={"keyring.mon": keyrings.describe(after, have)},
        commands=keyrings.generation_commands(after, AUTHTOOL),
    )
    if plan.changed and not host.check_mode:
        host.make_staging_directory()
        write_private(target, keyrings.render_keyring(keyrings.complete(host.cli, after, AUTHTOOL)))
    return plan


def init_osd(host: Host, name: str) -> Plan:
    """Make an OSD with its own key in the data directory that ceph.conf names, as mkcephfs did."""
    data = data_directory(host.conf, name)
    identity = name[len("osd.") :]
    fsid = (read_text(f"{data}/ceph_fsid") or "").strip()
    others = entries(data) - _OSD_PREPARED
    if fsid:
        refuse_other_fsid(host, name, data, fsid)
    elif others and "activate.monmap" not in others:
        raise PhaseError(f"{data} holds {some(others)} but no OSD: empty it, or correct 'osd data'")
    whoami = (read_text(f"{data}/whoami") or identity).strip()
    if whoami != identity:
        raise PhaseError(f"{data} holds osd.{whoami}, not {name}: correct 'osd data'")

    cephx = uses_cephx(host.conf, name)
    # ceph-osd writes mkfs_done when its object store is whole, then the superblock and more files; ready is the last.
    made = os.path.exists(f"{data}/ready")
    if made and not (cephx and _key_copy_is_missing(host, name)):
        return Plan()
    # ceph-osd reads the monmap after it has dropped root's rights, so it cannot be the one in the staging directory.
    monmap = f"{data}/activate.monmap"
    mkfs = host.daemon_argv("ceph-osd", "--no-mon-config", "--mkfs", *(["--mkkey"] if cephx else []), "-i", identity)
    mkfs += ["--monmap", monmap]
    plan = Plan(
        before={name: "key not copied" if made else "unfinished" if others else "absent"},
        after={name: f"made in {data}"},
        commands=[] if made else [mkfs],
    )
    if not made:
        staged_monmap(host)
    if host.check_mode:
        return plan
    if not made:
        host.make_data_directory(data)
        shutil.copyfile(host.path("monmap"), monmap)
        host.cli.run(mkfs, timeout=host.timeout)
    if os.path.exists(monmap):
        os.unlink(monmap)
    if cephx:
        _copy_key(host, name)
    return plan


def init_mds(host: Host, name: str) -> Plan:
    """Make the data directory of a metadata server and, in its keyring, its key."""
    data, target = data_directory(host.conf, name), keyring_path(host.conf, name)
    cephx = uses_cephx(host.conf, name)
    have = keyrings.read_keyring(target) if cephx else {}
    after = keyrings.plan_keyring(have, [keyrings.Wanted(name, None, None)], replace_keys=False) if cephx else {}
    if os.path.isdir(data) and after == have and not (cephx and _key_copy_is_missing(host, name)):
        return Plan()
    plan = Plan(
        before={name: "unfinished" if os.path.isdir(data) else "absent"},
        after={name: f"made in {data}"},
        commands=keyrings.generation_commands(after, AUTHTOOL),
    )
    if not host.check_mode:
        host.make_data_directory(data)
        if after != have:
            text = keyrings.render_keyring(keyrings.complete(host.cli, after, AUTHTOOL))
            write_private(target, text, prepare=host.own)
        if cephx:
            _copy_key(host, name)
    return plan


def _daemon_key(host: Host, name: str) -> str | None:
    entity = keyrings.read_keyring(keyring_path(host.conf, name)).get(name)
    return entity.key if entity else None


def _key_copy_is_missing(host: Host, name: str) -> bool:
    return (read_text(host.path(f"key.{name}")) or "").strip() != _daemon_key(host, name)


def _copy_key(host: Host, name: str) -> None:
    key = _daemon_key(host, name)
    if key is None:
        raise PhaseError(f"{keyring_path(host.conf, name)} has no key of {name}: restore it")
    host.make_staging_directory()
    write_private(host.path(f"key.{name}"), f"{key}\n")
