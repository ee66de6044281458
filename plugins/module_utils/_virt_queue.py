# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: the virt queue in the words of a batch system."""

from __future__ import annotations

import json
import typing as t

WISH = "RequiresVirtualization"  # what a job says of itself
ABILITY = "CAN_RUN_VIRTUAL_MACHINE"  # what an execution point says of itself
_WISHED = f"(TARGET.{WISH} =?= True)"
# What it says beside that, by our word for it.
SAID = {
    "able": ABILITY,
    "accelerator": "GridVmAccelerator",
    "boot_seconds": "GridVmBootSeconds",
    "reason": "GridVmReason",
}

# On every access point: a job that boots guests goes where that can be done, whatever else it requires.
SUBMIT_KNOBS = {"APPEND_REQUIREMENTS": f"(MY.{WISH} =!= True || TARGET.{ABILITY} =?= True)"}


def queue_nodes(site: t.Mapping[str, t.Any], backend: str) -> list[str]:
    """Return the hosts of a site model whose jobs of this batch system boot guests, those that retire as well."""
    return [name for name, host in site["hosts"].items() if host.get("virt") and backend in host["virt"]["backends"]]


def serves(probe: t.Mapping[str, t.Any], emulation: bool) -> bool:
    """Tell whether a node with these findings of virt_probe is in the queue; emulation tells whether that will do."""
    return probe.get("accelerator") == "kvm" or (emulation and probe.get("accelerator") == "tcg")


# What lets HTCondor's own VM universe boot guests. Its network is QEMU's: no network of libvirt has to be there.
VM_UNIVERSE = {
    "VM_TYPE": "kvm",
    "VM_NETWORKING": True,
    "VM_NETWORKING_TYPE": "nat",
    "VM_STATUS_INTERVAL": 30,
    "LIBVIRT_XML_SCRIPT": "/usr/local/libexec/grid-vm-xml",
}


def condor_knobs(
    probe: t.Mapping[str, t.Any],
    emulation: bool = False,
    guests: int | None = None,
    exclusive: bool = True,
    guest_memory: int | None = None,
    vm_universe: bool = False,
) -> dict[str, t.Any]:
    """Return the knobs of an execution point that is a virt node: what it can do, and whose jobs it takes or prefers.

    guests is how many jobs it runs at once, guest_memory how many MiB such a job may ask for; None for as many as fit.
    vm_universe tells whether HTCondor's own VM universe boots guests there, too.
    """
    able = serves(probe, emulation)
    kvm = probe.get("kvm") or {}
    said: dict[str, t.Any] = {ABILITY: able}
    if able:
        said[SAID["accelerator"]] = json.dumps(probe["accelerator"])
        said[SAID["boot_seconds"]] = probe[probe["accelerator"]]["seconds"]
    if not kvm.get("works"):
        said[SAID["reason"]] = json.dumps(str(kvm.get("reason") or "KVM was not probed"))
    knobs = {**said, "STARTD_ATTRS": ["$(STARTD_ATTRS)", *said]}
    conditions = []
    if able and exclusive:
        conditions.append(_WISHED)
    elif able:
        knobs["RANK"] = _WISHED
    if able and guests is not None:
        # Of the slot that is parted for jobs; its parts have no such number.
        conditions.append(f"((MY.NumDynamicSlots ?: 0) < {guests})")
    if able and guest_memory is not None:
        fits = f"((TARGET.RequestMemory ?: 0) <= {guest_memory})"
        conditions.append(fits if exclusive else f"({_WISHED} =!= true || {fits})")
    if able and vm_universe:
        knobs.update(VM_UNIVERSE)
        knobs["VM_MEMORY"] = guests * guest_memory if guests and guest_memory else "$(DETECTED_MEMORY)"
        if guests is not None:
            knobs["VM_MAX_NUMBER"] = guests
    if conditions:
        knobs["START"] = " && ".join(["($(START:True))", *conditions])
    return knobs


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
    members = [site["hosts"][name] for name in queue_nodes(site, "slurm")]
    if not members:
        return partitions
    taken = {host["short_name"] for host in members if host["virt"]["exclusive"]}
    for name, partition in partitions.items():
        partitions[name] = {**partition, "nodes": [node for node in partition["nodes"] if node not in taken]}
    given = partitions.get(PARTITION, {"default": False, "max_time": None, "parameters": {}})
    memory = [host["virt"]["guest_memory"] for host in members if host["virt"]["guest_memory"]]
    # A partition has one bound for all of its nodes.
    bound = {"MaxMemPerNode": max(memory)} if memory else {}
    virt = {**given, "parameters": {**bound, **given["parameters"]}, "nodes": [host["short_name"] for host in members]}
    return {**partitions, PARTITION: virt}
