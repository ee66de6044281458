# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: what a host is to Slurm: its processors, its memory, and whether it has cgroups."""

from __future__ import annotations

import re
import typing as t

# What Slurm needs of cgroup v2 to hold jobs to their CPUs and memory.
CONTROLLERS = frozenset(("cpu", "cpuset", "memory"))
# What slurmd calls it, and what it is called here.
_FIELDS = {
    "CPUs": "cpus",
    "SocketsPerBoard": "sockets",
    "CoresPerSocket": "cores",
    "ThreadsPerCore": "threads",
    "RealMemory": "memory",
}


def parse_slurmd(text: str) -> dict[str, int]:
    """Return what C(slurmd -C) says of the hardware; memory is in MiB, sockets are those of all boards."""
    words = dict(word.split("=", 1) for word in text.split() if "=" in word)
    found = {name: int(words[field]) for field, name in _FIELDS.items() if field in words}
    if "sockets" in found:
        found["sockets"] *= int(words.get("Boards", "1"))
    return found


def parse_version(text: str) -> str | None:
    """Return the version in what C(slurmd -V) printed, such as C(slurm-wlm 24.11.5)."""
    found = re.search(r"\b(\d+\.\d+(?:\.\d+)?)", text)
    return found[1] if found else None


def parse_memory(meminfo: str) -> int:
    """Return the MiB of memory that C(/proc/meminfo) tells of."""
    found = re.search(r"^MemTotal:\s*(\d+) kB", meminfo, re.MULTILINE)
    return int(found[1]) // 1024 if found else 0


def is_old(version: str) -> bool:
    """Tell whether a Slurm cannot take nodes in and let them go while its daemons run."""
    return tuple(map(int, version.split(".")[:2])) < (23, 11)


def are_delegated(controllers: t.Iterable[str]) -> bool:
    """Tell whether these controllers of cgroup v2 are all that Slurm needs."""
    return set(controllers) >= CONTROLLERS
