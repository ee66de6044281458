# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the systems of a site see of its hosts, and what follows from that."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.sitewright.grid.plugins.module_utils._survey import Names, take_survey

NOW = 1795820359
SITE: dict[str, t.Any] = {
    "condor": {"managers": ["head1"], "submits": ["head1"], "executes": ["worker1", "worker2.x.org", "leaving"]},
    "ceph": {},
    "hosts": {
        "head1": {"retiring": False, "ceph": None},
        "worker1": {"retiring": False, "ceph": {"client": {}}},
        "worker2.x.org": {"retiring": False, "ceph": None},
        "leaving": {"retiring": True, "ceph": None},
        "store1": {"retiring": False, "ceph": {"mon": "store1", "mgr": "store1", "osd_devices": [{}], "mds": None}},
        "client": {"retiring": False, "ceph": {"client": {}}},
    },
}


def daemon(kind: str, machine: str, ago: int = 10) -> dict[str, t.Any]:
    return {"type": kind, "machine": machine, "last_heard": NOW - ago, "version": "23.9.6"}


def slot(machine: str, ago: int = 10, absent: bool = False, kind: str = "partitionable") -> dict[str, t.Any]:
    return {"machine": machine, "type": kind, "last_heard": NOW - ago, "absent": absent, "version": "23.9.6"}


def pool(*slots: dict[str, t.Any], daemons: t.Sequence[dict[str, t.Any]] = ()) -> dict[str, t.Any]:
    heads = [daemon("collector", "head1", 800), daemon("schedd", "head1"), daemon("master", "elsewhere")]
    return {"now": NOW, "slots": list(slots), "daemons": [*heads, *daemons]}


def cluster(up: bool = True, since: int | None = None) -> dict[str, t.Any]:
    return {
        "now": NOW,
        "mon": {"store1": {"in_quorum": up}},
        "mgr": {"active": "store1" if up else None, "standbys": []},
        "mds": {},
        "osd": {
            "0": {"hostname": "store1", "up": up, "down_since": since, "version": "18.2.7"},
            "1": {"hostname": None, "up": False, "down_since": None, "version": None},
        },
    }


def survey(condor: dict[str, t.Any], ceph: dict[str, t.Any] | None = None, **words: t.Any) -> dict[str, t.Any]:
    return take_survey(SITE, {"condor": [condor], "ceph": [ceph or cluster()]}, **words)


def test_a_site_on_which_all_is_well() -> None:
    found = survey(pool(slot("worker1.x.org"), slot("worker2.x.org")))
    hosts = found["hosts"]
    states = {name: host["state"] for name, host in hosts.items()}
    assert states == {
        "head1": "seen",
        "worker1": "seen",
        "worker2.x.org": "seen",
        "leaving": "unwatched",
        "store1": "seen",
        "client": "unwatched",
    }
    assert not any(host["missing"] or host["unexpected"] for host in hosts.values())
    assert hosts["worker1"]["last_heard"] == NOW - 10
    assert hosts["worker1"]["hours_silent"] == 0.003
    assert hosts["worker1"]["versions"] == {"condor": "23.9.6"}
    assert hosts["head1"]["services"]["condor_managers"]["silent_for"] == 0, "the collector has answered"
    assert found["sources"] == {name: {"answered": True, "error": None} for name in ("ceph", "condor")}


@pytest.mark.parametrize(
    ("slots", "state", "hours"),
    [
        ([], "never_seen", None),
        ([slot("worker1", 901)], "silent", 0.25),
        ([slot("worker1", 900)], "seen", 0.25),
        # The collector has been told that it goes: it is silent at once.
        ([slot("worker1", 5, absent=True)], "silent", 0.001),
        ([slot("worker1", 7200, absent=True)], "silent", 2.0),
        # One of its slots is enough.
        ([slot("worker1", 7200, absent=True), slot("worker1", 36)], "seen", 0.01),
        ([slot("worker1", 36), slot("worker1", 7200, absent=True)], "seen", 0.01),
        # A dynamic slot goes with its job.
        ([slot("worker1", 5, kind="dynamic")], "never_seen", None),
    ],
)
def test_an_execution_point(slots: list[dict[str, t.Any]], state: str, hours: float | None) -> None:
    host = survey(pool(*slots))["hosts"]["worker1"]
    assert (host["state"], host["hours_silent"]) == (state, hours)
    assert host["missing"] == ([] if state == "seen" else ["condor_executes"])


def test_how_long_is_silent_can_be_said() -> None:
    assert survey(pool(slot("worker1", 61)), silent_after=60)["hosts"]["worker1"]["state"] == "silent"


def test_a_host_that_the_inventory_does_not_name() -> None:
    found = survey(pool(slot("guest.y.org", 7200, absent=True), slot("worker1"), slot("store1")))["hosts"]
    assert (found["guest.y.org"]["provisioned"], found["guest.y.org"]["state"]) == (False, "silent")
    assert found["store1"]["unexpected"] == ["condor_executes"]


def test_a_host_that_retires_is_missed_by_nobody() -> None:
    assert survey(pool())["hosts"]["leaving"]["missing"] == []
    seen = survey(pool(slot("leaving")))["hosts"]["leaving"]
    assert (seen["state"], seen["unexpected"]) == ("seen", [])


@pytest.mark.parametrize(
    ("ceph", "state", "missing", "heard"),
    [
        (cluster(), "seen", [], NOW),
        (cluster(False, NOW - 3600), "silent", ["ceph_mons", "ceph_mgrs", "ceph_osds"], NOW - 3600),
        (cluster(False), "silent", ["ceph_mons", "ceph_mgrs", "ceph_osds"], None),
    ],
)
def test_a_host_of_the_cluster(ceph: dict[str, t.Any], state: str, missing: list[str], heard: int | None) -> None:
    host = survey(pool(), ceph)["hosts"]["store1"]
    assert (host["state"], host["missing"], host["last_heard"]) == (state, missing, heard)


def test_one_service_of_several_is_missing() -> None:
    lacking = {**cluster(), "mgr": {"active": None, "standbys": []}}
    host = survey(pool(), lacking)["hosts"]["store1"]
    assert (host["state"], host["missing"]) == ("seen", ["ceph_mgrs"])


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ([{"msg": "no\n route", "unreachable": True}, {}], "no route"),
        ([{}], "nobody was asked"),
        ([], "nobody was asked"),
    ],
)
def test_where_nobody_answers_nothing_is_said_of_hosts(given: list[dict[str, t.Any]], error: str) -> None:
    found = take_survey(SITE, {"condor": given, "ceph": [cluster()]})
    assert found["sources"]["condor"] == {"answered": False, "error": error}
    assert found["hosts"]["worker1"]["state"] == "unknown"
    assert found["hosts"]["worker1"]["missing"] == []


def test_the_first_answer_counts() -> None:
    found = take_survey(SITE, {"condor": [{"msg": "down"}, pool(slot("worker1"))], "ceph": [cluster()]})
    assert found["hosts"]["worker1"]["state"] == "seen"


def test_a_site_without_a_product_does_not_ask_for_it() -> None:
    site = {"condor": None, "ceph": None, "hosts": {"a": {"retiring": False, "ceph": None}}}
    assert take_survey(site, {"condor": [], "ceph": []})["sources"] == {}


def test_what_a_daemon_says_of_itself_is_no_template() -> None:
    bad = {**slot("worker1"), "version": "{{ lookup('pipe', 'id') }}"}
    found = survey(pool(bad, slot("{{ 1 }}"), slot("")))["hosts"]
    assert found["worker1"]["versions"] == {}
    assert len(found) == len(SITE["hosts"])


@pytest.mark.parametrize(
    ("known", "seen", "found"),
    [
        ("w1", "W1.x.org", True),
        ("w1.x.org", "w1", True),
        ("w1.x.org", "w1.x.org", True),
        ("w1.x.org", "w1.y.org", False),
        ("w1", "w11", False),
    ],
)
def test_names_with_and_without_domains(known: str, seen: str, found: bool) -> None:
    assert Names([known]).find(seen) == (known if found else None)
