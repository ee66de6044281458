# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which cluster follows from what the monitors' hosts hold."""

from __future__ import annotations

import typing as t
import uuid

import pytest
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_cluster import ClusterError, decide_cluster

HOSTS = ["store1", "store2", "store3"]
FSID = "8a0e8f0e-2e34-4b4b-8d54-0a1b0e4ed1c4"
OTHER = "1c7b0a6e-6a52-4b61-9d5f-6f2f6c1c2d3e"


def found(**differences: t.Any) -> dict[str, t.Any]:
    return {"fsid": None, "mon_stores": [], "staging": False, "admin_keyring": False, **differences}


def member(host: str) -> dict[str, t.Any]:
    return found(fsid=FSID, mon_stores=[host], admin_keyring=True)


RUNNING = {host: member(host) for host in HOSTS}
BARE = {host: found() for host in HOSTS}


def test_a_running_cluster_is_taken_as_it_is() -> None:
    assert decide_cluster(HOSTS, RUNNING, None, limited=False) == {
        "fsid": FSID,
        "forming": False,
        "admin_host": "store1",
        "unreachable": [],
    }


def test_a_run_limited_to_other_hosts_finds_the_running_cluster() -> None:
    assert decide_cluster(HOSTS, RUNNING, FSID, limited=True)["forming"] is False


@pytest.mark.parametrize("silent", [None, {"unreachable": True, "item": "store1"}])
def test_a_silent_monitor_is_named_and_another_asked(silent: dict[str, t.Any] | None) -> None:
    cluster = decide_cluster(HOSTS, {**RUNNING, "store1": silent}, None, limited=False)
    assert (cluster["admin_host"], cluster["unreachable"], cluster["forming"]) == ("store2", ["store1"], False)


def test_a_reinstalled_monitor_joins_the_others() -> None:
    cluster = decide_cluster(HOSTS, {**RUNNING, "store1": found()}, None, limited=False)
    assert (cluster["fsid"], cluster["admin_host"], cluster["forming"]) == (FSID, "store2", False)


def test_bare_hosts_form_a_cluster_with_a_new_fsid() -> None:
    first = decide_cluster(HOSTS, BARE, None, limited=False)
    second = decide_cluster(HOSTS, BARE, None, limited=False)
    assert first["forming"]
    assert first["admin_host"] == "store1"
    assert uuid.UUID(first["fsid"]) != uuid.UUID(second["fsid"])


def test_the_fsid_that_the_operator_wants_is_taken() -> None:
    assert decide_cluster(HOSTS, BARE, OTHER, limited=False)["fsid"] == OTHER


def test_a_forming_that_was_cut_short_goes_on_with_its_fsid_and_its_keys() -> None:
    evidence = {**BARE, "store2": found(fsid=FSID, mon_stores=["store2"], staging=True), "store3": found(fsid=FSID)}
    cluster = decide_cluster(HOSTS, evidence, None, limited=False)
    assert (cluster["fsid"], cluster["forming"], cluster["admin_host"]) == (FSID, True, "store2")


@pytest.mark.parametrize(
    ("evidence", "wanted", "limited", "message"),
    [
        pytest.param(
            {**BARE, "store3": None}, None, False, "silent: store3", id="a silent host might hold the cluster"
        ),
        pytest.param({}, None, True, "no monitor's host answers", id="nobody answers"),
        pytest.param(BARE, None, True, "without --limit", id="a limited run forms no cluster"),
        pytest.param({**RUNNING, "store2": found(fsid=OTHER)}, None, False, "different clusters", id="two clusters"),
        pytest.param(RUNNING, OTHER, False, f"ceph_fsid is {OTHER}", id="another fsid is wanted"),
        pytest.param(
            {**BARE, "store1": found(fsid=FSID, admin_keyring=True)},
            None,
            False,
            "store1 has the key of client.admin, but no monitor's host has a monitor's store",
            id="all stores are lost",
        ),
    ],
)
def test_doubt_is_refused(evidence: dict[str, t.Any], wanted: str | None, limited: bool, message: str) -> None:
    with pytest.raises(ClusterError, match=message):
        decide_cluster(HOSTS, evidence, wanted, limited)
