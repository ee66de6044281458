# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The smallest machine there is, what its boots tell, and what the virt queue makes of it."""

from __future__ import annotations

import re
import typing as t

import pytest
from ansible_collections.sitewright.grid.plugins.module_utils._proofs import judge_guests
from ansible_collections.sitewright.grid.plugins.module_utils._virt_queue import SUBMIT_KNOBS, condor_knobs
from ansible_collections.sitewright.grid.plugins.module_utils._vm_probe import (
    GREETING,
    Node,
    Verdict,
    boot_argv,
    boot_sector,
    judge_boot,
    parse_node,
    parse_qemu_version,
)

KVM = Verdict(True, 0.2)
BROKEN = Verdict(False, None, "no boot")


def test_the_disk_boots_and_greets() -> None:
    disk = boot_sector()
    assert disk[510:512] == b"\x55\xaa"
    assert disk.index(GREETING.encode()) == 0x5E  # where the code looks for it
    assert not any(disk[512:])


def test_the_command() -> None:
    argv = boot_argv("qemu", "kvm", "/tmp/disk")
    assert "q35,accel=kvm" in argv
    assert argv[-1] == "file=/tmp/disk,format=raw,if=ide"


@pytest.mark.parametrize(
    ("rc", "out", "err", "verdict"),
    [
        (0, f"{GREETING}\r\n", "", Verdict(True, 0.44)),
        (
            124,
            "",
            "",
            Verdict(False, None, "a boot that takes less than a second where it works has not ended within 5 s"),
        ),
        (124, f"{GREETING}\r\n", "", Verdict(False, None, "a boot .* within 5 s")),
        (
            1,
            "",
            "failed to initialize kvm: Permission denied\n",
            Verdict(False, None, "QEMU .* 1: failed to .* denied"),
        ),
        (0, "", "", Verdict(False, None, "QEMU has ended with exit code 0: it said nothing")),
    ],
)
def test_verdicts(rc: int, out: str, err: str, verdict: Verdict) -> None:
    found = judge_boot(rc, out, err, 0.4399, 5, 124)
    assert (found.works, found.seconds) == (verdict.works, verdict.seconds)
    if verdict.reason:
        assert re.match(verdict.reason, found.reason or "")


@pytest.mark.parametrize(
    ("kvm", "tcg", "accelerator"), [(KVM, KVM, "kvm"), (BROKEN, KVM, "tcg"), (BROKEN, BROKEN, None)]
)
def test_what_was_found_is_read_again(kvm: Verdict, tcg: Verdict, accelerator: str | None) -> None:
    node = Node("Linux", kvm, tcg)
    assert node.accelerator == accelerator
    assert parse_node(node.render()) == node


@pytest.mark.parametrize("text", [None, "", "{}", "[]", '{"identity": "x", "kvm": {"a": 1}, "tcg": {}}'])
def test_what_tells_nothing(text: str | None) -> None:
    assert parse_node(text) is None


def test_version() -> None:
    assert parse_qemu_version("QEMU emulator version 10.0.13 (Debian 1:10.0.13+ds-0+deb13u1)\n") == "10.0.13"
    assert parse_qemu_version("") == "unknown"


WORKING: dict[str, t.Any] = Node("", KVM, KVM).verdicts()
EMULATED: dict[str, t.Any] = Node("", BROKEN, KVM).verdicts()
DEAD: dict[str, t.Any] = Node("", BROKEN, BROKEN).verdicts()
WISHED = "(TARGET.RequiresVirtualization =?= True)"


def test_a_node_with_kvm_takes_guests_only() -> None:
    assert condor_knobs(WORKING) == {
        "CAN_RUN_VIRTUAL_MACHINE": True,
        "GridVmAccelerator": '"kvm"',
        "GridVmBootSeconds": 0.2,
        "STARTD_ATTRS": ["$(STARTD_ATTRS)", "CAN_RUN_VIRTUAL_MACHINE", "GridVmAccelerator", "GridVmBootSeconds"],
        "START": f"($(START:True)) && {WISHED}",
    }


def test_a_bound_of_guests() -> None:
    knobs = condor_knobs(WORKING, guests=4)
    assert knobs["START"] == f"($(START:True)) && {WISHED} && ((MY.NumDynamicSlots ?: 0) < 4)"


def test_a_node_for_all_prefers_guests() -> None:
    knobs = condor_knobs(WORKING, exclusive=False)
    assert knobs["RANK"] == WISHED
    assert "START" not in knobs


def test_a_job_may_ask_for_no_more_memory_than_a_guest_has() -> None:
    bound = "((TARGET.RequestMemory ?: 0) <= 2048)"
    assert condor_knobs(WORKING, guest_memory=2048)["START"] == f"($(START:True)) && {WISHED} && {bound}"
    assert condor_knobs(WORKING, guest_memory=2048, exclusive=False)["START"] == (
        f"($(START:True)) && ({WISHED} =!= true || {bound})"
    )


@pytest.mark.parametrize(("probe", "emulation"), [(EMULATED, False), (DEAD, True), ({}, True)])
def test_a_node_that_cannot_is_kept_out_and_says_why(probe: dict[str, t.Any], emulation: bool) -> None:
    knobs = condor_knobs(probe, emulation=emulation, guests=4)
    assert knobs["CAN_RUN_VIRTUAL_MACHINE"] is False
    assert knobs["GridVmReason"]
    assert not knobs.keys() & {"START", "RANK"}


def test_a_node_that_emulates_is_in_where_the_site_allows_it() -> None:
    knobs = condor_knobs(EMULATED, emulation=True)
    assert (knobs["CAN_RUN_VIRTUAL_MACHINE"], knobs["GridVmAccelerator"]) == (True, '"tcg"')
    assert knobs["GridVmReason"] == '"no boot"'


def test_jobs_that_boot_guests_require_a_node_for_them() -> None:
    assert SUBMIT_KNOBS == {
        "APPEND_REQUIREMENTS": "(MY.RequiresVirtualization =!= True || TARGET.CAN_RUN_VIRTUAL_MACHINE =?= True)"
    }


SITE: dict[str, t.Any] = {
    "hosts": {
        "w1.example.org": {"short_name": "w1", "retiring": False, "virt": {"backends": ["htcondor"]}},
        "w2": {"short_name": "w2", "retiring": False, "virt": {"backends": ["htcondor", "slurm"]}},
        "w3": {"short_name": "w3", "retiring": False, "virt": {"backends": ["htcondor"]}},
        "w11": {"short_name": "w11", "retiring": True, "virt": {"backends": ["htcondor"]}},
        "w4": {"short_name": "w4", "retiring": False, "virt": {"backends": ["slurm"]}},
        "w5": {"short_name": "w5", "retiring": False, "virt": None},
    }
}


def test_a_job_proves_its_node() -> None:
    lines = [f"./w1.example.org.out:{GREETING}: this node", "./w2.err:grid-vm-run: no QEMU"]
    assert judge_guests(lines, SITE, ["w1.example.org", "w2"]) == [
        {"promise": "guests", "host": "w1.example.org", "state": "ok", "words": ""},
        {"promise": "guests", "host": "w2", "state": "failed", "words": "grid-vm-run: no QEMU"},
        {
            "promise": "guests",
            "host": "w3",
            "state": "failed",
            "words": "it is not in the virt queue: KVM does not work there, or it has left the pool",
        },
    ]
    assert [note["words"] for note in judge_guests([], SITE, ["w1", "w2", "w3"])] == ["its job has not come back"] * 3
    assert {note["words"] for note in judge_guests([], SITE, [], "broken")} == {"broken"}
