# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
import datetime
import re
import typing as t

import pytest
from ansible_collections.sitewright.grid.plugins.module_utils._upgrade_plan import (
    UpgradePlan,
    parse_restart,
    plan_upgrade,
    render_table,
)

NOW = 2000.0


def serves(**given: t.Any) -> dict[str, t.Any]:
    """Return a host of the site model."""
    ceph = {"mon": None, "mgr": None, "mds": None, "osd_devices": [], "client": None}
    parts = {name: given.get(name) for name in ("condor", "slurm", "virt")}
    return {"ceph": {**ceph, **given.get("ceph", {})}, **parts}


def store(name: str, **more: t.Any) -> dict[str, t.Any]:
    return serves(ceph={"mon": name, "mgr": name, "osd_devices": [{"path": "/dev/sdb"}], **more})


SITE: dict[str, t.Any] = {
    "ceph": {"monitors": [{"host": "store1"}, {"host": "store2"}]},
    "hosts": {
        "worker1": serves(ceph={"client": {"mount": "/cephfs", "method": "auto"}}, condor={"daemons": ["execute"]}),
        "head1": serves(condor={"daemons": ["manager", "submit"]}),
        "store1": store("store1", mds="store1"),
        "store2": store("store2"),
    },
}
PACKAGES = {"ceph": ["ceph-common", "ceph-osd"], "condor": ["condor"]}
DAEMONS = {
    "store1": ["mon.store1", "mgr.store1", "osd.0", "mds.store1"],
    "store2": ["mon.store2", "mgr.store2", "osd.1"],
    "worker1": ["client"],
}


def found_on(host: str, product: str, installed: str, available: str, running: str) -> dict[str, t.Any]:
    names = ["condor"] if product == "condor" else DAEMONS[host]
    return {
        "installed": installed,
        "available": available,
        "packages": [] if installed == available else PACKAGES[product],
        "downgrades": [],
        "daemons": {
            name: {"version": None if name == "client" else running, "replaced": False, "started_at": 1000.0}
            for name in names
        },
    }


def found_with(ceph: tuple[str, str, str], condor: tuple[str, str, str]) -> dict[str, t.Any]:
    """Return what upgrade_info tells of all hosts, given versions installed, available and running."""
    products = {"store1": ["ceph"], "store2": ["ceph"], "head1": ["condor"], "worker1": ["ceph", "condor"]}
    versions = {"ceph": ceph, "condor": condor}
    return {
        host: {
            "family": "debian",
            "hostname": host if "condor" in names else None,
            "products": {name: found_on(host, name, *versions[name]) for name in names},
        }
        for host, names in products.items()
    }


CURRENT = (("18.2.7-1", "18.2.7-1", "18.2.7"), ("23.9.6-1", "23.9.6-1", "23.9.6"))
NEWER = (("18.2.7-1", "18.2.8-1", "18.2.7"), ("23.9.6-1", "24.0.2-1", "23.9.6"))


def deeds(plan: UpgradePlan) -> list[str]:
    return [f"{step.kind.name} {step.host}: {', '.join(step.deeds)}" for step in plan.steps]


def test_nothing_is_to_be_done_where_all_runs_what_is_available() -> None:
    plan = plan_upgrade(SITE, found_with(*CURRENT))
    assert (plan.steps, plan.faults, plan.notes) == ([], [], [])


def test_the_order_is_that_of_the_releases() -> None:
    plan = plan_upgrade(SITE, found_with(*NEWER))
    assert deeds(plan) == [
        "ceph mon store1: packages, restart",
        "ceph mon store2: packages, restart",
        "ceph mgr store1: restart",
        "ceph mgr store2: restart",
        "ceph osd store1: restart",
        "ceph osd store2: restart",
        "ceph mds store1: restart",
        "ceph client worker1: packages",
        "condor manager head1: packages, restart",
        "condor execute worker1: drain, packages, restart",
    ]
    assert not plan.faults
    assert [note.split()[0] for note in plan.notes] == ["worker1"]


def slurm_daemon(version: str) -> dict[str, t.Any]:
    return {"version": version, "replaced": False, "started_at": 1000.0}


def slurm_found(available: str, running: str, *names: str) -> dict[str, t.Any]:
    product = {
        "installed": f"{running}-1",
        "available": f"{available}-1",
        "packages": [] if available == running else ["slurm-client"],
        "downgrades": [],
        "daemons": {name: slurm_daemon(running) for name in names},
    }
    kvm = {"installed": "1", "available": "2", "packages": ["qemu-utils"], "downgrades": [], "daemons": {}}
    return {"family": "debian", "hostname": None, "products": {"slurm": product, "kvm": kvm}}


CLUSTER: dict[str, t.Any] = {
    "ceph": None,
    "hosts": {
        "node1": serves(slurm={"runs": ["node"]}, virt={"backends": ["slurm"]}),
        "head1": serves(slurm={"runs": ["controller", "node"]}),
    },
}


def test_slurms_controller_comes_first_and_no_job_begins_on_a_node() -> None:
    found = {
        "node1": slurm_found("24.11.6", "24.11.5", "node"),
        "head1": slurm_found("24.11.6", "24.11.5", "controller", "node"),
    }
    plan = plan_upgrade(CLUSTER, found)
    assert deeds(plan) == [
        "slurm controller head1: packages, restart",
        "slurm node node1: hold, packages, restart",
        "slurm node head1: hold, restart",
        "kvm host node1: packages",
    ]
    assert not plan.faults


@pytest.mark.parametrize(
    ("running", "available", "leap"),
    [
        ("23.11.4", "25.05.1", None),
        ("23.11.4", "25.11.0", "from 23.11 to 25.11 is more than 3 series"),
        ("24.05.2", "25.11.0", None),
        ("24.11.5", "26.11.0", "from 24.11 to 26.11 is more than 3 series"),
    ],
)
def test_slurms_releases_are_counted_by_half_years(running: str, available: str, leap: str | None) -> None:
    found = {name: slurm_found(available, running, "node") for name in CLUSTER["hosts"]}
    faults = " ".join(plan_upgrade(CLUSTER, found).faults)
    assert (leap in faults) if leap else not faults


def test_it_goes_on_where_it_was_stopped() -> None:
    found = found_with(*NEWER)
    found["store1"] = found_with(("18.2.8-1", "18.2.8-1", "18.2.8"), CURRENT[1])["store1"]
    found["store1"]["products"]["ceph"]["daemons"]["osd.0"].update(replaced=True, version="18.2.7")
    found["head1"] = found_with(*CURRENT)["head1"]
    steps = deeds(plan_upgrade(SITE, found))
    assert [step for step in steps if "store1" in step or "head1" in step] == ["ceph osd store1: restart"]


def test_a_rebuilt_package_of_the_same_version_is_noticed() -> None:
    found = found_with(*CURRENT)
    found["worker1"]["products"]["condor"]["daemons"]["condor"]["replaced"] = True
    plan = plan_upgrade(SITE, found)
    assert deeds(plan) == ["condor execute worker1: drain, restart"]
    assert plan.steps[0].cells()[2] == "23.9.6 (replaced)"


def test_a_restart_of_all_goes_by_the_moment() -> None:
    found = found_with(*CURRENT)
    for product in found["store2"]["products"].values():
        for daemon in product["daemons"].values():
            daemon["started_at"] = NOW + 1
    plan = plan_upgrade(SITE, found, restart_before=NOW)
    assert {step.host for step in plan.steps} == {"store1", "head1", "worker1"}
    assert not [step for step in plan.steps if "packages" in step.deeds]
    assert not [step for step in plan.steps if step.kind.daemon == "client"]


def test_a_new_mount_is_made_on_request_and_after_a_drain() -> None:
    found = found_with(*CURRENT)
    found["worker1"]["products"]["ceph"]["daemons"]["client"]["replaced"] = True
    assert deeds(plan_upgrade(SITE, found)) == []
    assert deeds(plan_upgrade(SITE, found, remount=True)) == ["ceph client worker1: drain, remount"]


def test_packages_that_a_host_has_for_itself_are_no_business_of_the_site() -> None:
    found = found_with(*CURRENT)
    found["head1"]["products"]["ceph"] = found_on("store1", "ceph", "16.2.15-1", "18.2.7-1", "16.2.15")
    plan = plan_upgrade(SITE, found)
    assert (plan.steps, plan.faults) == ([], [])


@pytest.mark.parametrize(
    ("ceph", "condor", "words"),
    [
        (("16.2.15-1", "19.2.1-1", "16.2.15"), CURRENT[1], r"from 16 \(pacific\) to 19 \(squid\) is more than 2"),
        (("19.2.1-1", "19.2.1-1", "16.2.15"), CURRENT[1], r"from 16 \(pacific\) to 19 \(squid\)"),
        (("18.2.7-1", "18.2.7-1", "19.2.1"), CURRENT[1], r"mon.store1 on store1 runs 19.2.1.*must not be downgraded"),
        (CURRENT[0], ("23.9.6-1", "25.0.3-1", "23.9.6"), r"from 23 to 25 is more than 1 series"),
        (
            CURRENT[0],
            ("23.0.1-1", "23.0.1-1", "23.9.6"),
            r"condor on worker1 runs 23.9.6.*HTCondor must not be downgraded",
        ),
    ],
)
def test_what_the_releases_forbid_is_refused(
    ceph: tuple[str, str, str], condor: tuple[str, str, str], words: str
) -> None:
    faults = plan_upgrade(SITE, found_with(ceph, condor)).faults
    assert any(re.search(words, fault) for fault in faults), faults


def test_what_is_installed_counts_where_nothing_runs() -> None:
    found = found_with(CURRENT[0], ("23.9.6-1", "25.0.3-1", "23.9.6"))
    for host in ("head1", "worker1"):
        found[host]["products"]["condor"]["daemons"] = {}
    faults = plan_upgrade(SITE, found).faults
    assert [fault.split(":")[0] for fault in faults] == ["worker1, head1"]


def test_two_releases_of_ceph_and_one_series_of_condor_are_allowed() -> None:
    found = found_with(("16.2.15-1", "18.2.7-1", "16.2.15"), ("23.9.6-1", "24.12.1-1", "23.9.6"))
    assert plan_upgrade(SITE, found).faults == []


def edited(edit: t.Callable[[dict[str, t.Any]], None]) -> list[str]:
    found = copy.deepcopy(found_with(*NEWER))
    edit(found)
    return plan_upgrade(SITE, found).faults


def test_other_faults() -> None:
    def go_down(found: dict[str, t.Any]) -> None:
        found["store1"]["products"]["ceph"]["downgrades"] = ["ceph-osd"]

    def lose(found: dict[str, t.Any]) -> None:
        found["head1"]["products"]["condor"] = {
            **found["head1"]["products"]["condor"],
            "installed": None,
            "packages": [],
        }

    def differ(found: dict[str, t.Any]) -> None:
        found["store2"]["products"]["ceph"]["available"] = "19.2.1-1"

    def be_strange(found: dict[str, t.Any]) -> None:
        found["store2"].update(family=None, products={})

    def be_away(found: dict[str, t.Any]) -> None:
        del found["store2"]

    assert re.search("store1: its repositories would take Ceph down from 18.2.7-1", edited(go_down)[0])
    assert re.search("head1: HTCondor is not installed", edited(lose)[0])
    assert re.search("different releases .store1 18.2.8-1, store2 19.2.1-1.", edited(differ)[0])
    assert re.search("store2: its system is neither", edited(be_strange)[0])
    assert re.search("worker1 would get new packages.*leaves out store2: monitors come first", edited(be_away)[0])


def test_metadata_servers_of_two_versions_do_not_serve_together() -> None:
    several = {"cephfs": {"max_mds": 2}}
    assert "ceph fs set cephfs max_mds 1" in plan_upgrade(SITE, found_with(*NEWER), several).faults[0]
    assert not plan_upgrade(SITE, found_with(*NEWER), {"cephfs": {"max_mds": 1}}).faults
    assert not plan_upgrade(SITE, found_with(*CURRENT), several, restart_before=NOW).faults


def test_the_table_has_straight_columns() -> None:
    assert render_table(("a", "bb"), [("ccc", "d")]) == ["a    bb", "ccc  d"]


def test_the_wish_for_a_restart() -> None:
    moment = "2026-11-27T22:00:00+00:00"
    assert [parse_restart(wish, NOW) for wish in (True, "true", "Yes")] == [NOW] * 3
    assert [parse_restart(wish, NOW) for wish in (False, None, "no", "")] == [None] * 4
    assert [parse_restart(wish, NOW) for wish in (12, "12.5")] == [12.0, 12.5]
    assert parse_restart(moment, NOW) == datetime.datetime.fromisoformat(moment).timestamp()
    with pytest.raises(ValueError, match="yesterday"):
        parse_restart("yesterday", NOW)
