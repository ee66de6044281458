# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: whether a host can run virtual machines, found out by booting the smallest."""

from __future__ import annotations

import json
import re
import typing as t
from dataclasses import asdict, dataclass

GREETING = "grid-vm boots"
# What the boot sector does: enter the protected mode, count, print the greeting on the first serial port, and reset the
# machine by the chipset's register for it, at which QEMU ends (-no-reboot). The counting is nothing to a processor, and
# takes very long where KVM has to emulate one instruction after the other.
_COUNT = 1 << 24
_CODE = bytes.fromhex(
    "fa"  # cli
    "31c0 8ed8"  # xor ax, ax; mov ds, ax
    "fc"  # cld
    "0f0116 587c"  # lgdt [0x7c58]
    "0f20c0 0c01 0f22c0"  # mov eax, cr0; or al, 1; mov cr0, eax
    "ea 187c 0800"  # jmp 8:0x7c18
    "66b81000 8ed8"  # mov ax, 16; mov ds, ax
    f"b9 {_COUNT.to_bytes(4, 'little').hex()}"  # mov ecx, count
    "49 75fd"  # again: dec ecx; jnz again
    "be 5e7c0000"  # mov esi, greeting
    "66baf803"  # mov dx, 0x3f8
    "ac 84c0 7403"  # next: lodsb; test al, al; jz done
    "ee ebf8"  # out dx, al; jmp next
    "66baf90c b006 ee"  # done: mov dx, 0xcf9; mov al, 6; out dx, al
    "f4 90"  # hlt
    "0000000000000000 ffff0000009acf00 ffff00000092cf00"  # the segments: none, code, data
    "1700 407c0000"  # their table
)
# Where QEMU is: in its own package, or in that of EL.
EMULATORS = ("qemu-system-x86_64", "/usr/libexec/qemu-kvm")


def boot_sector() -> bytes:
    """Return the smallest machine's disk: one sector, and nothing behind it, for firmware reads no smaller disks."""
    sector = (_CODE + GREETING.encode() + b"\r\n\0").ljust(510, b"\0") + b"\x55\xaa"
    return sector.ljust(2**20, b"\0")


def boot_argv(emulator: str, accelerator: str, disk: str) -> list[str]:
    """Return the command that boots the disk under kvm or tcg, and ends when it has."""
    argv = [emulator, "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-serial", "stdio"]
    argv += ["-sandbox", "on", "-machine", f"q35,accel={accelerator}", "-m", "16"]
    return [*argv, "-drive", f"file={disk},format=raw,if=ide"]


@dataclass(frozen=True)
class Verdict:
    """Whether guests can run with an accelerator, after how many seconds the smallest one had booted, or why not."""

    works: bool
    seconds: float | None = None
    reason: str | None = None


def judge_boot(rc: int, out: str, err: str, seconds: float, limit: int, timed_out: int) -> Verdict:
    """Return the verdict on a boot that has ended, or that was ended after its limit of seconds."""
    if GREETING in out and rc == 0:
        return Verdict(True, round(seconds, 2))
    words = " ".join(err.split())[-200:]
    if rc == timed_out:
        return Verdict(
            False, None, f"a boot that takes less than a second where it works has not ended within {limit} s"
        )
    return Verdict(False, None, f"QEMU has ended with exit code {rc}: {words or 'it said nothing'}")


@dataclass(frozen=True)
class Node:
    """What was found on a host, and of what: a later probe of the same may be left out."""

    identity: str
    kvm: Verdict
    tcg: Verdict

    @property
    def accelerator(self) -> str | None:
        """The accelerator to use: kvm where it works, else tcg, None where neither does."""
        return "kvm" if self.kvm.works else "tcg" if self.tcg.works else None

    def verdicts(self) -> dict[str, t.Any]:
        """Return what was found as plain data."""
        return {"kvm": asdict(self.kvm), "tcg": asdict(self.tcg), "accelerator": self.accelerator}

    def render(self) -> str:
        """Return the text of the file that jobs read."""
        return json.dumps({"identity": self.identity, **self.verdicts()}, indent=2, sort_keys=True) + "\n"


def parse_node(text: str | None) -> Node | None:
    """Return what a file tells, None where it is missing or tells nothing."""
    try:
        data = json.loads(text or "")
        return Node(str(data["identity"]), Verdict(**data["kvm"]), Verdict(**data["tcg"]))
    except (ValueError, KeyError, TypeError):
        return None


def parse_qemu_version(text: str) -> str:
    """Return the version that QEMU tells with --version."""
    match = re.search(r"version (\S+)", text)
    return match[1] if match else "unknown"
