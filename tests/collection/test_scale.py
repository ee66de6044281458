# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a large inventory costs on the controller grows no faster than the inventory; tests/bench/scale.py has more."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from ansible_collections.sitewright.grid.plugins.module_utils._site_model import build_site
from ansible_collections.sitewright.grid.plugins.module_utils._site_variables import Inventory

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bench"))

from scale import growth, measure, write_inventory

NETWORKS = ["10.0.0.0/8"]
DEVICES = ["/dev/sdb", "/dev/sdc"]


def make_inventory(hosts: int) -> Inventory:
    """Return an inventory with that many hosts, each in the groups that cost most, and one in twenty retiring."""
    stores = [f"store{number}" for number in range(hosts // 10)]
    workers = [f"worker{number}" for number in range(hosts - len(stores))]
    variables = {
        name: {
            "ansible_host": f"10.{number // 62500}.{number // 250 % 250}.{number % 250 + 1}",
            "site_networks": NETWORKS,
            "ceph_osd_devices": DEVICES,
            "ceph_directories": [{"path": "/data"}],
        }
        for number, name in enumerate([*stores, *workers])
    }
    groups = {
        "ceph_mons": stores[:3],
        "ceph_osds": stores,
        "ceph_mdss": stores[:2],
        "condor_managers": workers[:1],
        "condor_submits": workers[:1],
        "condor_executes": workers[1:],
        "ceph_clients": workers,
        "retiring": workers[1 : hosts // 20],
    }
    return Inventory(variables, groups)


def processor_seconds(hosts: int) -> float:
    """Return what the model of so many hosts costs, the cheapest of three times."""
    inventory = make_inventory(hosts)
    costs = []
    for _time in range(3):
        start = time.process_time()
        model = build_site(inventory)
        costs.append(time.process_time() - start)
        assert model.faults == []
        assert len(model.site["hosts"]) == hosts
    return min(costs)


def test_the_model_costs_each_host_the_same() -> None:
    few, many = processor_seconds(500), processor_seconds(4000)
    assert many / few < 2 * 4000 / 500, f"500 hosts: {few:.3f} s, 4000 hosts: {many:.3f} s"


def test_validation_grows_no_faster_than_the_inventory(tmp_path: Path) -> None:
    costs = []
    for hosts in (10, 500, 1000):
        (tmp_path / str(hosts)).mkdir()
        costs.append(measure(write_inventory(tmp_path / str(hosts), hosts), hosts, "validate.yml"))
    assert growth(costs) < 2, costs
    assert costs[-1].memory < 2 * costs[0].memory, costs
