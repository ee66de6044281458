# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The entities that hosts of a site need."""

from __future__ import annotations

import typing as t

from ansible_collections.sitewright.grid.plugins.module_utils._ceph_entities import (
    BOOTSTRAP_OSD_CAPS,
    MDS_CAPS,
    MGR_CAPS,
    list_entities,
)


def serves(**differences: t.Any) -> dict[str, t.Any]:
    return {"ceph": {"mon": None, "mgr": None, "mds": None, "osd_devices": [], "client": None, **differences}}


SITE = {
    "ceph": {"filesystem": {"name": "grid"}, "client": {"path": "/pool", "access": "r"}},
    "hosts": {
        "store1.example.org": serves(mon="store1", mgr="store1", mds="store1", osd_devices=[{"path": "/dev/sdb"}]),
        "store2.example.org": serves(osd_devices=[{"path": "/dev/sdb"}]),
        "worker1": serves(client={"entity": "client.grid.worker1"}),
    },
}


def test_all_hosts() -> None:
    assert list_entities(SITE, SITE["hosts"]) == [
        {"name": "client.bootstrap-osd", "caps": BOOTSTRAP_OSD_CAPS},
        {"name": "client.grid.worker1", "cephfs": [{"filesystem": "grid", "path": "/pool", "access": "r"}]},
        {"name": "mds.store1", "caps": MDS_CAPS},
        {"name": "mgr.store1", "caps": MGR_CAPS},
    ]


def test_only_the_hosts_of_the_run() -> None:
    assert [entity["name"] for entity in list_entities(SITE, ["worker1"])] == ["client.grid.worker1"]
