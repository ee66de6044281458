# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The virt queue in Slurm's words."""

from __future__ import annotations

import typing as t

from ansible_collections.sitewright.grid.plugins.module_utils._virt_queue import slurm_facts, slurm_partitions

FACTS = {"cpus": 8, "memory": 1000}
KVM: dict[str, t.Any] = {"accelerator": "kvm", "kvm": {"works": True, "seconds": 1}}
EMULATED: dict[str, t.Any] = {"accelerator": "tcg", "kvm": {"works": False, "reason": "it hangs"}}


def test_a_node_that_can_boot_guests() -> None:
    assert slurm_facts(FACTS, KVM) == {**FACTS, "features": ["kvm"], "gres": {"vm": 8}}
    assert slurm_facts(FACTS, EMULATED, emulation=True, guests=2)["gres"] == {"vm": 2}
    assert slurm_facts(FACTS, EMULATED) == FACTS


def partition(*nodes: str, **more: t.Any) -> dict[str, t.Any]:
    return {"nodes": list(nodes), "default": False, "max_time": None, "parameters": {}, **more}


def site(given: dict[str, t.Any], **virt: t.Any) -> dict[str, t.Any]:
    hosts = {name: {"short_name": name, "virt": None} for name in ("w1", "w2", "w3")}
    return {
        "slurm": {"partitions": given},
        "hosts": {**hosts, "v1": {"short_name": "v1", "virt": {"guest_memory": None, **virt} if virt else None}},
    }


def test_nodes_for_guests_alone_are_in_no_other_partition() -> None:
    given = {"work": partition("w1", "v1", default=True)}
    partitions = slurm_partitions(site(given, backends=["slurm"], exclusive=True))
    assert partitions == {"work": partition("w1", default=True), "virt": partition("v1")}
    shared = slurm_partitions(site(given, backends=["htcondor", "slurm"], exclusive=False))
    assert shared == {"work": given["work"], "virt": partition("v1")}


def test_the_partition_bounds_the_guests_memory() -> None:
    bound = slurm_partitions(site({}, backends=["slurm"], exclusive=True, guest_memory=2048))["virt"]
    assert bound["parameters"] == {"MaxMemPerNode": 2048}


def test_the_operators_word_on_the_partition_stays() -> None:
    given = {"virt": partition("w1", "w2", "v1", max_time="1:00:00", parameters={"OverSubscribe": "FORCE:4"})}
    partitions = slurm_partitions(site(given, backends=["slurm"], exclusive=True))
    assert partitions == {"virt": {**given["virt"], "nodes": ["v1"]}}


def test_no_partition_where_slurm_boots_no_guests() -> None:
    given = {"work": partition("w1", "v1")}
    assert slurm_partitions(site(given)) == given
    assert slurm_partitions(site(given, backends=["htcondor"], exclusive=True)) == given
