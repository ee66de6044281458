# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole site, built by Molecule and then looked at from outside."""

from __future__ import annotations

import typing as t

import pytest
from lab import ROOT, Lab, molecule

TASKS_PER_HOST = 28  # of a run that has nothing to do


@pytest.fixture(scope="module")
def site() -> Lab:
    return Lab(ROOT / "inventories" / "lab")


@pytest.fixture(scope="module")
def second_run(site: Lab) -> t.Any:
    before = site.active_since(site.hosts())
    return before, site.play("site.yml"), site.active_since(site.hosts())


def test_the_scenario() -> None:
    """Check mode on bare hosts, the first run, the second, the proof by use."""
    molecule("destroy", "--scenario-name", "site")  # Molecule would remember hosts that another way has taken away
    molecule("test", "--scenario-name", "site", "--destroy", "never")


def test_the_cluster_is_whole(site: Lab) -> None:
    site.wait_for_health("store1")  # the autoscaler may still be splitting placement groups
    status = site.ceph("store1", "status")
    assert sorted(status["quorum_names"]) == ["store1", "store2", "store3"]
    assert (status["osdmap"]["num_osds"], status["osdmap"]["num_up_osds"], status["osdmap"]["num_in_osds"]) == (6, 6, 6)
    assert (status["fsmap"]["up"], status["fsmap"]["up:standby"]) == (1, 1)
    modules = site.ceph("store1", "mgr module ls")
    assert {"balancer", "pg_autoscaler", "volumes"} <= set(modules["always_on_modules"])
    assert "MGR_MODULE_DEPENDENCY" not in status["health"]["checks"]


def test_a_second_run_changes_nothing_and_restarts_nothing(second_run: t.Any) -> None:
    before, play, after = second_run
    assert not play.changed
    assert before == after


def test_a_second_run_is_small(second_run: t.Any) -> None:
    play = second_run[1]
    counts = {host: counts["ok"] for host, counts in play.recap.items()}
    assert max(counts.values()) < TASKS_PER_HOST, counts


def test_check_mode_on_the_converged_site_changes_nothing(site: Lab) -> None:
    play = site.play("site.yml", "--check", "--diff")
    assert not play.changed, play.output


def test_a_faulty_inventory_reaches_no_host(site: Lab, tmp_path: t.Any) -> None:
    """The connection's program leaves a trace when it is started."""
    trace = tmp_path / "contacted"
    program = tmp_path / "ssh"
    program.write_text(f"#!/bin/sh\ntouch {trace}\nexit 255\n")
    program.chmod(0o755)
    faults = ("-e", "ceph_pool_size=4", "-e", "ceph_osd_devises=[]")
    play = site.play("site.yml", "-e", f"ansible_ssh_executable={program}", *faults, rc=2)
    assert "2 faults, nothing was changed" in play.output
    assert not trace.exists()


def restart_and_heal(site: Lab, hosts: list[str]) -> None:
    monitors = [host for host in ("store1", "store2", "store3") if host not in hosts] or ["store1"]
    site.restart(hosts)
    for host in hosts:
        site.wait_until("answering", host, "true")
    site.wait_for_health(monitors[0])
    for client in site.hosts("ceph_clients"):
        site.wait_until("mounted", client, "mountpoint --quiet /cephfs && stat --file-system /cephfs")


def test_every_host_restarted_at_once(site: Lab, soak: bool) -> None:
    site.ssh("head1", "echo kept > /cephfs/kept")
    for _round in range(5 if soak else 1):
        restart_and_heal(site, site.hosts())
        assert site.ssh("worker1", "cat /cephfs/kept") == "kept\n"
    site.ssh("head1", "rm /cephfs/kept")


def test_hosts_restarted_one_by_one(site: Lab, soak: bool) -> None:
    for host in site.hosts() if soak else ["store1", "worker1"]:
        restart_and_heal(site, [host])


def test_the_site_is_as_it_was_after_the_restarts(site: Lab) -> None:
    assert not site.play("site.yml").changed
