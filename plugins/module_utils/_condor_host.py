# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: what an execution point's kernel and its HTCondor say of themselves."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from ansible_collections.sitewright.grid.plugins.module_utils._condor_config import PATH, parse_dump

# The knobs that decide how jobs can be kept apart, as a pattern for C(condor_config_val -dump).
KNOBS = "^(CONDOR_VERSION|EXECUTE|NUM_CPUS|DETECTED_CPUS|NUM_SLOTS(_TYPE_[0-9]+)?|SLOT_TYPE_[0-9]+_PARTITIONABLE)$"
# systemd's own, which no job is to use.
_AUTOMOUNTS_OF_SYSTEM = ("/proc/",)


@dataclass(frozen=True)
class Mounts:
    """What the kernel has mounted: cgroups of which version, the controllers of version 1, and automounts."""

    cgroup: int | None
    controllers: frozenset[str]
    automounts: tuple[str, ...]


def parse_knobs(dump: str) -> dict[str, str]:
    """Return the knobs in what C(condor_config_val -dump -verbose) printed, names in capitals.

    A knob that our own file sets is left out: that file is about to be written anew, and what is to be in it is given.
    What a template sets there stays.
    """
    return {
        name: knob.value
        for name, knob in parse_dump(dump).items()
        if not knob.origin.startswith(PATH) or ", use " in knob.origin
    }


def matching_knobs(knobs: t.Mapping[str, t.Any]) -> dict[str, str]:
    """Return those of an operator's knobs that decide, names in capitals; null takes a knob away."""
    return {
        name.upper(): str(value)
        for name, value in knobs.items()
        if value is not None and re.match(KNOBS, name, re.IGNORECASE)
    }


def parse_candidate(policy: str) -> str | None:
    """Return the version that apt would install, from what C(apt-cache policy) printed."""
    found = re.search(r"^ *Candidate: (\S+)$", policy, re.MULTILINE)
    return found[1] if found and found[1] != "(none)" else None


def parse_mounts(mountinfo: str) -> Mounts:
    """Return what C(/proc/self/mountinfo) says; HTCondor uses version 1 where there are both."""
    versions: dict[str, bool] = {}
    controllers: set[str] = set()
    automounts = []
    for line in mountinfo.splitlines():
        fields, _dash, rest = line.partition(" - ")
        target, options = fields.split()[4:6]
        kind, _source, of_superblock = rest.split()[:3]
        if kind in ("cgroup", "cgroup2"):
            versions[kind] = versions.get(kind, False) or "rw" in options.split(",")
        if kind == "cgroup":
            controllers |= set(of_superblock.split(","))
        if kind == "autofs" and not target.startswith(_AUTOMOUNTS_OF_SYSTEM):
            automounts.append(target)
    version = 1 if versions.get("cgroup") else 2 if versions.get("cgroup2") else None
    return Mounts(version, frozenset(controllers if version == 1 else ()), tuple(automounts))


def count_cpus(config: t.Mapping[str, str], detected: int) -> int:
    """Return how many CPUs the host gives to jobs."""
    for name in ("NUM_CPUS", "DETECTED_CPUS"):
        if re.fullmatch(r"[1-9]\d*", config.get(name, "")):
            return int(config[name])
    return detected
