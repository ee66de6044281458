# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The domain of a job of the VM universe: what an ad becomes, and what is refused."""

from __future__ import annotations

import subprocess
import sys
import typing as t
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from ansible_collections.sitewright.grid.plugins.filter.vm_launcher import vm_launcher
from ansible_collections.sitewright.grid.plugins.module_utils._virt_queue import VM_UNIVERSE, condor_knobs
from ansible_collections.sitewright.grid.plugins.module_utils._vm_universe import (
    JobDisk,
    Machine,
    UniverseError,
    parse_ad,
    parse_machine,
    render_machine,
)

AD = """Owner = "anna"
JobVMMemory = 512
RequestMemory = 600
JobVM_VCPUS = undefined
RequestCpus = 2
JobVMNetworking = true
VMPARAM_VM_NAME = "anna_virt_2.0"
VMPARAM_vm_Disk = "disk.qcow2:vda:w:qcow2, job.img:vdb:r"

"""
MACHINE = Machine(
    "anna_virt_2.0",
    512,
    2,
    [JobDisk("disk.qcow2", "vda", False), JobDisk("job.img", "vdb", True)],
    None,
    True,
)


def test_the_machine_of_an_ad() -> None:
    assert parse_machine(parse_ad(AD)) == MACHINE


def test_the_domain_of_a_machine() -> None:
    formats = {"disk.qcow2": "qcow2", "job.img": "raw"}
    text = render_machine(MACHINE, "/scratch", formats, "tcg", 989, 64055)
    root = ET.fromstring(text)  # noqa: S314 - our own
    assert root.get("type") == "qemu"
    assert root.findtext("name") == "anna_virt_2.0"
    assert (root.findtext("memory"), root.findtext("vcpu")) == ("512", "2")
    assert [disk.get("file") for disk in root.iterfind("devices/disk/source")] == [
        "/scratch/disk.qcow2",
        "/scratch/job.img",
    ]
    assert [driver.get("type") for driver in root.iterfind("devices/disk/driver")] == ["qcow2", "raw"]
    assert [disk.find("readonly") is not None for disk in root.iterfind("devices/disk")] == [False, True]
    # What libvirt may not take from the job's account, and whose QEMU is.
    assert {label.get("relabel") for label in root.iterfind("devices/disk/source/seclabel")} == {"no"}
    assert root.findtext("seclabel/label") == "+989:+64055"
    assert [interface.get("type") for interface in root.iterfind("devices/interface")] == ["user"]
    assert root.find("cpu") is None
    assert "host-passthrough" in render_machine(MACHINE, "/scratch", formats, "kvm", 989, 64055)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"vmparam_vm_disk": "/etc/shadow:vda:r:raw"}, "'/etc/shadow' is not a file that the job has brought"),
        ({"vmparam_vm_disk": "../x:vda:r:raw"}, "is not a file that the job has brought"),
        ({"vmparam_vm_disk": "x' type='block:vda:r"}, "is not a file that the job has brought"),
        ({"vmparam_vm_disk": "x:vda"}, "is no disk"),
        ({"vmparam_vm_disk": "x:nvme0:w"}, "is no disk"),
        ({"vmparam_vm_disk": "x:vda:rw"}, "is no disk"),
        ({"vmparam_vm_disk": ""}, "is no disk"),
        ({"vmparam_vm_disk": "x:vda:w,y:vda:w"}, "names a file or a device twice"),
        ({"jobvm_macaddr": "00:11'/><x"}, "is no MAC address"),
        ({"vmparam_vm_name": "a</name>"}, "is no name for a machine"),
        ({"jobvmmemory": "-1", "requestmemory": ""}, "jobvmmemory is no number"),
    ],
)
def test_what_is_refused(changes: dict[str, str], says: str) -> None:
    with pytest.raises(UniverseError, match=says):
        parse_machine({**parse_ad(AD), **changes})


def test_the_program_refuses_without_a_traceback(tmp_path: Path) -> None:
    program = tmp_path / "grid-vm-xml"
    program.write_text(vm_launcher("Managed by a test.", "grid-vm-xml"))
    environment: dict[str, t.Any] = {"VMGAHP_WORKING_DIR": str(tmp_path), "VMGAHP_USER_UID": "0", "PATH": "/nowhere"}
    for text, says in ((AD, "does not run as root"), ("", "is no name for a machine")):
        done = subprocess.run(
            [sys.executable, program], input=text, env=environment, capture_output=True, text=True, check=False
        )
        # Where it fails, condor_vm-gahp makes up a domain of its own, with the job's disks.
        assert (done.returncode, done.stderr) == (0, "")
        root = ET.fromstring(done.stdout)  # noqa: S314 - our own
        assert root.get("type") == "refused"
        assert says in (root.findtext("description") or "")


def test_the_knobs_of_the_vm_universe() -> None:
    probe = {"accelerator": "kvm", "kvm": {"works": True, "seconds": 0.2}}
    plain = condor_knobs(probe)
    assert not plain.keys() & {*VM_UNIVERSE, "VM_MEMORY", "VM_MAX_NUMBER"}
    knobs = condor_knobs(probe, guests=4, guest_memory=1024, vm_universe=True)
    assert (knobs["VM_TYPE"], knobs["VM_MEMORY"], knobs["VM_MAX_NUMBER"]) == ("kvm", 4096, 4)
    assert condor_knobs(probe, vm_universe=True)["VM_MEMORY"] == "$(DETECTED_MEMORY)"
    assert "VM_TYPE" not in condor_knobs({}, vm_universe=True)
