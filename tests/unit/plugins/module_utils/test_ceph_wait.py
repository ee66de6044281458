# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_wait import describe, find_missing, needs_report

NOTHING: dict[str, t.Any] = {
    "quorum": None,
    "mgr_available": False,
    "osds_up": None,
    "osds_in": None,
    "fs_active": None,
    "fs_standbys": 0,
    "pgs_clean": False,
    "health": None,
}
STATUS: dict[str, t.Any] = {
    "quorum_names": ["a", "b"],
    "mgrmap": {"available": False},
    "osdmap": {"num_osds": 3, "num_up_osds": 2, "num_in_osds": 3},
    "fsmap": {"up:standby": 1},
    "pgmap": {"pgs_by_state": [{"state_name": "active+clean", "count": 9}, {"state_name": "peering", "count": 4}]},
    "health": {
        "checks": {
            "OSD_DOWN": {"summary": {"message": "1 osds down"}, "muted": False},
            "MON_DISK_LOW": {"summary": {"message": "mon a is low"}, "muted": True},
        }
    },
}
REPORT: dict[str, t.Any] = {
    "osdmap": {
        "osds": [{"osd": 0, "up": 1, "in": 1}, {"osd": 1, "up": 0, "in": 0}],
        "pools": [{"pg_num": 1}, {"pg_num": 16}],
    },
    "fsmap": {
        "filesystems": [
            {
                "mdsmap": {
                    "fs_name": "cephfs",
                    "max_mds": 2,
                    "info": {"gid_1": {"state": "up:active"}, "gid_2": {"state": "up:replay"}},
                }
            },
            {"mdsmap": {"fs_name": "idle", "max_mds": 1, "info": {}}},
        ]
    },
}


@pytest.mark.parametrize(
    ("wanted", "missing"),
    [
        ({}, []),
        ({"quorum": ["a", "c"]}, ["monitor c is not in the quorum (a, b)"]),
        ({"mgr_available": True}, ["no manager is active"]),
        ({"osds_up": ["all"]}, ["2 of 3 OSDs are up"]),
        ({"osds_in": ["all"]}, []),
        ({"osds_up": ["0", "1", "7"]}, ["osd.1 is not up", "osd.7 does not exist"]),
        ({"osds_in": ["1"]}, ["osd.1 is not in"]),
        (
            {"fs_active": ["cephfs", "idle", "none"]},
            [
                "file system cephfs is served by 1 of 2 metadata servers; found up:replay",
                "file system idle is served by 0 of 1 metadata servers",
                "file system none does not exist",
            ],
        ),
        ({"fs_standbys": 1}, []),
        ({"fs_standbys": 2}, ["1 of 2 standby metadata servers are there"]),
        ({"pgs_clean": True}, ["4 placement groups are peering", "4 placement groups have not been heard of"]),
        ({"health": {"forgive": []}}, ["OSD_DOWN: 1 osds down"]),
        ({"health": {"forgive": ["OSD_DOWN"]}}, []),
    ],
)
def test_find_missing(wanted: dict[str, t.Any], missing: list[str]) -> None:
    assert find_missing({**NOTHING, **wanted}, STATUS, REPORT) == missing


def test_all_of_no_osds_is_not_enough() -> None:
    empty = {**STATUS, "osdmap": {"num_osds": 0, "num_up_osds": 0, "num_in_osds": 0}}
    assert find_missing({**NOTHING, "osds_up": ["all"]}, empty, None) == ["0 of 0 OSDs are up"]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [({"osds_up": ["all"]}, False), ({"osds_up": ["1"]}, True), ({"pgs_clean": True}, True), ({}, False)],
)
def test_needs_report(wanted: dict[str, t.Any], expected: bool) -> None:
    assert needs_report({**NOTHING, **wanted}) is expected


def test_describe_nothing() -> None:
    assert describe(NOTHING) == ["an answer of the cluster"]
