# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: the virt queue in the words of a batch system."""

from __future__ import annotations

import json
import re
import typing as t

from ansible_collections.sitewright.grid.plugins.module_utils._vm_probe import GREETING

WISH = "RequiresVirtualization"  # what a job says of itself
ABILITY = "CAN_RUN_VIRTUAL_MACHINE"  # what an execution point says of itself
_WISHED = f"(TARGET.{WISH} =?= True)"

# On every access point: a job that boots guests goes where that can be done, whatever else it requires.
SUBMIT_KNOBS = {"APPEND_REQUIREMENTS": f"(MY.{WISH} =!= True || TARGET.{ABILITY} =?= True)"}


def serves(probe: t.Mapping[str, t.Any], emulation: bool) -> bool:
    """Tell whether a node with these findings of virt_probe is in the queue; emulation tells whether that will do."""
    return probe.get("accelerator") == "kvm" or (emulation and probe.get("accelerator") == "tcg")


def condor_knobs(
    probe: t.Mapping[str, t.Any], emulation: bool = False, guests: int | None = None, exclusive: bool = True
) -> dict[str, t.Any]:
    """Return the knobs of an execution point that is a virt node: what it can do, and whose jobs it takes or prefers.

    guests is how many jobs it runs at once, None for as many as fit.
    """
    able = serves(probe, emulation)
    kvm = probe.get("kvm") or {}
    said: dict[str, t.Any] = {ABILITY: able}
    if able:
        said["GridVmAccelerator"] = json.dumps(probe["accelerator"])
        said["GridVmBootSeconds"] = probe[probe["accelerator"]]["seconds"]
    if not kvm.get("works"):
        said["GridVmReason"] = json.dumps(str(kvm.get("reason") or "KVM was not probed"))
    knobs = {**said, "STARTD_ATTRS": ["$(STARTD_ATTRS)", *said]}
    conditions = []
    if able and exclusive:
        conditions.append(_WISHED)
    elif able:
        knobs["RANK"] = _WISHED
    if able and guests is not None:
        # Of the slot that is parted for jobs; its parts have no such number.
        conditions.append(f"((MY.NumDynamicSlots ?: 0) < {guests})")
    if conditions:
        knobs["START"] = " && ".join(["($(START:True))", *conditions])
    return knobs


def judge_guests(
    lines: t.Sequence[str], site: t.Mapping[str, t.Any], able: t.Sequence[str], words: str = ""
) -> list[dict[str, str]]:
    """Return a note for each node of the queue, from the lines that its job has written.

    Each line has the name of its file in front, C(./MACHINE.out:). able are the machines that say that they can boot
    guests; words tell why there are no lines at all.
    """
    notes = []
    for name, host in site["hosts"].items():
        if host["retiring"] or not host.get("virt") or "htcondor" not in host["virt"]["backends"]:
            continue
        ours = re.compile(rf"{re.escape(host['short_name'])}([.].*)?", re.IGNORECASE)
        said = [line for line in lines if ours.fullmatch(line.partition(":")[0].rpartition(".")[0].lstrip("./"))]
        if any(f".out:{GREETING}" in line for line in said):
            notes.append({"promise": "guests", "host": name, "state": "ok", "words": ""})
            continue
        reason = words or " ".join(line.partition(":")[2] for line in said)
        if not reason and not any(ours.fullmatch(machine) for machine in able):
            reason = "it is not in the virt queue: KVM does not work there, or it has left the pool"
        reason = reason or "its job has not come back"
        notes.append({"promise": "guests", "host": name, "state": "failed", "words": reason})
    return notes


# ---- Slurm ----

PARTITION = "virt"
FEATURE = "kvm"  # of nodes that can boot guests, by KVM or emulated
GRES = "vm"  # each job takes one of the node's


def slurm_facts(
    facts: t.Mapping[str, t.Any], probe: t.Mapping[str, t.Any], emulation: bool = False, guests: int | None = None
) -> dict[str, t.Any]:
    """Return what is known of a Slurm node, with what makes it a node of the queue if it can boot guests.

    guests is how many jobs it runs at once, None for one on each CPU.
    """
    if not serves(probe, emulation):
        return dict(facts)
    return {**facts, "features": [FEATURE], "gres": {GRES: guests or facts["cpus"]}}


def slurm_partitions(site: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return Slurm's partitions of a site: the queue's has the virt nodes, the others none that is for guests alone."""
    partitions: dict[str, t.Any] = dict(site["slurm"]["partitions"])
    members = [host for host in site["hosts"].values() if "slurm" in ((host["virt"] or {}).get("backends") or ())]
    if not members:
        return partitions
    taken = {host["short_name"] for host in members if host["virt"]["exclusive"]}
    for name, partition in partitions.items():
        partitions[name] = {**partition, "nodes": [node for node in partition["nodes"] if node not in taken]}
    given = partitions.get(PARTITION, {"default": False, "max_time": None, "parameters": {}})
    return {**partitions, PARTITION: {**given, "nodes": [host["short_name"] for host in members]}}
