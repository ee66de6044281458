# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report says of a site, and whether that needs a person."""

from __future__ import annotations

import copy
import typing as t

import pytest
from ansible_collections.sitewright.grid.plugins.module_utils._report import Report, build_report
from ansible_collections.sitewright.grid.plugins.module_utils._report_page import render_page
from ansible_collections.sitewright.grid.plugins.module_utils._report_parts import (
    ACT,
    Table,
    show_bytes,
    show_duration,
)
from ansible_collections.sitewright.grid.plugins.module_utils._report_text import render_table, render_text

NOW = 1795820359
DAY = 86400
SITE: dict[str, t.Any] = {
    "name": "blueberry",
    "condor": {"managers": ["head1"], "submits": ["head1"], "executes": ["worker1", "worker2"]},
    "ceph": {"health_forgiven": ["POOL_NO_REDUNDANCY"]},
    "hosts": {
        "head1": {"retiring": False, "ceph": {"mon": "head1", "mgr": "head1", "osd_devices": [{}], "mds": None}},
        "worker1": {"retiring": False, "ceph": None},
        "worker2": {"retiring": False, "ceph": None},
    },
}


def slot(machine: str, left: int = 4, **words: t.Any) -> dict[str, t.Any]:
    resources = {"memory": 1000, "disk": 10, "gpus": 0}
    return {
        "name": f"slot1@{machine}",
        "machine": machine,
        "type": "partitionable",
        "state": "Unclaimed",
        "draining": False,
        "drain_reason": None,
        "absent": False,
        "last_heard": NOW - 10,
        "version": "23.9.6",
        "guests": None,
        "total": {"cpus": 4, **resources},
        "left": {"cpus": left, **resources},
        **words,
    }


POOL: dict[str, t.Any] = {
    "now": NOW,
    "slots": [slot("worker1"), slot("worker2", 1)],
    "daemons": [
        {"type": "collector", "machine": "head1", "last_heard": NOW, "version": "23.9.6", "jobs": None},
        {
            "type": "schedd",
            "machine": "head1",
            "last_heard": NOW,
            "version": "23.9.6",
            "jobs": {"running": 3, "idle": 1, "held": 0},
        },
    ],
    "totals": {"machines": 2, "slots": 2, "dynamic_slots": 1, "claimed": 1},
}
CLUSTER: dict[str, t.Any] = {
    "now": NOW,
    "status": {
        "quorum": ["head1"],
        "osds": {"total": 2, "up": 2, "in": 2},
        "pgs": {"active+clean": 8},
        "bytes": {"used": 3 * 2**30, "avail": 7 * 2**30, "total": 10 * 2**30},
    },
    "health": {"status": "HEALTH_OK", "checks": {}},
    "mon": {"head1": {"in_quorum": True}},
    "mgr": {"active": "head1", "standbys": []},
    "mds": {},
    "osd": {
        number: {
            "hostname": "head1",
            "up": True,
            "in": True,
            "class": "ssd",
            "version": "18.2.7",
            "down_since": None,
        }
        for number in ("0", "1")
    },
    "osd_usage": {
        "0": {"total": 5 * 2**30, "used": 2**30, "pgs": 4},
        "1": {"total": 5 * 2**30, "used": 2 * 2**30, "pgs": 4},
    },
    "pool_usage": {"data": {"objects": 2, "stored": 2**20, "used": 3 * 2**20, "avail": 2**30}},
    "versions": {"overall": {"ceph version 18.2.7 (6b0e) reef (stable)": 4}},
}
LOOKS: dict[str, t.Any] = {name: {"now": NOW, "expiries": [], "unreadable": []} for name in SITE["hosts"]}


def report(pool: t.Any = None, **parts: t.Any) -> Report:
    """Return the report of this site, of which parts may be other ones."""
    given = {"cluster": CLUSTER, "looks": LOOKS, "site": SITE, **parts}
    answers = {"condor": [POOL if pool is None else pool], "ceph": [given.pop("cluster")]}
    return build_report(given.pop("site"), answers, given.pop("looks"), NOW, **given)


def said(found: Report) -> list[tuple[str, str, str]]:
    return [(one.level, one.subject, one.what) for one in found.findings]


def changed(whole: dict[str, t.Any], **parts: t.Any) -> dict[str, t.Any]:
    """Return a copy in which the parts have other values; a name such as a__b leads down."""
    copied = copy.deepcopy(whole)
    for path, value in parts.items():
        *above, last = path.split("__")
        place = copied
        for name in above:
            place = place[name]
        place[last] = value
    return copied


def token(days: float, life: float = 90, **words: t.Any) -> dict[str, t.Any]:
    expires = NOW + int(days * DAY)
    path = "/etc/condor/tokens.d/sitewright"
    return {
        "kind": "token",
        "path": path,
        "name": "x@y",
        "issued": expires - int(life * DAY),
        "expires": expires,
        **words,
    }


def test_a_site_on_which_all_is_well() -> None:
    found = report()
    assert said(found) == []
    assert not found.needs_a_person
    assert found.verdict == "Nothing needs a person."
    data = found.as_json()["sections"]
    assert data["Ceph cluster"]["used_percent"] == 30.0
    assert data["Ceph cluster"]["osd_balance"] == {"mean_percent": 30.0, "min_percent": 20.0, "max_percent": 40.0}
    assert data["HTCondor pool"]["utilization"]["cpus"]["used"] == 3
    assert data["HTCondor pool"]["jobs"] == {"running": 3, "idle": 1, "held": 0}
    assert found.trends == {
        "hosts_seen": 3,
        "hosts_silent": 0,
        "ceph_used_percent": 30.0,
        "ceph_osds_down": 0,
        "pool_cpus_used_percent": 37.5,
        "pool_memory_used_percent": 0.0,
        "jobs_running": 3,
        "jobs_idle": 1,
        "jobs_held": 0,
        "pool_machines": 2,
    }


def health(severity: str, code: str = "OSD_DOWN", muted: bool = False) -> dict[str, t.Any]:
    check = {"severity": severity, "message": "words", "detail": [], "muted": muted}
    return changed(CLUSTER, health={"status": severity, "checks": {code: check}})


@pytest.mark.parametrize(
    ("made", "level", "subject", "words"),
    [
        ({"pool": changed(POOL, slots=[slot("worker1")])}, "act", "worker2", "condor_executes: nobody has heard of it"),
        (
            {"pool": changed(POOL, slots=[slot("worker1"), slot("worker2", absent=True, last_heard=NOW - 7200)])},
            "act",
            "worker2",
            "condor_executes: silent for 2.0 h",
        ),
        ({"pool": {"msg": "no\nroute"}}, "act", "HTCondor", "has not answered: no route"),
        ({"looks": {**LOOKS, "worker1": {"msg": "timed out"}}}, "act", "worker1", "does not answer: timed out"),
        ({"cluster": health("HEALTH_WARN")}, "act", "Ceph", "OSD_DOWN: words"),
        ({"cluster": health("HEALTH_WARN", muted=True)}, "note", "Ceph", "OSD_DOWN: words (forgiven)"),
        (
            {"cluster": health("HEALTH_WARN", "POOL_NO_REDUNDANCY")},
            "note",
            "Ceph",
            "POOL_NO_REDUNDANCY: words (forgiven)",
        ),
        ({"cluster": health("HEALTH_ERR", "POOL_NO_REDUNDANCY")}, "act", "Ceph", "POOL_NO_REDUNDANCY: words"),
        (
            {"cluster": changed(CLUSTER, osd_usage__1__used=5 * 2**30)},
            "note",
            "Ceph",
            "1 OSD far fuller than the mean of 60.0 %: osd.1 (100.0 %)",
        ),
        (
            {
                "cluster": changed(
                    CLUSTER, versions__overall={"ceph version 18.2.7 (x)": 3, "ceph version 18.2.9 (y)": 1}
                )
            },
            "note",
            "Ceph",
            "runs in 2 versions: 18.2.7, 18.2.9",
        ),
        (
            {"pool": changed(POOL, slots=[slot("worker1"), slot("worker2", version="24.0.1")])},
            "note",
            "HTCondor",
            "runs 23.9.6 on 2 hosts, but 24.0.1 on worker2",
        ),
        (
            {"pool": changed(POOL, slots=[*POOL["slots"], slot("guest", absent=True, last_heard=NOW - 2 * DAY)])},
            "note",
            "guest",
            "is not in the inventory, and silent for 2 d",
        ),
        (
            {"pool": changed(POOL, slots=[*POOL["slots"], slot("head1")])},
            "note",
            "head1",
            "runs condor_executes, but is not in the group",
        ),
        (
            {"pool": changed(POOL, slots=[slot("worker1"), slot("worker2", draining=True, drain_reason="new disk")])},
            "note",
            "worker2",
            "drains: new disk",
        ),
        (
            {"looks": {**LOOKS, "worker1": {"now": NOW, "expiries": [token(-2)], "unreadable": []}}},
            "act",
            "worker1",
            "token /etc/condor/tokens.d/sitewright expired 2 d ago",
        ),
        (
            {"looks": {name: {"now": NOW, "expiries": [token(3, kind="ca")]} for name in ("worker1", "worker2")}},
            "note",
            "worker1, worker2",
            "1 CA certificate expired, or will soon: sitewright",
        ),
        (
            {
                "looks": {
                    "worker1": {"now": NOW, "expiries": [token(-1, kind="crl", path=f"/ca/{n}.r0") for n in range(7)]}
                }
            },
            "act",
            "worker1",
            "7 revocation lists expired, or will soon: 0.r0, 1.r0, 2.r0, 3.r0, 4.r0 and 2 more",
        ),
        (
            {"looks": {"worker1": {"now": NOW, "expiries": [], "unreadable": ["/etc/condor/tokens.d/x"]}}},
            "note",
            "worker1",
            "/etc/condor/tokens.d/x holds neither a token nor a certificate",
        ),
    ],
)
def test_what_is_found(made: dict[str, t.Any], level: str, subject: str, words: str) -> None:
    found = report(**made)
    assert said(found) == [(level, subject, words)]
    assert found.needs_a_person is (level == ACT)


@pytest.mark.parametrize(
    ("one", "is_told"),
    [
        (token(13.9), True),
        (token(14.1), False),
        # Good for 20 days, and renewed in the last third: late in the last quarter.
        (token(5.5, 20), False),
        (token(4.9, 20), True),
        ({**token(1), "expires": None}, False),
    ],
)
def test_when_an_end_is_near(one: dict[str, t.Any], is_told: bool) -> None:
    assert report(looks={"worker1": {"now": NOW, "expiries": [one]}}).needs_a_person is is_told


def test_what_two_hosts_share_is_told_once() -> None:
    found = report(looks={name: {"now": NOW, "expiries": [token(1)]} for name in ("worker1", "worker2")})
    assert len(found.findings) == 1
    assert found.expiries[0]["hosts"] == ["worker1", "worker2"]


def test_of_a_host_that_retires_its_silence_is_no_matter() -> None:
    site = changed(SITE, hosts__worker2__retiring=True)
    found = report(changed(POOL, slots=[slot("worker1")]), looks={**LOOKS, "worker2": {"msg": "gone"}}, site=site)
    assert said(found) == [("note", "worker2", "does not answer: gone")]


def test_a_host_that_was_not_asked_does_not_fail_to_answer() -> None:
    assert said(report(looks={"worker1": {}})) == []


def test_the_terminal_has_the_findings_with_their_cures_and_the_figures() -> None:
    lines = render_text(report(changed(POOL, slots=[slot("worker1")])))
    assert lines[0] == "Site blueberry, 2026-11-27 22:59 UTC: 1 thing needs a person."
    text = "\n".join(lines)
    assert "  worker2  condor_executes: nobody has heard of it\n             run site.yml with --limit for it" in text
    assert "  in the inventory      3: 2 seen, 1 never seen\n" in text
    assert "  used                3.0 GiB of 10.0 GiB (30.00 %)\n" in text
    assert "  Cpus                0          4      4     0     0.00     0.00\n" in text


def test_a_table_puts_numbers_to_the_right() -> None:
    table = Table("", ("a", "number"), [("one", 5), ("three", None), ("x", 1000)])
    assert render_table(table) == ["a      number", "one         5", "three", "x        1000"]


def test_the_history_has_one_point_for_each_report() -> None:
    found = report(history=[{"time": NOW - 60, "jobs_running": 1}])
    assert [point["time"] for point in found.history] == [NOW - 60, NOW]
    assert found.history[-1]["needs"] == 0
    assert found.history[-1]["jobs_running"] == 3
    many = report(history=[{"time": number} for number in range(3000)])
    assert len(many.history) == 2000
    assert many.history[0]["time"] == 1001


def test_the_page_is_whole_and_what_daemons_say_is_text_in_it() -> None:
    bad = "</script><script>alert(1)</script>"
    page = render_page(
        report(
            changed(POOL, slots=[slot("worker1", draining=True, drain_reason=bad), slot("worker2")]),
            history=[{"time": NOW - 60, "jobs_running": 1}],
        ),
        "body{}\n",
        "x\n",
    )
    assert bad not in page
    assert page.count("<script>") == 1
    assert "http:" not in page
    assert "https:" not in page
    assert "Content-Security-Policy" in page
    for title in ("What was found", "Hosts", "Ceph cluster", "HTCondor pool", "Over time"):
        assert f"<h2>{title}</h2>" in page
    assert 'aria-label="Jobs running: 3 now, at most 3"' in page


@pytest.mark.parametrize(
    ("number", "shown"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (3 * 2**40, "3.0 TiB"), (2**70, "1048576.0 PiB")],
)
def test_sizes(number: int, shown: str) -> None:
    assert show_bytes(number) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"), [(59, "59 s"), (60, "1 min"), (3600, "1.0 h"), (5400, "1.5 h"), (172800, "2 d")]
)
def test_durations(seconds: int, shown: str) -> None:
    assert show_duration(seconds) == shown


def test_the_virt_queue_is_told_of_where_there_is_one() -> None:
    site = copy.deepcopy(SITE)
    for name in ("worker1", "worker2"):
        site["hosts"][name]["virt"] = {"backends": ["htcondor"], "guests": 4}
    emulated = {"able": True, "accelerator": "tcg", "boot_seconds": 0.9, "reason": "KVM is absent"}
    unable = {"able": False, "accelerator": None, "boot_seconds": None, "reason": "KVM is absent"}
    job = slot("worker1", type="dynamic", guests=emulated)
    pool = {**POOL, "slots": [slot("worker1", guests=emulated), job, slot("worker2", guests=unable)]}
    found = report(pool, site=site)
    (section,) = [one for one in found.sections if one.title == "HTCondor pool"]
    assert ("virt queue", "1 of 2 nodes boot guests") in section.facts
    assert section.data["virt_queue"][0] == {"host": "worker1", **emulated, "jobs": 1, "most": 4}
    told = (ACT, "worker2", "is a node of the virt queue, but boots no guests: KVM is absent")
    assert [one for one in said(found) if "virt queue" in one[2]] == [told]
    assert "virt_queue" not in report(pool).sections[1].data
