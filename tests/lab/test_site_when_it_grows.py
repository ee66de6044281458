# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The site grows by edits of its inventory, and nothing else moves.

The last of the tests of the site, by its name: the hosts that it adds stay.
"""

from __future__ import annotations

import typing as t
from pathlib import Path

from lab import ROOT, edit_inventory

SITE = ROOT / "inventories" / "lab"


def add_device(inventory: dict[str, t.Any]) -> None:
    stores = inventory["ceph_osds"]
    inventory["ceph_osds"]["hosts"]["store1"] = {
        "ceph_osd_devices": [
            *stores["vars"]["ceph_osd_devices"],
            {"path": "/var/lib/sitewright-lab/added", "size": "6G", "device_class": "ssd"},
        ]
    }


def add_store(inventory: dict[str, t.Any]) -> None:
    add_device(inventory)
    inventory["ceph_mons"]["hosts"]["store4"] = {"ansible_host": "198.51.100.14"}
    inventory["ceph_osds"]["hosts"]["store4"] = {
        "ceph_osd_devices": [{"path": "/var/lib/sitewright-lab/only", "size": "6G"}]
    }


def test_a_device_more(tmp_path: Path) -> None:
    grown = edit_inventory(SITE, tmp_path, add_device)
    before = grown.active_since(grown.hosts())
    expected = grown.play("site.yml", "--check")
    play = grown.play("site.yml")
    assert list(expected.changed) == list(play.changed) == ["store1"], play.output
    grown.wait_for_health("store1")
    assert grown.ceph("store1", "osd stat")["num_up_osds"] == 7
    after = grown.active_since(grown.hosts())
    assert {name: since for name, since in after.items() if name in before} == before
    classes = grown.ceph("store1", "osd tree")["nodes"]
    assert [node["device_class"] for node in classes if node["type"] == "osd"].count("ssd") >= 1


def test_a_store_more_with_a_limit_and_then_without(tmp_path: Path) -> None:
    grown = edit_inventory(SITE, tmp_path, add_store)
    old = ["store1", "store2", "store3", "head1", "worker1", "worker2"]
    before = grown.active_since(old)
    grown.destroy("--limit", "store4")  # one that an earlier run of the tests may have left is of another cluster
    grown.create()
    play = grown.play("site.yml", "--limit", "store4")
    assert set(play.recap) == {"store4"}, play.output
    grown.wait_for_health("store1")
    assert sorted(grown.ceph("store1", "quorum_status")["quorum_names"]) == ["store1", "store2", "store3", "store4"]
    assert grown.ceph("store1", "osd stat")["num_up_osds"] == 8
    assert grown.active_since(old) == before

    # The whole site then learns the new monitor's address, and still no daemon restarts.
    with_new = grown.active_since(grown.hosts())
    play = grown.play("site.yml")
    assert "store4" not in play.changed, play.output
    assert grown.active_since(grown.hosts()) == with_new
    assert not grown.play("site.yml").changed
    grown.play("verify.yml")


def test_one_client_more_runs_alone(tmp_path: Path) -> None:
    def add_client(inventory: dict[str, t.Any]) -> None:
        add_store(inventory)
        inventory["ceph_clients"]["hosts"]["worker3"] = {"ansible_host": "198.51.100.23"}

    grown = edit_inventory(SITE, tmp_path, add_client)
    grown.destroy("--limit", "worker3")
    grown.create()
    play = grown.play("site.yml", "--limit", "worker3")
    assert set(play.recap) == {"worker3"}, play.output
    assert grown.ssh("worker3", "findmnt --noheadings --output FSTYPE /cephfs").strip() == "fuse.ceph-fuse"
