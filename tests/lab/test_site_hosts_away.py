# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts of the site are off: the rest is served, and what comes back heals."""

from __future__ import annotations

import typing as t

import pytest
from lab import ROOT, Lab

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


def test_hosts_that_come_back_heal(site: Lab) -> None:
    site.restart(AWAY)
    for host in AWAY:
        site.wait_until("answering", host, "true")
    site.wait_for_health("store1")
    site.wait_until("mounted", "worker2", "mountpoint --quiet /cephfs && stat --file-system /cephfs")
    site.wait_until("knowing worker2", "head1", "condor_status -af Machine | grep -E '^worker2([.]|$)'")
    assert not site.play("site.yml").changed
