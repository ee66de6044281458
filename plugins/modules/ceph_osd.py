#!/usr/bin/python
# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ceph_osd
short_description: Make OSDs of a host's devices and run them
version_added: 0.1.0
author:
  - the sitewright.grid contributors (@sitewright)
description:
  - Takes the host's whole device list and makes every device on it a BlueStore OSD of the cluster that O(conf) names,
    enabled and running. An OSD that is there already is left as it is, one that has lost its data directory gets it
    back from its device.
  - Nothing is overwritten. A device with anything foreign on it (a file system, a partition table, an OSD of another
    cluster, data in a file) is refused, and then no device of the list is changed. A device that is not on the list is
    never touched.
  - A run that was interrupted is finished by running again. The OSD's uuid and key are on disk before the cluster hears
    of them, so that the OSD keeps its id, and no id is left over. The note lies in
    C(/var/lib/ceph/osd/.sitewright-new.json), readable by root only, until the OSD is made.
  - What V(raw) makes is what C(ceph-volume raw) makes and understands, what V(lvm) makes is known to C(ceph-volume
    lvm); but the data directory lies on the root file system, so that systemd's C(ceph-osd@) alone brings the OSD back
    after a reboot. A drop-in for that unit gives the device to the user C(ceph) each time.
  - OSD hosts need no administrator's key. New OSDs are registered as C(client.bootstrap-osd).
  - With O(state=absent), for the end of a cluster or of single OSDs, the devices of the list lose what they hold of the
    cluster O(fsid). Files are deleted, block devices are wiped if O(wipe) says so. What holds anything else is left as
    it is. The notes and the drop-in of this module go with the last OSD of the host. It needs no running cluster.
    M(sitewright.grid.ceph_daemon) has to stop the OSDs before and removes their data directories.
extends_documentation_fragment:
  - sitewright.grid.attributes
  - sitewright.grid.attributes.full
requirements:
  - C(ceph), C(ceph-authtool), C(ceph-osd) and C(ceph-bluestore-tool) (packages C(ceph-common) and C(ceph-osd)).
  - C(wipefs) (package C(util-linux)).
  - C(pvs), C(vgcreate) and C(lvcreate) (package C(lvm2)) for the method V(lvm).
  - C(ceph-volume) (package C(ceph-volume)) to wipe block devices.
options:
  devices:
    description:
      - The host's OSD devices. Their order is the order in which new OSDs get their ids.
    type: list
    elements: dict
    required: true
    suboptions:
      path:
        description:
          - The absolute path of the device, or of the sparse file where O(devices[].size) is given.
          - Prefer names that do not change with the order in which disks are found (C(/dev/disk/by-path/...)).
        type: str
        required: true
      size:
        description:
          - The size in bytes of the sparse file that is made; at least 5368709120 (5 GiB). Meant for labs.
          - A file that is an OSD already keeps its size; there is a warning if it differs.
        type: int
      device_class:
        description:
          - The CRUSH device class of the OSD, for example V(hdd), V(ssd) or V(nvme). Without it the OSD finds its class
            itself, and one that was set by other means is left alone.
          - The class is compared with the one that was last given here, not with the cluster's, so that a run with
            nothing to do asks no monitor.
        type: str
      method:
        description:
          - Whether the OSD lies on the device itself (V(raw)) or on a logical volume that takes all of it (V(lvm)).
        type: str
        choices: [raw, lvm]
        default: raw
  state:
    description:
      - Whether the devices become OSDs, or cease to hold any.
    type: str
    choices: [present, absent]
    default: present
  wipe:
    description:
      - Whether O(state=absent) wipes block devices. Without it they are named in RV(kept) and keep their data.
    type: bool
    default: false
  yes_i_really_mean_it:
    description:
      - Has to be V(true) with O(state=absent), which destroys data.
    type: bool
    default: false
  conf:
    description:
      - Path of the C(ceph.conf) with the cluster's fsid and monitors.
    type: path
    default: /etc/ceph/ceph.conf
  fsid:
    description:
      - The fsid of the cluster, for check mode on a host where O(conf) is still to be written, and for O(state=absent).
      - Where O(conf) exists its fsid has to be the same.
    type: str
  conf_text:
    description:
      - What O(conf) will contain. Give it in check mode, where the file is not written before this module runs.
      - Without it the file is read.
    type: str
  bootstrap_keyring:
    description:
      - Path of the keyring with the key of C(client.bootstrap-osd). Read only where an OSD is made.
    type: path
    default: /var/lib/ceph/bootstrap-osd/ceph.keyring
  bootstrap_key:
    description:
      - The key of C(client.bootstrap-osd), as the cluster has it. It is written to O(bootstrap_keyring) before an OSD
        is made. A key that is there is never replaced by another one.
      - Without it the keyring is left as it is.
    type: str
  start:
    description:
      - Whether the OSDs are enabled, started, and waited for. With V(false) their units stay as they are.
    type: bool
    default: true
  timeout:
    description:
      - How many seconds to wait until the OSDs of the list are up. Other OSDs are not waited for.
    type: int
    default: 300
notes:
  - Loop devices are as good as disks here, but nothing attaches them again after a reboot.
  - A sparse file is owned by C(ceph); an existing one is neither grown nor shrunk.
  - An OSD that was removed from the cluster cannot come back. Wipe its device before it is listed again.
seealso:
  - module: sitewright.grid.ceph_daemon
  - name: ceph-volume raw
    description: The command whose steps this module takes.
    link: https://docs.ceph.com/en/latest/ceph-volume/
"""

EXAMPLES = r"""
- name: Make two disks OSDs and run them
  sitewright.grid.ceph_osd:
    devices:
      - path: /dev/disk/by-path/pci-0000:3b:00.0-sas-phy1-lun-0
      - path: /dev/disk/by-path/pci-0000:3b:00.0-sas-phy2-lun-0
        device_class: ssd

- name: Make a lab's OSD in a sparse file of 10 GiB
  sitewright.grid.ceph_osd:
    devices:
      - path: /var/lib/ceph-lab/osd0
        size: 10737418240

- name: Take the lab's OSD away again, once it is stopped
  sitewright.grid.ceph_osd:
    devices:
      - path: /var/lib/ceph-lab/osd0
        size: 10737418240
    state: absent
    fsid: 8a0e8f0e-2e34-4b4b-8d54-0a1b0e4ed1c4
    yes_i_really_mean_it: true
"""

RETURN = r"""
osds:
  description:
    - The OSDs of the list, in its order.
    - With O(state=absent) those of the cluster that its devices held before, also the ones that keep it. An OSD whose
      device is gone or cannot be read is found by its data directory.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description:
        - The number of the OSD, V(null) in check mode for one that is still to be made, and with O(state=absent) for
          one that has no data directory any more.
      type: int
    uuid:
      description: The uuid of the OSD, V(null) in check mode for one that is still to be made.
      type: str
    path:
      description: The path on the list.
      type: str
    device_class:
      description: The device class on the list, V(null) where it names none.
      type: str
    created:
      description: Whether this run has made the OSD, or finished making it.
      type: bool
    started:
      description: Whether this run has started the OSD.
      type: bool
  sample:
    - id: 3
      uuid: d0773486-1eac-4447-9a92-3f4d1aa66bcf
      path: /dev/sdb
      device_class: ssd
      created: true
      started: true
restart_needed:
  description:
    - The OSDs of this host, on the list or not, that run with other options than C(ceph.conf) has. This module
      restarts none, M(sitewright.grid.ceph_daemon) does.
  returned: O(state=present)
  type: list
  elements: str
  sample: [osd.0]
reasons:
  description:
    - Why each of these OSDs needs its restart.
  returned: O(state=present)
  type: dict
  sample: {osd.0: ["osd_memory_target: 1073741824 -> 2147483648"]}
left_alone:
  description:
    - OSDs of this host that are not on the list. They are never touched.
  returned: O(state=present)
  type: list
  elements: dict
  contains:
    id:
      description: The number of the OSD.
      type: int
    path:
      description: What its data directory names as its device, V(null) where it names none.
      type: str
  sample:
    - {id: 1, path: /dev/sdc}
removed:
  description:
    - The devices of the list that have lost, or would lose in check mode, what they held.
  returned: O(state=absent)
  type: list
  elements: str
  sample: [/var/lib/ceph-lab/osd0]
kept:
  description:
    - The devices of the list that keep something of Ceph, and why.
  returned: O(state=absent)
  type: dict
  sample:
    /dev/sdb: it is a device with data of the cluster 8a0e8f0e-2e34-4b4b-8d54-0a1b0e4ed1c4, and devices are wiped
      only on request
commands:
  description:
    - The commands that were run, or would be run in check mode, quoted for pasting. C($UUID) and C($ID) stand for what
      is chosen during the run.
  returned: success
  type: list
  elements: str
  sample:
    - ceph --conf /etc/ceph/ceph.conf --name client.bootstrap-osd --keyring /var/lib/ceph/bootstrap-osd/ceph.keyring
      --connect-timeout 30 osd new '$UUID' -i -
"""

import contextlib
import errno
import os
import pwd
import shutil
import stat
import time
import typing as t
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.sitewright.grid.plugins.module_utils import _ceph_daemon, _ceph_osd
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_conf import (
    Conf,
    ConfError,
    effective,
    parse_conf,
    uses_cephx,
)
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_daemon_absent import confirm
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_key_file import KeyFile, read_key_files
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_options import Options
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_osd import Found, Label, LabelError, Volume, Wanted
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_osd_record import Record, Records
from ansible_collections.sitewright.grid.plugins.module_utils._cli import Cli
from ansible_collections.sitewright.grid.plugins.module_utils._plan import Plan
from ansible_collections.sitewright.grid.plugins.module_utils._private_file import write_private
from ansible_collections.sitewright.grid.plugins.module_utils._systemd import Systemd, Unit, plan_start
from ansible_collections.sitewright.grid.plugins.module_utils._text_file import write_files

OSD_ROOT = "/var/lib/ceph/osd"
DROP_IN = "/etc/systemd/system/ceph-osd@.service.d/sitewright.conf"
DROP_IN_TEXT = """\
# Written by Ansible (sitewright.grid.ceph_osd). At boot the kernel gives disks to root; ceph-osd needs its own.
[Service]
ExecStartPre=-+/usr/bin/udevadm settle
ExecStartPre=+/usr/bin/chown --dereference ceph:ceph /var/lib/ceph/osd/ceph-%i/block
"""
TARGETS = _ceph_daemon.target_names(["osd"])
USER = "ceph"
NEW_UUID = "/proc/sys/kernel/random/uuid"  # another one at each look
AT_ONCE = 8  # stores made at the same time: each mostly waits for its disk
MKFS_TRIES = 5
LEFTOVER_LIMIT = 120  # seconds


class StoreError(Exception):
    """An OSD's store could not be made; the text says why."""


class WorkerCli(Cli):
    """A Cli for threads, where a failure has to reach the main thread before it ends the module."""

    def fail(self, msg: str, **details: t.Any) -> t.NoReturn:
        raise StoreError(msg)


@dataclass
class Osd:
    """One device of the list: what is wanted, what lies there, and what it is or becomes."""

    wanted: Wanted
    block: str  # the device or logical volume that holds BlueStore
    found: Found
    record: Record | None  # uuid and key of an OSD that is being made
    class_now: str | None = None
    id: int | None = None
    created: bool = False
    started: bool = False

    @property
    def is_ready(self) -> bool:
        return self.found.label is not None and self.found.label.ready

    @property
    def uuid(self) -> str | None:
        if self.found.label and self.is_ready:
            return self.found.label.uuid
        return self.record["uuid"] if self.record else None

    @property
    def number(self) -> str:
        return "$ID" if self.id is None else str(self.id)

    @property
    def name(self) -> str:
        return f"osd.{self.number}"

    @property
    def unit(self) -> str:
        return _ceph_daemon.unit_name(self.name)

    @property
    def directory(self) -> str:
        return f"{OSD_ROOT}/ceph-{self.number}"

    @property
    def keyring(self) -> str:
        return f"{self.directory}/keyring"

    def result(self) -> dict[str, t.Any]:
        return {
            "id": self.id,
            "uuid": self.uuid,
            "path": self.wanted.path,
            "device_class": self.wanted.device_class,
            "created": self.created,
            "started": self.started,
        }


class Host:
    """The host on which the module runs."""

    def __init__(self, module: AnsibleModule) -> None:
        self.module = module
        self.cli = Cli(module)
        self.systemd = Systemd(self.cli)
        # Where nothing has to work, nothing has to be there.
        self.is_lenient: bool = module.check_mode or module.params["state"] == "absent"
        self.conf: str = module.params["conf"]
        self.bootstrap_keyring: str = module.params["bootstrap_keyring"]
        self.key_files = self._key_files()
        self.start: bool = module.params["start"]
        self.sections = self._conf()
        self.fsid = self._cluster()
        self.units: dict[str, Unit] = {}
        self.records = Records(f"{OSD_ROOT}/.sitewright-new.json", self.fsid)

    def _key_files(self) -> list[KeyFile]:
        key = self.module.params["bootstrap_key"]
        wanted = [(self.bootstrap_keyring, "client.bootstrap-osd", key)] if key else []
        return read_key_files(self.cli, wanted, USER)

    def _conf(self) -> Conf:
        text = self.module.params["conf_text"]
        if text is None and not os.path.exists(self.conf):
            if self.is_lenient:
                return {}
            self.cli.fail(f"{self.conf} does not exist: write it before OSDs are made.")
        try:
            return parse_conf(Path(self.conf).read_text() if text is None else text)
        except ConfError as error:
            self.cli.fail(f"{self.conf}, {error}")

    def _cluster(self) -> str | None:
        """Return the fsid of the cluster; None in check mode where nobody knows it yet."""
        wanted: str | None = self.module.params["fsid"]
        fsid = effective(self.sections, "osd").get("fsid")
        if self.sections and not fsid:
            self.cli.fail(f"{self.conf} has no fsid: write the fsid of the cluster into its section [global].")
        if None not in (wanted, fsid) and wanted != fsid:
            self.cli.fail(f"{self.conf} belongs to the cluster {fsid}, not to {wanted}: correct the one that is wrong.")
        return fsid or wanted

    # ---- read

    def look(self, wanted: list[Wanted]) -> list[Osd]:
        """Look at every device."""
        volumes: dict[str, list[Volume]] = {}
        if any(device.method == "lvm" for device in wanted) and (self.cli.has("pvs") or not self.is_lenient):
            options = ["--reportformat", "json", "--options", "pv_name,vg_name,lv_path,lv_tags"]
            volumes = _ceph_osd.parse_volumes(self.cli.read(["pvs", *options]).stdout)
        by_disk = {os.path.realpath(disk): found for disk, found in volumes.items()}
        return [self._look(device, by_disk.get(os.path.realpath(device.path), [])) for device in wanted]

    def survey(self, wanted: list[Wanted]) -> list[Osd]:
        """Look at every device, and end the module if any of them must not be touched."""
        osds = self.look(wanted)
        faults = [
            f"{osd.wanted.path}: {fault}"
            for osd in osds
            for fault in [_ceph_osd.find_fault(osd.wanted, osd.found, self.fsid, osd.record)]
            if fault
        ]
        faults += self._twins(osds)
        needs_key = (
            uses_cephx(self.sections, "osd") and not self.module.check_mode and any(not osd.is_ready for osd in osds)
        )
        if needs_key and not (self.key_files or os.path.exists(self.bootstrap_keyring)):
            faults.append(f"{self.bootstrap_keyring} is missing: put the keyring of client.bootstrap-osd there")
        if faults:
            self.cli.fail("No device was changed. " + "; ".join(faults) + ".")
        return osds

    @staticmethod
    def _twins(osds: list[Osd]) -> list[str]:
        """Return a fault for each device that is named twice, or is a copy of another one."""
        faults = []
        seen: dict[str, str] = {}
        for osd in osds:
            marks = [os.path.realpath(osd.wanted.path)] + ([osd.found.label.uuid] if osd.found.label else [])
            twin = next((seen[mark] for mark in marks if mark in seen), None)
            if twin:
                faults.append(f"{osd.wanted.path}: it is the same device as {twin}, or a copy of it; name each once")
            seen.update(dict.fromkeys(marks, osd.wanted.path))
        return faults

    def _look(self, wanted: Wanted, volumes: list[Volume]) -> Osd:
        volume = next((volume for volume in volumes if volume.tags.get("ceph.type") == "block"), None)
        block = volume.path if volume else wanted.path
        group = volumes[0].group if volumes else None
        found = self._examine(block, group)
        osd = Osd(wanted, block, found, self.records.get(wanted.path))
        if osd.is_ready and found.label:
            osd.id = found.label.id
        return osd

    def _examine(self, path: str, group: str | None) -> Found:
        if not os.path.exists(path):
            return Found("missing")
        status = os.stat(path)
        if not (stat.S_ISREG(status.st_mode) or stat.S_ISBLK(status.st_mode)):
            return Found("other")
        label, damage = None, None
        try:
            with open(path, "rb") as device:
                size = device.seek(0, os.SEEK_END)
            label = _read_label(path)
        except OSError as error:
            return Found("other", damage=f"it cannot be read ({error.strerror})")
        except LabelError as error:
            damage = str(error)
        is_file = stat.S_ISREG(status.st_mode)
        blank = label is None and damage is None and size > 0
        return Found(
            kind="file" if is_file else "block",
            size=size,
            written=is_file and status.st_blocks > 0,
            busy=blank and self._is_busy(path),
            signatures=self._signatures(path) if blank else (),
            label=label,
            damage=damage,
            group=group,
        )

    @staticmethod
    def _is_busy(path: str) -> bool:
        """Tell whether the kernel has given the device to somebody (a mount, swap, LVM, RAID), in any namespace."""
        if not stat.S_ISBLK(os.stat(path).st_mode):
            return False
        try:
            os.close(os.open(path, os.O_RDONLY | os.O_EXCL))
        except OSError as error:
            if error.errno != errno.EBUSY:
                raise
            return True
        return False

    def _signatures(self, path: str) -> list[str]:
        return _ceph_osd.parse_signatures(self.cli.read(["wipefs", "--no-act", "--json", path]).stdout)

    def left_alone(self, osds: list[Osd]) -> list[dict[str, t.Any]]:
        """Return the OSDs of this host that are not on the list."""
        listed = {osd.directory for osd in osds}
        rest = []
        for directory in sorted(Path(OSD_ROOT).glob("ceph-*")):
            number = directory.name[len("ceph-") :]
            if str(directory) not in listed and number.isdigit():
                block = directory / "block"
                rest.append({"id": int(number), "path": os.readlink(block) if block.is_symlink() else None})
        return rest

    def held(self, osds: list[Osd], fsid: str) -> list[dict[str, t.Any]]:
        """Return which OSDs of the cluster have these devices, by their labels, or else by their data directories."""
        found = []
        for osd in osds:
            label = osd.found.label
            noted = _line(Path(osd.directory) / "fsid")
            if label and noted not in (None, label.uuid):
                osd.id = None  # the cluster has given its number to another OSD since
            for directory in sorted(Path(OSD_ROOT).glob("ceph-*")):
                uuid, cluster = _line(directory / "fsid"), _line(directory / "ceph_fsid")
                block = directory / "block"
                is_its = uuid == label.uuid if label else block.is_symlink() and os.readlink(block) == osd.block
                if is_its and cluster == fsid and directory.name[len("ceph-") :].isdigit():
                    found.append({**osd.result(), "id": int(directory.name[len("ceph-") :]), "uuid": uuid})
                    break
            else:
                if label and label.ready and label.fsid == fsid:
                    found.append({**osd.result(), "id": None})
        return found

    def find_reasons(self, osds: list[Osd]) -> dict[str, list[str]]:
        """Return why running OSDs of this host need a restart; only those that do are in the result."""
        options = Options(self.cli, self.sections, self.conf, self.module.params["conf_text"])
        names = [osd.name for osd in osds if osd.is_ready] + [f"osd.{osd['id']}" for osd in self.left_alone(osds)]
        return {name: changes for name in names if (changes := options.find_changes(name))}

    def _state(self, osd: Osd) -> dict[str, t.Any]:
        """Return the present state of a device, as the diff shows it."""
        if not osd.is_ready:
            return {"osd": "unfinished" if osd.record else "none"}
        state: dict[str, t.Any] = {
            "osd": "unfinished" if osd.record else osd.name,
            "data_directory": self._directory_state(osd),
            "owner": USER if all(self._owned(path) for path in self._paths(osd)) else "another",
        }
        if osd.wanted.device_class:
            state["device_class"] = self._noted_class(osd)
        if self.start:
            unit = self.units[osd.unit]
            state.update(enabled=unit.enabled, running=unit.running)
        return state

    def _wanted_state(self, osd: Osd) -> dict[str, t.Any]:
        state: dict[str, t.Any] = {"osd": osd.name if osd.is_ready else "new"}
        if osd.is_ready:
            state.update(data_directory="complete", owner=USER)
        if osd.wanted.device_class:
            state["device_class"] = osd.wanted.device_class
        if self.start:
            state.update(enabled=True, running=True)
        return state

    def _directory_state(self, osd: Osd) -> str:
        if not os.path.isdir(osd.directory):
            return "missing"
        if not all(os.path.exists(f"{osd.directory}/{name}") for name in _ceph_osd.DATA_FILES):
            return "incomplete"
        if os.path.realpath(f"{osd.directory}/block") != os.path.realpath(osd.block):
            return "of another device"
        return "complete"

    @staticmethod
    def _paths(osd: Osd) -> list[str]:
        inside = [entry.path for entry in os.scandir(osd.directory)] if os.path.isdir(osd.directory) else []
        return [osd.directory, *inside, osd.block]

    @staticmethod
    def _owned(path: str) -> bool:
        """Tell whether the path belongs to ceph, and a key in it can be read by nobody else."""
        if not os.path.exists(path):
            return False
        status = os.stat(path)
        secret = os.path.basename(path) in ("keyring", "osd_key")
        return _user_name(status.st_uid) == USER and not (secret and status.st_mode & 0o077)

    @staticmethod
    def _noted_class(osd: Osd) -> str | None:
        """Return the class that was last given to the OSD; ceph-osd reads this file, too, when it starts."""
        noted = Path(osd.directory, "crush_device_class")
        return noted.read_text().strip() if noted.exists() else None

    # ---- plan

    def plan(self, osds: list[Osd]) -> Plan:
        """Compare what is with what should be."""
        plan = Plan()
        for file in self.key_files:
            file.note(plan)
        reload = not _has_text(DROP_IN, DROP_IN_TEXT)
        if reload:
            plan.before[DROP_IN] = "other or missing"
            plan.after[DROP_IN] = "written"
            plan.commands.append(["systemctl", "daemon-reload"])
        known = [osd.unit for osd in osds if osd.is_ready]
        self.units = self.systemd.units([*known, *TARGETS]) if self.start else {}
        for osd in osds:
            before, after = self._state(osd), self._wanted_state(osd)
            osd.created = before["osd"] != osd.name
            plan.commands += self._commands(osd, before)
            if before != after:
                plan.before[osd.wanted.path], plan.after[osd.wanted.path] = before, after
        if self.start:
            for name in TARGETS:
                if not self.units[name].enabled:
                    plan.before[name], plan.after[name] = {"enabled": False}, {"enabled": True}
            plan.commands += self._start_commands(osds)
            for osd in osds:
                osd.started = not self.units.get(osd.unit, Unit()).running
        return plan

    def _commands(self, osd: Osd, before: dict[str, t.Any]) -> list[list[str]]:
        if not osd.is_ready:
            uuid = osd.uuid or "$UUID"
            commands = [] if osd.record else [["ceph-authtool", "--gen-print-key"]]
            commands.append(_ceph_osd.new_argv(self.conf, self.bootstrap_keyring, uuid))
            if osd.wanted.method == "lvm" and osd.block == osd.wanted.path:
                if not osd.found.group:
                    commands.append(_ceph_osd.group_argv(uuid, osd.wanted.path))
                commands.append(_ceph_osd.volume_argv(self.fsid or "$FSID", osd.number, uuid, osd.wanted.device_class))
            return [*commands, _ceph_osd.mkfs_argv(self.conf, osd.number, uuid)]
        commands = []
        if before["data_directory"] != "complete":
            commands.append(_ceph_osd.prime_argv(osd.directory, osd.block))
        wanted = osd.wanted.device_class
        if wanted and wanted != before["device_class"]:
            if os.path.exists(osd.keyring):
                osd.class_now = self._class_in_cluster(osd)
            if osd.class_now != wanted:
                commands += _ceph_osd.class_argvs(self.conf, osd.keyring, osd.number, wanted)
        return commands

    def _start_commands(self, osds: list[Osd]) -> list[list[str]]:
        units = {osd.unit: self.units.get(osd.unit, Unit()) for osd in osds}
        return plan_start(units, {name: self.units[name] for name in TARGETS})

    def _class_in_cluster(self, osd: Osd) -> str:
        argv = _ceph_osd.osd_argv(self.conf, osd.keyring, osd.number)
        return self.cli.read([*argv, "osd", "crush", "get-device-class", osd.name], timeout=90).stdout.strip()

    def plan_absent(self, osds: list[Osd], is_last: bool) -> Plan:
        """Return what takes these devices from their OSDs, and with the last OSD this module's own files."""
        plan = Plan()
        for osd in osds:
            path = osd.wanted.path
            plan.before[path], plan.after[path] = {"osd": osd.uuid or "unfinished"}, None
            if osd.found.kind == "block":
                plan.commands.append(_ceph_osd.zap_argv(path))
        if is_last and os.path.exists(DROP_IN):
            plan.before[DROP_IN], plan.after[DROP_IN] = "written", None
            plan.commands.append(["systemctl", "daemon-reload"])
        return plan

    # ---- apply

    def apply_absent(self, osds: list[Osd], notes: list[str], is_last: bool) -> None:
        """Do what the plan says. Each device's note goes after the device, for it may be all that tells whose it is."""
        numbered = [osd for osd in osds if osd.id is not None]
        running = self.systemd.units([osd.unit for osd in numbered])
        for osd in numbered:
            if running[osd.unit].running:
                self.cli.fail(f"{osd.name} runs on {osd.wanted.path}: stop it first. No device was changed.")
        for osd in osds:
            if osd.found.kind == "block":
                self.cli.run(_ceph_osd.zap_argv(osd.wanted.path), timeout=600)
                if not _is_wiped(osd.wanted.path):
                    self.cli.fail(f"{osd.wanted.path}: ceph-volume has not wiped it. Wipe it by other means.")
            else:
                os.unlink(osd.wanted.path)
        self.records.drop(notes)
        if is_last and os.path.exists(DROP_IN):
            os.unlink(DROP_IN)
            with contextlib.suppress(OSError):  # it holds drop-ins of others
                os.rmdir(os.path.dirname(DROP_IN))
            self.cli.run(["systemctl", "daemon-reload"])

    def apply(self, osds: list[Osd], plan: Plan) -> None:
        """Do what the plan says; every step can be cut short and is then done again by the next run."""
        write_files(self.cli, self.key_files)
        if DROP_IN in plan.after:
            os.makedirs(os.path.dirname(DROP_IN), exist_ok=True)
            _write_readable(DROP_IN, DROP_IN_TEXT)
            self.cli.run(["systemctl", "daemon-reload"])
        new = [osd for osd in osds if not osd.is_ready]
        if new:
            self._make(new)
        changes = [osd for osd in osds if osd.wanted.path in plan.after and osd not in new]
        for osd in changes:
            self._mend(osd)
        self.records.drop([osd.wanted.path for osd in changes])
        if self.start:
            self.units.update(self.systemd.units([osd.unit for osd in new]))
            for argv in self._start_commands(osds):
                self.cli.run(argv)

    def _make(self, new: list[Osd]) -> None:
        records = {osd.wanted.path: osd.record or self._new_record() for osd in new}
        self.records.add(records)
        for osd in new:
            osd.record = records[osd.wanted.path]
            self._prepare(osd, osd.record)
        self._make_stores([osd for osd in new if not osd.is_ready], records)
        self.records.drop([osd.wanted.path for osd in new])

    def _make_stores(self, new: list[Osd], records: dict[str, Record]) -> None:
        failures = []
        with ThreadPoolExecutor(AT_ONCE) as pool:
            running = {pool.submit(self._mkfs, osd, records[osd.wanted.path]): osd for osd in new}
            for future in as_completed(running):
                osd = running[future]
                try:
                    future.result()
                except StoreError as error:
                    failures.append(f"{osd.wanted.path}: {error}")
                else:
                    self.records.drop([osd.wanted.path])
        if failures:
            self.cli.fail("; ".join(failures))

    def _new_record(self) -> Record:
        return {
            "uuid": Path(NEW_UUID).read_text().strip(),
            "key": self.cli.run(["ceph-authtool", "--gen-print-key"]).stdout.strip(),
        }

    def _prepare(self, osd: Osd, record: Record) -> None:
        """Register the OSD and bring everything into place that mkfs needs."""
        uuid, key = record["uuid"], record["key"]
        if osd.found.kind == "missing":
            self._make_file(osd.wanted.path)
        if osd.wanted.size is not None and osd.found.size < osd.wanted.size:
            os.truncate(osd.wanted.path, osd.wanted.size)
        secrets = _ceph_osd.secrets_json(key, osd.wanted.device_class)
        argv = _ceph_osd.new_argv(self.conf, self.bootstrap_keyring, uuid)
        done = self.cli.run(argv, ok=(0, errno.EEXIST), stdin=secrets, timeout=90)
        if done.rc:
            self.cli.fail(
                f"{osd.wanted.path}: the cluster keeps another key for the OSD with the uuid {uuid}, or for a removed"
                f" OSD of the same id ({done.stderr.strip()}). Remove that with 'ceph osd purge-new ID' or"
                f" 'ceph auth rm osd.ID', and run again."
            )
        osd.id = int(done.stdout)
        if osd.wanted.method == "lvm" and osd.block == osd.wanted.path:
            if not osd.found.group:
                self.cli.run(_ceph_osd.group_argv(uuid, osd.wanted.path))
            self.cli.run(_ceph_osd.volume_argv(self.fsid or "", osd.number, uuid, osd.wanted.device_class))
            osd.block = _ceph_osd.volume_path(uuid)
        self._wait_for_leftover(uuid)
        osd.found = replace(osd.found, label=_read_label(osd.block))
        if not osd.is_ready:
            self._clear_directory(osd, uuid)
            self._clear_label(osd, uuid)
        os.makedirs(osd.directory, mode=0o750, exist_ok=True)
        write_private(osd.keyring, _ceph_osd.render_keyring(osd.number, key))
        self._settle(osd)

    def _make_file(self, path: str) -> None:
        os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))

    def _wait_for_leftover(self, uuid: str) -> None:
        """Wait for a mkfs that a killed run has left behind; two of them would spoil each other's work."""
        deadline = time.monotonic() + LEFTOVER_LIMIT
        while any(uuid in argv and "--mkfs" in argv for argv in _running_argvs()):
            if time.monotonic() > deadline:
                self.cli.fail(f"ceph-osd --mkfs --osd-uuid {uuid} runs since a killed run: end it, and run again.")
            time.sleep(0.5)

    def _clear_directory(self, osd: Osd, uuid: str) -> None:
        """Empty the data directory of what an interrupted mkfs has left, and refuse one of another OSD."""
        if not os.path.isdir(osd.directory):
            return
        fsid = Path(osd.directory, "fsid")
        other = fsid.read_text().strip() if fsid.exists() else ""
        if other not in ("", uuid) or any(entry.is_dir(follow_symlinks=False) for entry in os.scandir(osd.directory)):
            self.cli.fail(
                f"{osd.directory} belongs to another OSD {other}, but the cluster gave its number to {osd.wanted.path}:"
                f" make sure that nobody needs it, remove the directory, and run again."
            )
        for entry in os.scandir(osd.directory):
            os.unlink(entry.path)

    def _clear_label(self, osd: Osd, uuid: str) -> None:
        """Remove the label that an interrupted mkfs of this OSD has left: the next one would take it for finished."""
        if osd.found.label and osd.found.label.uuid == uuid:
            with open(osd.block, "r+b") as device:
                device.write(bytes(_ceph_osd.LABEL_SIZE))
                device.flush()
                os.fsync(device.fileno())

    def _mkfs(self, osd: Osd, record: Record) -> None:
        cli = WorkerCli(self.module)
        argv = _ceph_osd.mkfs_argv(self.conf, osd.number, record["uuid"])
        for _attempt in range(MKFS_TRIES):
            # udev may hold a lock on the device for a moment; ceph-osd then ends with this code.
            if cli.run(argv, ok=(0, errno.EWOULDBLOCK), stdin=record["key"], timeout=600).rc == 0:
                break
            time.sleep(1)
        label = _read_label(osd.block)
        if label is None or not label.ready or label.uuid != record["uuid"]:
            cli.fail(f"ceph-osd --mkfs has ended without an error, but {osd.block} has no finished label; run again")

    def _mend(self, osd: Osd) -> None:
        """Bring an existing OSD's data directory, owners and class in order."""
        if self._directory_state(osd) != "complete":
            os.makedirs(osd.directory, mode=0o750, exist_ok=True)
            link = Path(osd.directory, "block")
            if link.is_symlink():
                link.unlink()
            self.cli.run(_ceph_osd.prime_argv(osd.directory, osd.block))
            self._restore_keyring(osd)
        wanted = osd.wanted.device_class
        if wanted and wanted != self._noted_class(osd) and wanted != (osd.class_now or self._class_in_cluster(osd)):
            for argv in _ceph_osd.class_argvs(self.conf, osd.keyring, osd.number, wanted):
                self.cli.run(argv, timeout=90)
        self._settle(osd)

    def _restore_keyring(self, osd: Osd) -> None:
        if os.path.exists(osd.keyring):
            return
        key = osd.found.label.key if osd.found.label else None
        if key is None:
            self.cli.fail(
                f"{osd.keyring} is lost, and {osd.block} does not hold the key: write it again with"
                f" 'ceph auth get {osd.name} -o {osd.keyring}' on a host with the administrator's key, and run again."
            )
        write_private(osd.keyring, _ceph_osd.render_keyring(osd.number, key))

    def _settle(self, osd: Osd) -> None:
        """Write the link and the class, and give everything to ceph."""
        link = Path(osd.directory, "block")
        if not link.is_symlink() or os.path.realpath(link) != os.path.realpath(osd.block):
            if link.is_symlink():
                link.unlink()
            link.symlink_to(osd.block)
        if osd.wanted.device_class not in (None, self._noted_class(osd)):
            _write_readable(f"{osd.directory}/crush_device_class", f"{osd.wanted.device_class}\n")
        for path in self._paths(osd):
            shutil.chown(path, USER, USER)
        for name in ("keyring", "osd_key"):
            if os.path.exists(f"{osd.directory}/{name}"):
                os.chmod(f"{osd.directory}/{name}", 0o600)


def _write_readable(path: str, text: str) -> None:
    write_private(path, text, lambda temporary: os.chmod(temporary, 0o644))


def _read_label(path: str) -> Label | None:
    with open(path, "rb") as device:
        return _ceph_osd.parse_label(device.read(_ceph_osd.LABEL_SIZE))


def _is_wiped(path: str) -> bool:
    try:
        return _read_label(path) is None
    except LabelError:
        return False


def _user_name(uid: int) -> str | None:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return None


def _running_argvs() -> list[list[str]]:
    """Return the command line of every process on the host."""
    argvs = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            argvs.append(path.read_bytes().decode(errors="replace").split("\0"))
    return argvs


def _line(path: Path) -> str | None:
    return path.read_text().strip() if path.exists() else None


def _has_text(path: str, text: str) -> bool:
    return os.path.exists(path) and Path(path).read_text() == text


def remove(host: Host, wanted: list[Wanted], fsid: str) -> None:
    """Take the devices from the OSDs of this cluster and end the module."""
    osds, kept = [], {}
    looked = host.look(wanted)
    held = host.held(looked, fsid)
    is_last = {osd["id"] for osd in host.left_alone([])} <= {osd["id"] for osd in held}
    for osd in looked:
        reason = _ceph_osd.find_keeper(osd.wanted, osd.found, fsid, osd.record, host.module.params["wipe"])
        if reason:
            kept[osd.wanted.path] = reason
        elif _ceph_osd.is_of_cluster(osd.found, fsid, osd.record):
            osds.append(osd)
    plan = host.plan_absent(osds, is_last)
    listed = {device.path for device in wanted}
    notes = [path for path in host.records.devices() if path not in kept and (is_last or path in listed)]
    if notes:
        plan.before[host.records.path], plan.after[host.records.path] = notes, None
    if not host.module.check_mode:
        host.apply_absent(osds, notes, is_last)
    host.module.exit_json(**plan.result(), osds=held, removed=[osd.wanted.path for osd in osds], kept=kept)


def main() -> None:
    device = {
        "path": {"type": "str", "required": True},
        "size": {"type": "int"},
        "device_class": {"type": "str"},
        "method": {"type": "str", "choices": ["raw", "lvm"], "default": "raw"},
    }
    module = AnsibleModule(
        argument_spec={
            "devices": {"type": "list", "elements": "dict", "required": True, "options": device},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "wipe": {"type": "bool", "default": False},
            "yes_i_really_mean_it": {"type": "bool", "default": False},
            "conf": {"type": "path", "default": "/etc/ceph/ceph.conf"},
            "fsid": {"type": "str"},
            "bootstrap_keyring": {
                "type": "path",
                "default": "/var/lib/ceph/bootstrap-osd/ceph.keyring",
                "no_log": False,
            },
            "bootstrap_key": {"type": "str", "no_log": True},
            "conf_text": {"type": "str"},
            "start": {"type": "bool", "default": True},
            "timeout": {"type": "int", "default": 300},
        },
        required_if=[("state", "absent", ["fsid"])],
        supports_check_mode=True,
    )
    host = Host(module)
    wanted = [Wanted(**device) for device in module.params["devices"]]
    if module.params["state"] == "absent":
        confirm(host.cli)
        remove(host, wanted, module.params["fsid"])
    osds = host.survey(wanted)
    reasons = host.find_reasons(osds)
    plan = host.plan(osds)
    for osd in osds:
        have, want = osd.found.size, osd.wanted.size
        if osd.is_ready and want not in (None, have):
            module.warn(f"{osd.wanted.path} stays at its {have} bytes: a file that is an OSD is not resized to {want}.")
    if not module.check_mode:
        host.apply(osds, plan)
        if host.start:
            names = [osd.name for osd in osds]
            _ceph_daemon.wait_until_serving(host.cli, host.sections, names, module.params["timeout"])
    module.exit_json(
        **plan.result(),
        osds=[osd.result() for osd in osds],
        left_alone=host.left_alone(osds),
        restart_needed=list(reasons),
        reasons=reasons,
    )


if __name__ == "__main__":
    main()
