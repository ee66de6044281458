# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: the domain of a job of HTCondor's VM universe (LIBVIRT_XML_SCRIPT).

The script grid-vm-xml has this file in it, so it needs nothing but Python's own library. condor_vm-gahp runs it as root
in the job's scratch directory, with the job's ad on its standard input, and gives what it prints to the system's
libvirt.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import typing as t
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from ansible_collections.sitewright.grid.plugins.module_utils._domain_xml import ACCELERATORS, MAC
from ansible_collections.sitewright.grid.plugins.module_utils._vm_image import ImageError, examine_image

NODE = "/var/lib/grid-vm/node.json"  # what the probe has found on this node
UPDATE = "/var/lib/grid-vm/vm-universe.ad"  # says that the node has a VM universe
COME_BACK_AFTER = 60  # seconds
LIBVIRT = "/var/lib/libvirt/qemu"  # QEMU has to reach what libvirt has below it, as a member of its group
_ATTRIBUTE = re.compile(r"\s*(\w+)\s*=\s*(.*?)\s*")
_FILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,199}")
_TARGET = re.compile(r"vd[a-z]|sd[a-z]|hd[a-d]")
_MACHINE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+@-]{0,99}")
_BUS_OF = {"vd": "virtio", "sd": "sata", "hd": "ide"}


class UniverseError(ValueError):
    """Says why a job's machine is refused."""


@dataclass(frozen=True)
class JobDisk:
    """A disk: its file in the scratch directory, its target such as vda, and whether it is only read."""

    file: str
    target: str
    read_only: bool


@dataclass(frozen=True)
class Machine:
    """What a job asks for; memory is in MiB."""

    name: str
    memory: int
    vcpus: int
    disks: t.Sequence[JobDisk]
    mac: str | None
    networking: bool


def parse_ad(text: str) -> dict[str, str]:
    """Return the attributes of an ad, one on each line, without the quotes of strings."""
    found = {}
    for line in text.splitlines():
        match = _ATTRIBUTE.fullmatch(line)
        if match:
            value = match[2]
            found[match[1].lower()] = value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value
    return found


def parse_machine(ad: t.Mapping[str, str]) -> Machine:
    """Return the machine that a job's ad describes, or raise UniverseError."""
    name = ad.get("vmparam_vm_name", "")
    if _MACHINE_NAME.fullmatch(name) is None:
        raise UniverseError(f"'{name}' is no name for a machine.")
    mac = ad.get("jobvm_macaddr") or None
    if mac is not None and MAC.fullmatch(mac) is None:
        raise UniverseError(f"'{mac}' is no MAC address (vm_macaddr).")
    disks = [_parse_disk(words.strip()) for words in ad.get("vmparam_vm_disk", "").split(",")]
    if len({disk.target for disk in disks}) < len(disks) or len({disk.file for disk in disks}) < len(disks):
        raise UniverseError("vm_disk names a file or a device twice.")
    return Machine(
        name=name,
        memory=_read_number(ad, "jobvmmemory", "requestmemory"),
        vcpus=_read_number(ad, "jobvm_vcpus", "requestcpus"),
        disks=disks,
        mac=mac,
        networking=ad.get("jobvmnetworking", "").lower() == "true",
    )


def _read_number(ad: t.Mapping[str, str], *names: str) -> int:
    for name in names:
        if re.fullmatch(r"[1-9][0-9]{0,8}", ad.get(name, "")):
            return int(ad[name])
    raise UniverseError(f"{names[0]} is no number.")


def _parse_disk(words: str) -> JobDisk:
    parts = words.split(":")
    if len(parts) not in (3, 4) or not _TARGET.fullmatch(parts[1]) or parts[2] not in ("r", "w"):
        raise UniverseError(f"'{words}' is no disk (vm_disk): write FILE:DEVICE:PERMISSION, such as disk.qcow2:vda:w.")
    # Whatever lies outside of the scratch directory is not the job's.
    if _FILE.fullmatch(parts[0]) is None:
        raise UniverseError(f"'{parts[0]}' is not a file that the job has brought: name it in transfer_input_files.")
    return JobDisk(parts[0], parts[1], parts[2] == "r")


def render_machine(
    machine: Machine, directory: str, formats: t.Mapping[str, str], accelerator: str, user: int, group: int
) -> str:
    """Return the domain's XML.

    directory is the scratch directory, formats are those of the files. QEMU runs with these numbers of the job's
    account and of libvirt's group. libvirt changes the owner of no file of the job, nor of files that lie behind one.
    """
    own = "<seclabel model='dac' relabel='no'/>"
    disks = [
        f"<disk type='file' device='disk'><driver name='qemu' type='{formats[disk.file]}'/>"
        f"<source file='{directory}/{disk.file}'>{own}</source>"
        f"<target dev='{disk.target}' bus='{_BUS_OF[disk.target[:2]]}'/>"
        f"{'<readonly/>' if disk.read_only else ''}</disk>"
        for disk in machine.disks
    ]
    # By QEMU itself, which lets the guest out and nobody in: no network of libvirt has to be there.
    mac = f"<mac address='{machine.mac}'/>" if machine.mac else ""
    interface = f"<interface type='user'>{mac}<model type='virtio'/></interface>" if machine.networking else ""
    cpu = "<cpu mode='host-passthrough'/>" if accelerator == "kvm" else ""
    return "\n".join(
        [
            f"<domain type='{ACCELERATORS[accelerator]}'>",
            f"<name>{machine.name}</name>",
            f"<memory unit='MiB'>{machine.memory}</memory>",
            f"<vcpu>{machine.vcpus}</vcpu>{cpu}",
            "<os><type arch='x86_64' machine='q35'>hvm</type><boot dev='hd'/></os>",
            "<features><acpi/><apic/></features>",
            # The job ends with its machine.
            "<on_poweroff>destroy</on_poweroff><on_reboot>restart</on_reboot><on_crash>destroy</on_crash>",
            "<devices>",
            *disks,
            interface,
            "<serial type='pty'/>",
            "<rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>",
            "</devices>",
            f"<seclabel type='static' model='dac' relabel='yes'><label>+{user}:+{group}</label></seclabel>",
            "</domain>",
        ]
    )


def render_refusal(why: str) -> str:
    """Return a domain that libvirt refuses, with the reason for VMGahpLog in it."""
    return f"<domain type='refused'><name>refused</name><description>{escape(why)}</description></domain>"


def _come_back() -> None:
    """Let the node say again, after HTCondor has given the job up, that it has a VM universe: it is the job's fault."""
    argv = ["systemd-run", "--quiet", "--collect", f"--on-active={COME_BACK_AFTER}", "condor_update_machine_ad", UPDATE]
    with contextlib.suppress(OSError):
        subprocess.run(argv, check=False, capture_output=True)  # pylint: disable=ansible-bad-function


def _ask(argv: list[str], within: int | None, user: int) -> tuple[int, str, str]:
    """Run a command in the job's account, for the job has made what it reads."""
    done = subprocess.run(  # pylint: disable=ansible-bad-function
        argv, capture_output=True, text=True, timeout=within, check=False, user=user, extra_groups=[]
    )
    return done.returncode, done.stdout, done.stderr


def main() -> int:
    """Print the domain of the job whose ad is on the standard input."""
    try:
        machine = parse_machine(parse_ad(sys.stdin.read()))
        directory = os.path.realpath(os.environ["VMGAHP_WORKING_DIR"])
        user = int(os.environ["VMGAHP_USER_UID"])
        if user == 0:
            raise UniverseError("A machine does not run as root.")
        node = json.loads(Path(NODE).read_text(encoding="utf-8"))
        formats = {}
        for disk in machine.disks:
            path = f"{directory}/{disk.file}"
            if os.path.islink(path) or not os.path.isfile(path) or os.stat(path).st_uid != user:
                raise UniverseError(f"{disk.file} is not a file of the job.")
            formats[disk.file] = examine_image(disk.file, path, lambda argv, within: _ask(argv, within, user))
        group = os.stat(LIBVIRT).st_gid
        text = render_machine(machine, directory, formats, node["accelerator"], user, group)
    except Exception as error:  # noqa: BLE001 - where this fails, condor_vm-gahp makes up a domain of its own
        text = render_refusal(str(error) if isinstance(error, (UniverseError, ImageError)) else repr(error))
        _come_back()
    sys.stdout.write(text + "\n")
    return 0
