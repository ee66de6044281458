# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Slurm in the survey and in the report."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.sitewright.grid.plugins.module_utils._report import build_report
from ansible_collections.sitewright.grid.plugins.module_utils._slurm_info import shape_node

NOW = 1795820359
SITE = {
    "name": "blueberry",
    "ceph": None,
    "condor": None,
    "hosts": {
        "head1": {"retiring": False, "slurm": {"runs": ["controller"]}},
        "worker1": {"retiring": False, "slurm": {"runs": ["node"]}},
        "other": {"retiring": False, "slurm": None},
    },
}


def node(*states: str, since: int = 0, reason: str = "") -> dict[str, t.Any]:
    return shape_node(
        {
            "name": "worker1",
            "hostname": "worker1",
            "state": states,
            "reason": reason,
            "reason_changed_at": {"set": True, "number": since},
            "cpus": 4,
            "alloc_cpus": 1,
            "real_memory": 1000,
            "alloc_memory": 250,
            "partitions": ["work"],
            "version": "24.11.5",
        }
    )


@pytest.mark.parametrize(
    ("nodes", "found"),
    [
        ([node("IDLE")], []),
        ([node("MIXED")], []),
        ([node("IDLE", "DRAIN", reason="disk")], [("note", "worker1", "is drained in Slurm: disk")]),
        ([node("DOWN", since=NOW - 7200)], [("act", "worker1", "slurm_nodes: silent for 2.0 h")]),
        ([node("IDLE", "NOT_RESPONDING")], [("act", "worker1", "slurm_nodes: silent")]),
        ([], [("act", "worker1", "slurm_nodes: nobody has heard of it")]),
    ],
)
def test_what_slurm_says_of_a_node(nodes: list[dict[str, t.Any]], found: list[tuple[str, str, str]]) -> None:
    controllers = [{"name": "head1", "responds": True, "mode": "primary"}]
    answer = {"now": NOW, "nodes": nodes, "controllers": controllers, "jobs": {"running": 2}}
    report = build_report(SITE, {"slurm": [answer]}, {}, NOW)
    assert [(one.level, one.subject, one.what) for one in report.findings] == found
    assert report.hosts["head1"]["state"] == "seen"
    if nodes:
        assert report.trends["slurm_cpus_used_percent"] == 25.0
        assert report.as_json()["sections"]["Slurm"]["memory"] == {"total": 1000, "used": 250}


def test_a_controller_that_does_not_answer() -> None:
    report = build_report(SITE, {"slurm": [{"msg": "no socket"}]}, {}, NOW)
    assert [(one.subject, one.what) for one in report.findings] == [("Slurm", "has not answered: no socket")]
    assert report.hosts["worker1"]["state"] == "unknown"
