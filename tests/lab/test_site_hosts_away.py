# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts of the site are off: the rest is served and grows, and what comes back heals."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from lab import ROOT, Lab, edit_inventory

SITE = ROOT / "inventories" / "lab"
AWAY = ("store3", "worker2")


@pytest.fixture(scope="module", autouse=True)
def site() -> t.Iterator[Lab]:
    """Give the site without these hosts, which come back afterwards."""
    site = Lab(SITE)
    site.wait_for_health("store1")
    site.stop(AWAY)
    site.wait_until(
        "knowing that a host is away", "store1", "ceph --connect-timeout 10 health | grep 'host.* down'", 120
    )
    site.wait_until("having a manager", "store1", "ceph --connect-timeout 10 mgr stat | grep 'available.: true'", 120)
    yield site
    site.restart(AWAY)


def test_the_rest_is_served_and_the_run_says_whom_it_left(site: Lab) -> None:
    since = site.active_since(host for host in site.hosts() if host not in AWAY)
    play = site.play("site.yml", rc=4)  # what ansible-playbook ends with when hosts cannot be reached
    assert {host for host, counts in play.recap.items() if counts["unreachable"]} == set(AWAY)
    assert not [host for host, counts in play.recap.items() if counts["failed"]], play.output
    assert not play.changed
    assert site.active_since(host for host in site.hosts() if host not in AWAY) == since


def test_growth_elsewhere_is_not_blocked(site: Lab, tmp_path: Path) -> None:
    def add_worker(inventory: dict[str, t.Any]) -> None:
        for group in ("ceph_clients", "condor_executes"):
            inventory[group]["hosts"]["worker3"] = {"ansible_host": "198.51.100.23"}

    grown = edit_inventory(SITE, tmp_path, add_worker)
    grown.destroy("--limit", "worker3")  # one that an earlier run of the tests may have left is of another site
    grown.play("../molecule/shared/create.yml", "--limit", "worker3")
    try:
        play = grown.play("site.yml", "--limit", "worker3")
        assert set(play.recap) == {"worker3"}
        grown.ssh("worker3", "echo served > /cephfs/by-worker3 && rm /cephfs/by-worker3")
        in_the_pool = "condor_status -af Machine | grep -E '^worker3([.]|$)'"
        grown.wait_until("knowing worker3", "head1", in_the_pool, 120)
    finally:
        # It leaves in good order, so that a collector which restarts has forgotten it: the pool is what it was.
        grown.try_ssh("worker3", "systemctl stop condor")
        grown.destroy("--limit", "worker3")
        site.ssh("head1", "systemctl restart condor")


def test_hosts_that_come_back_heal(site: Lab) -> None:
    site.restart(AWAY)
    for host in AWAY:
        site.wait_until("answering", host, "true")
    site.wait_for_health("store1")
    site.wait_until("mounted", "worker2", "mountpoint --quiet /cephfs && stat --file-system /cephfs")
    site.wait_until("knowing worker2", "head1", "condor_status -af Machine | grep -E '^worker2([.]|$)'")
    assert not site.play("site.yml").changed
