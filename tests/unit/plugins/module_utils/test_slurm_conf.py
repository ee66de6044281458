# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host is to Slurm, and the configuration that is made of it."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.sitewright.grid.plugins.module_utils._slurm_conf import (
    has_cgroups,
    parse_nodes,
    render_cgroup,
    render_conf,
    render_gres,
    render_hosts,
    render_node,
    render_value,
)
from ansible_collections.sitewright.grid.plugins.module_utils._slurm_host import (
    are_delegated,
    is_old,
    parse_memory,
    parse_slurmd,
    parse_version,
)

SLURMD = """NodeName=w1 CPUs=64 Boards=2 SocketsPerBoard=1 CoresPerSocket=16 ThreadsPerCore=2 RealMemory=257000
UpTime=0-00:32:25
"""
FACTS: dict[str, t.Any] = {
    "hostname": "w1",
    "cpus": 4,
    "sockets": 1,
    "cores": 4,
    "threads": 1,
    "memory": 8000,
    "cgroups": True,
}
NODE: dict[str, t.Any] = {
    "address": "192.0.2.21",
    "features": [],
    "gres": {},
    "memory_percent": 95,
    "parameters": {},
}
WORK: dict[str, t.Any] = {"work": {"nodes": ["w1", "w2"], "default": True, "max_time": None, "parameters": {}}}


def test_slurmd_tells_the_hardware() -> None:
    assert parse_slurmd(SLURMD) == {"cpus": 64, "sockets": 2, "cores": 16, "threads": 2, "memory": 257000}
    assert parse_slurmd("") == {}


def test_the_kernel_tells_the_memory() -> None:
    assert parse_memory("MemTotal:       24684248 kB\nMemFree: 1 kB\n") == 24105
    assert parse_memory("") == 0


@pytest.mark.parametrize(
    ("text", "version"), [("slurm-wlm 24.11.5", "24.11.5"), ("slurm 23.11.10-1", "23.11.10"), ("no such thing", None)]
)
def test_versions(text: str, version: str | None) -> None:
    assert parse_version(text) == version


@pytest.mark.parametrize(
    ("version", "old"), [("22.05.8", True), ("23.02", True), ("23.11.0", False), ("24.11.5", False)]
)
def test_old_releases_are_known(version: str, old: bool) -> None:
    assert is_old(version) is old


def test_controllers_that_are_needed() -> None:
    assert are_delegated(["cpuset", "cpu", "io", "memory", "pids"])
    assert not are_delegated(["cpu", "memory"])
    assert not are_delegated([])


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (["w1"], "w1"),
        (["w1", "w2", "w3", "w5"], "w[1-3,5]"),
        (["w01", "w02", "w1"], "w1,w[01-02]"),
        (["login", "w9", "w10", "gpu-a", "gpu-1"], "gpu-1,gpu-a,login,w9,w10"),
        ([f"worker{number:03}" for number in range(1, 1001)], "worker[001-999],worker1000"),
        ([], ""),
    ],
)
def test_hosts_are_written_shortly(names: list[str], text: str) -> None:
    assert render_hosts(reversed(names)) == text


@pytest.mark.parametrize(
    ("value", "text"), [(True, "YES"), (False, "NO"), (["a", 1], "a,1"), (5, "5"), ("1:2:3", "1:2:3")]
)
def test_values(value: t.Any, text: str) -> None:
    assert render_value(value) == text


def test_the_line_of_a_node() -> None:
    node = {**NODE, "features": ["big", "kvm"], "gres": {"vm": 2}, "parameters": {"Weight": 10}, "memory_percent": 50}
    assert render_node("w1", node, {**FACTS, "hostname": "machine"}) == (
        "NodeName=w1 NodeHostname=machine NodeAddr=192.0.2.21 CPUs=4 Sockets=1 CoresPerSocket=4 ThreadsPerCore=1 "
        "RealMemory=4000 Feature=big,kvm Gres=vm:2 Weight=10"
    )


def test_what_a_node_was_found_to_have() -> None:
    facts = {**FACTS, "features": ["kvm", "big"], "gres": {"vm": 4}}
    line = render_node("w1", {**NODE, "features": ["big"], "gres": {"card": 1}}, facts)
    assert line.endswith(" Feature=big,kvm Gres=vm:4,card:1")
    assert render_node("w1", {**NODE, "gres": {"vm": 1}}, facts).endswith(" Gres=vm:1")


def conf(facts: dict[str, t.Any], parameters: dict[str, t.Any] | None = None) -> str:
    return render_conf(
        "blueberry",
        {"name": "head1", "address": "192.0.2.10"},
        {"w1": NODE, "w2": {**NODE, "gres": {"vm": 2}}},
        facts,
        WORK,
        parameters or {},
        {"state": "/state", "spool": "/spool"},
        ["epilog"],
    )


def test_cgroups_are_used_where_all_nodes_have_them() -> None:
    text = conf({"w1": FACTS, "w2": FACTS})
    assert "ProctrackType=proctrack/cgroup\nTaskPlugin=task/cgroup,task/affinity\n" in text
    assert "PartitionName=work Nodes=w[1-2] Default=YES" in text
    text = conf({"w1": FACTS, "w2": {**FACTS, "cgroups": False}})
    assert "ProctrackType=proctrack/linuxproc\nTaskPlugin=task/none\n" in text
    assert not has_cgroups({})
    assert "CgroupPlugin=disabled" in render_cgroup(False)
    assert "ConstrainRAMSpace=yes" in render_cgroup(True)


def test_a_node_of_which_nothing_is_known_is_left_out() -> None:
    text = conf({"w1": FACTS})
    assert parse_nodes(text) == ["w1"]
    assert "PartitionName=work Nodes=w1 " in text
    # What nodes will have is known beforehand.
    assert "GresTypes=vm\n" in text
    assert 'Nodes="" ' in conf({})


def test_parameters_win() -> None:
    text = conf({"w1": FACTS}, {"returntoservice": 1, "DebugFlags": ["Steps", "Gres"]})
    assert "ReturnToService" not in text
    assert "returntoservice=1\nDebugFlags=Steps,Gres\n" in text


def test_a_job_without_wishes_gets_its_share_of_the_smallest_node() -> None:
    assert "DefMemPerCPU=950\n" in conf({"w1": {**FACTS, "memory": 80000}, "w2": {**FACTS, "memory": 4000}})


def test_generic_resources_are_only_counted() -> None:
    nodes = {"w1": {**NODE, "gres": {"vm": 2}}, "w2": {**NODE, "gres": {"vm": 2}}, "w3": {**NODE, "gres": {"vm": 1}}}
    lines = render_gres(nodes, {"w1": {}, "w2": {}, "w3": {}, "w4": {}}).splitlines()[1:]
    assert lines == ["NodeName=w3 Name=vm Count=1 Flags=CountOnly", "NodeName=w[1-2] Name=vm Count=2 Flags=CountOnly"]
