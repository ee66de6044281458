# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lets hosts leave a cluster, and what is done then."""

from __future__ import annotations

import typing as t
from dataclasses import replace

import pytest
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_retire import (
    Cluster,
    Progress,
    Retiree,
    daemons_of,
    find_refusals,
    find_unsafe,
    parse_cluster,
    plan_drain,
    plan_removal,
    show_kb,
    show_seconds,
)

GIB = 1024**2  # in KiB
HOSTS = ("a", "b", "c", "d")


def report(hosts: t.Sequence[str] = HOSTS) -> dict[str, t.Any]:
    """Return what a cluster reports of which each host runs everything, with two OSDs."""
    ids = {host: (2 * number, 2 * number + 1) for number, host in enumerate(hosts)}
    root = {"id": -1, "name": "default", "type_name": "root", "items": [{"id": -2 - n} for n in range(len(hosts))]}
    buckets = [
        {"id": -2 - number, "name": host, "type_name": "host", "items": [{"id": osd} for osd in ids[host]]}
        for number, host in enumerate(hosts)
    ]
    rule = [{"op": "take", "item": -1}, {"op": "chooseleaf_firstn", "num": 0, "type": "host"}, {"op": "emit"}]
    return {
        "osdmap": {
            "osds": [{"osd": osd, "uuid": f"uuid{osd}", "up": 1, "in": 1} for pair in ids.values() for osd in pair],
            "pools": [{"pool_name": name, "size": 3, "min_size": 2, "crush_rule": 0} for name in ("meta", "data")],
            "nearfull_ratio": 0.85,
            "flags": "sortbitwise,pglog_hardlimit",
        },
        "crushmap": {"buckets": [root, *buckets], "rules": [{"rule_id": 0, "steps": rule}]},
        "osd_metadata": [{"id": osd, "hostname": f"{host}.example.org"} for host, pair in ids.items() for osd in pair],
        "monmap": {"mons": [{"rank": number, "name": host} for number, host in enumerate(hosts)]},
        "quorum": list(range(len(hosts))),
        "fsmap": {
            "filesystems": [{"mdsmap": {"fs_name": "fs", "max_mds": 1, "info": {"gid_1": {"name": hosts[0]}}}}],
            "standbys": [{"name": host} for host in hosts[1:2]],
        },
        "num_pg_by_state": [{"state": "active+clean", "num": 64}, {"state": "active+undersized", "num": 1}],
    }


def make(used: int = 1 * GIB, changes: t.Mapping[str, t.Any] | None = None, **fields: t.Any) -> Cluster:
    """Return a cluster of four hosts with OSDs of 10 GiB."""
    nodes = [
        {"id": osd, "kb": 10 * GIB, "kb_used": used, "kb_used_data": used, "crush_weight": 0.01} for osd in range(8)
    ]
    mgr_dump = {"active_name": "a", "standbys": [{"name": "b"}]}
    entities = ["client.admin", "client.grid.d", "mds.a", "mgr.a", "mgr.d", "osd.0"]
    return replace(parse_cluster({**report(), **(changes or {})}, {"nodes": nodes}, mgr_dump, entities), **fields)


def going(*names: str, dead: bool = False) -> list[Retiree]:
    return [Retiree(name, dead, [f"client.grid.{name}"]) for name in names]


def test_one_of_four_can_go() -> None:
    assert find_refusals(make(), going("d")) == []
    assert find_refusals(make(), going("worker")) == []


def test_single_osds_leave_and_their_host_stays() -> None:
    cluster = make()
    part = Retiree("d", False, ["client.grid.d"], ["uuid7", "of an earlier run"])
    assert find_refusals(cluster, [part]) == []
    assert daemons_of(cluster, part) == ["osd.7"]
    assert plan_drain(cluster, [part]).commands == [
        ["osd", "crush", "reweight", "osd.7", "0"],
        ["osd", "out", "osd.7"],
    ]
    assert plan_removal(cluster, [part]).commands == [["osd", "purge", "7", "--yes-i-really-mean-it"]]


def test_single_daemons_leave_and_their_host_stays() -> None:
    retiree = Retiree("b", False, ["client.grid.b"], daemons=["mon", "mds"])
    entities = {"client.grid.b", "mds.b", "mgr.b"}
    cluster = replace(make(), entities=frozenset(entities))
    assert daemons_of(cluster, retiree) == ["mon.b", "mds.b"]
    assert plan_drain(cluster, [retiree]).commands == []
    assert plan_removal(cluster, [retiree]).commands == [["mon", "remove", "b"], ["auth", "rm", "mds.b"]]
    metadata_servers = [Retiree(name, False, [], daemons=["mds"]) for name in ("a", "b")]
    assert "0 metadata servers would be left" in find_refusals(cluster, metadata_servers)[0]


def test_the_last_osds_of_hosts_count_as_their_hosts() -> None:
    parts = [Retiree("d", False, [], ["uuid6", "uuid7"]), *going("c")]
    assert "but 2 of these with OSDs would be left" in find_refusals(make(), parts)[0]
    assert ["osd", "crush", "rm", "d"] not in plan_removal(make(), parts).commands


def test_two_of_four_would_leave_too_few_places() -> None:
    assert find_refusals(make(), going("c", "d")) == [
        "meta and data keep 3 copies or parts, each on another host (min_size 2), but 2 of these with OSDs would be "
        "left, so what they store would never be whole again: add a host to ceph_osds first, or lower the size of the "
        "pools"
    ]


def test_three_of_four_would_stop_the_pools() -> None:
    refusals = find_refusals(make(), going("b", "c", "d"))
    assert len(refusals) == 1
    assert "but 1 of these with OSDs would be left, and nothing could be written" in refusals[0]


def test_all_would_leave_nothing() -> None:
    refusals = find_refusals(make(), going(*HOSTS))
    assert refusals[0] == "no monitor would be left (now a, b, c and d): add another host to ceph_mons first"
    assert refusals[1] == "no manager would be left (now a and b): add another host to ceph_mgrs first"
    assert "0 metadata servers would be left for the 1 ranks of the file systems (fs: 1)" in refusals[2]


@pytest.mark.parametrize(
    ("used", "refused"),
    [(6.3, False), (6.4, True)],  # 8 OSDs of that on 6 of 10 GiB: 84.0 and 85.3 percent
)
def test_the_rest_must_not_be_too_full(used: float, refused: bool) -> None:
    refusals = find_refusals(make(used=int(used * GIB)), going("d"))
    assert refusals == (
        [
            "the 6 OSDs that are left below default would be 85.3 % full (51.2 GiB of 60.0 GiB), above the "
            "near-full ratio of 85.0 %: add OSDs, or delete data, first"
        ]
        if refused
        else []
    )


@pytest.mark.parametrize(
    ("names", "quorum", "words"),
    [
        (["d"], "abcd", None),
        (["d"], "abc", None),
        (["d"], "abd", None),
        (["c", "d"], "abd", None),
        (["c", "d"], "acd", "of the 2 that are left 2 are needed, but 1 would be there: bring b back first"),
    ],
)
def test_the_monitors_need_a_quorum(names: list[str], quorum: str, words: str | None) -> None:
    cluster = make(quorum=frozenset(quorum), osds={})
    refusals = find_refusals(cluster, going(*names))
    assert (words in refusals[0]) if words else refusals == []


def test_no_data_moves_against_a_flag_or_out_of_what_is_inactive() -> None:
    refusals = find_refusals(make(flags=frozenset({"norebalance"}), inactive={"down": 3}), going("d"))
    assert refusals == [
        "no data moves while norebalance is set: unset it (ceph osd unset norebalance)",
        "placement groups are not active (3 down), so it is not known what only these OSDs have: mend the cluster "
        "first (ceph health detail)",
    ]


def test_a_dead_host_whose_osds_are_up_is_not_dead() -> None:
    assert find_refusals(make(), going("d", dead=True)) == [
        "d does not answer, but its osd.6 and osd.7 are up: power it off, or let Ansible reach it"
    ]


def test_a_rule_may_choose_devices_of_a_class() -> None:
    """Only a and b have the class: with one of them away, one place is left."""
    crush = report()["crushmap"]
    shadow = [
        {"id": -11, "name": "default~ssd", "type_name": "root", "items": [{"id": -12}, {"id": -13}]},
        {"id": -12, "name": "a~ssd", "type_name": "host", "items": [{"id": 0}]},
        {"id": -13, "name": "b~ssd", "type_name": "host", "items": [{"id": 2}]},
    ]
    steps = [{"op": "take", "item": -11}, {"op": "chooseleaf_firstn", "num": 0, "type": "host"}, {"op": "emit"}]
    pool = {"pool_name": "fast", "size": 2, "min_size": 1, "crush_rule": 1}
    cluster = make(
        changes={"crushmap": {"buckets": crush["buckets"] + shadow, "rules": [{"rule_id": 1, "steps": steps}]}},
        pools=[pool],
    )
    assert find_refusals(cluster, going("c")) == []
    assert find_refusals(cluster, going("b"))[0].startswith(
        "fast keeps 2 copies or parts, each on another host (min_size 1), but 1 of these"
    )
    assert {osd.id for osd in cluster.osds_of(going("b"))} == {2, 3}


def test_a_drain_takes_all_osds_of_the_host_out() -> None:
    plan = plan_drain(make(), going("d"))
    assert plan.commands == [["osd", "crush", "reweight-subtree", "d", "0"], ["osd", "out", "osd.6", "osd.7"]]
    assert plan.after["osd.6"] == {"in": False, "crush_weight": 0}
    assert plan_drain(make(), going("worker")).commands == []


def test_a_drain_is_not_ordered_twice() -> None:
    cluster = make()
    osds = {number: replace(osd, within=False, crush_weight=0.0) for number, osd in cluster.osds.items()}
    assert not plan_drain(replace(cluster, osds=osds), going("d")).changed


def test_osds_that_are_elsewhere_in_the_crush_map_are_drained_one_by_one() -> None:
    """The bucket d has an OSD that another host runs: it is not for the bucket's host to take out."""
    moved = make(changes={"osd_metadata": [{"id": 6, "hostname": "elsewhere"}, {"id": 7, "hostname": "d"}]})
    assert plan_drain(moved, going("d")).commands == [
        ["osd", "crush", "reweight", "osd.7", "0"],
        ["osd", "out", "osd.7"],
    ]
    assert ["osd", "crush", "rm", "d"] not in plan_removal(moved, going("d")).commands


def test_what_is_removed() -> None:
    plan = plan_removal(make(), going("d"))
    assert plan.commands == [
        ["osd", "purge", "6", "--yes-i-really-mean-it"],
        ["osd", "purge", "7", "--yes-i-really-mean-it"],
        ["osd", "crush", "rm", "d"],
        ["mon", "remove", "d"],
        ["auth", "rm", "client.grid.d"],
        ["auth", "rm", "mgr.d"],
    ]
    assert set(plan.after.values()) == {"absent"}


def test_monitors_that_are_silent_go_first() -> None:
    plan = plan_removal(make(quorum=frozenset("abc"), osds={}), going("a", "d"))
    assert [words[2] for words in plan.commands if words[:2] == ["mon", "remove"]] == ["d", "a"]


def test_what_a_host_runs() -> None:
    assert daemons_of(make(), going("b")[0]) == ["mon.b", "mgr.b", "mds.b", "osd.2", "osd.3"]
    assert daemons_of(make(), going("worker")[0]) == []


@pytest.mark.parametrize(
    ("answer", "clean", "unsafe"),
    [
        ({"safe_to_destroy": [6, 7], "missing_stats": []}, False, []),
        ({"safe_to_destroy": [6], "missing_stats": []}, True, [7]),
        ({"safe_to_destroy": [6], "missing_stats": [7]}, False, [7]),
        ({"safe_to_destroy": [6], "missing_stats": [7]}, True, []),
    ],
)
def test_an_osd_without_figures_is_safe_only_in_a_whole_cluster(answer: t.Any, clean: bool, unsafe: list[int]) -> None:
    assert [osd.id for osd in find_unsafe(make().osds_of(going("d")), answer, clean)] == unsafe


def test_progress_has_percent_rate_and_time_left() -> None:
    shown = Progress(total=100 * GIB, left=25 * GIB, moved=5 * GIB, seconds=50, missing=["osd.6 not safe"]).shape()
    assert shown["percent"] == 75.0
    assert shown["bytes_per_second"] == 5 * GIB * 1024 // 50
    assert shown["seconds_left"] == 250
    assert shown["text"] == "75 % moved, 25.0 GiB left, 102.4 MiB/s, about 4 min: osd.6 not safe"


def test_progress_that_stands_still_tells_no_time() -> None:
    shown = Progress(total=GIB, left=GIB, moved=0, seconds=60, missing=["osd.6 not safe"]).shape()
    assert shown["seconds_left"] is None
    assert shown["text"] == "0 % moved, 1.0 GiB left: osd.6 not safe"


def test_units() -> None:
    assert [show_kb(512), show_kb(2048), show_kb(3 * 1024**3)] == ["512 KiB", "2.0 MiB", "3.0 TiB"]
    assert [show_seconds(30), show_seconds(600), show_seconds(6180)] == ["30 s", "10 min", "1 h 43 min"]
