# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The site model: what a good inventory becomes, and how each fault of a bad one is worded.

The faults are in site_model_faults.yml, as changes of one good inventory:

========  ==============================================================================================
key       meaning
========  ==============================================================================================
id        what is wrong
site      variables that all hosts get
hosts     variables that single hosts get; null takes a variable away, a new host is added
groups    groups that are replaced or added
only      replaces the whole inventory: an empty dictionary, or the groups that are left
faults    the lines that refuse the site, blanks folded; none where the site is only warned about
warnings  the warnings
========  ==============================================================================================

A value C(<unreadable WHY>) stands for a template that Ansible cannot resolve.
"""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.sitewright.grid.plugins.module_utils._site_faults import (
    enumerate_names,
    render_findings,
    render_refusal,
)
from ansible_collections.sitewright.grid.plugins.module_utils._site_model import (
    VARIABLES,
    SiteModel,
    build_site,
    merge_levels,
)
from ansible_collections.sitewright.grid.plugins.module_utils._site_variables import Inventory, Unreadable

CASES = yaml.safe_load(Path(__file__).with_name("site_model_faults.yml").read_text())
REPOSITORY = Path(__file__).parents[4]


def read(value: t.Any) -> t.Any:
    unreadable = isinstance(value, str) and re.fullmatch("<unreadable (.*)>", value)
    return Unreadable(unreadable[1]) if unreadable else value


def build(
    site: dict[str, t.Any] | None = None,
    hosts: dict[str, dict[str, t.Any]] | None = None,
    groups: dict[str, list[str]] | None = None,
    only: dict[str, list[str]] | None = None,
) -> SiteModel:
    """Build the model of a good inventory after these changes."""
    known: dict[str, dict[str, t.Any]] = {"worker1": {}, "stranger": {"site_name": "elsewhere"}}
    for number in (1, 2, 3):
        known[f"store{number}"] = {"ansible_host": f"192.0.2.1{number}", "ceph_osd_devices": ["/dev/vdb"]}
    stores = ["store1", "store2", "store3"]
    members = {"ceph_mons": stores, "ceph_osds": stores, "ceph_mdss": stores[:2], "ceph_clients": ["worker1"]}
    for host, variables in (hosts or {}).items():
        known.setdefault(host, {}).update(variables)
    for variables in known.values():
        for name, value in {"site_networks": ["192.0.2.0/24"], **(site or {})}.items():
            variables.setdefault(name, value)
    if only is not None:
        members, known = only, known if only else {}
    return build_site(
        Inventory(
            {host: {name: read(value) for name, value in variables.items()} for host, variables in known.items()},
            {"all": list(known), **members, **(groups or {})},
            frozenset({"ceph_mon_id"}),
        )
    )


@pytest.mark.parametrize("case", [pytest.param(case, id=case["id"]) for case in CASES])
def test_fault(case: dict[str, t.Any]) -> None:
    model = build(**{key: case[key] for key in ("site", "hosts", "groups", "only") if key in case})
    assert [" ".join(line.split()) for line in render_findings(model.faults)] == case.get("faults", "").splitlines()
    assert model.warnings == case.get("warnings", "").splitlines()
    assert (model.site is None) == ("faults" in case)
    if model.site is not None:
        assert model.site["warnings"] == model.warnings


def test_there_are_more_than_thirty_kinds_of_faults() -> None:
    kinds = {re.sub(r"'[^']*'|\d+|\(.*?\)", "", line) for case in CASES for line in case.get("faults", "").splitlines()}
    assert len(kinds) > 30


def test_the_refusal_is_a_table_of_all_faults() -> None:
    model = build(
        site={"ceph_pool_sizes": {"cephfs_data": 4}},
        hosts={
            "store2": {"ceph_osd_devices": ["/dev/sdb", "/dev/sdb"]},
            "store3": {"ansible_host": "192.0.3.13"},
        },
    )
    assert render_refusal(model.faults).splitlines() == [
        "Site model: 3 faults, nothing was changed.",
        "  store3   ansible_host          "
        "'192.0.3.13' lies in no site_networks [192.0.2.0/24]: correct it, or add its network",
        "  (site)   ceph_pool_sizes       "
        "'cephfs_data: 4' needs 4 hosts with OSDs, there are 3: lower it, or add a host to ceph_osds",
        "  store2   ceph_osd_devices[1]   '/dev/sdb' is named twice: name each device once",
    ]


def test_one_fault_of_many_hosts_takes_one_line() -> None:
    hosts = {f"worker{number}": {"site_adress": "x"} for number in range(1, 41)}
    model = build(hosts=hosts, groups={"ceph_clients": list(hosts)})
    assert len(model.faults) == 40
    assert render_refusal(model.faults) == (
        "Site model: 1 fault, nothing was changed.\n"
        "  worker1 (+39)   site_adress   'x' is no variable of the site: did you mean 'site_address'?"
    )


def test_the_model_of_a_site_of_defaults() -> None:
    model = build()
    assert model.faults == []
    assert model.warnings == []
    assert model.site is not None
    ceph = model.site["ceph"]
    assert model.site["name"] == "site"
    assert model.site["networks"] == ["192.0.2.0/24"]
    assert "stranger" not in model.site["hosts"]
    assert ceph["monitors"][0] == {
        "host": "store1",
        "id": "store1",
        "address": "192.0.2.11",
        "addrs": "[v2:192.0.2.11:3300,v1:192.0.2.11:6789]",
        "retiring": False,
    }
    assert ceph["conf"] == {
        "global": {
            "mon_host": (
                "[v2:192.0.2.11:3300,v1:192.0.2.11:6789] "
                "[v2:192.0.2.12:3300,v1:192.0.2.12:6789] "
                "[v2:192.0.2.13:3300,v1:192.0.2.13:6789]"
            ),
            "mon_initial_members": "store1, store2, store3",
            "public_network": "192.0.2.0/24",
            "auth_cluster_required": "cephx",
            "auth_service_required": "cephx",
            "auth_client_required": "cephx",
        },
        "mon": {"mgr_initial_modules": "iostat nfs"},
        "mon.store1": {"host": "store1", "public_addr": "192.0.2.11"},
        "mon.store2": {"host": "store2", "public_addr": "192.0.2.12"},
        "mon.store3": {"host": "store3", "public_addr": "192.0.2.13"},
    }
    assert ceph["config"] == [
        {"who": "global", "option": "osd_pool_default_min_size", "value": "2"},
        {"who": "global", "option": "osd_pool_default_size", "value": "3"},
    ]
    assert ceph["mgrs"] == ["store1", "store2", "store3"]
    assert ceph["mdss"] == ["store1", "store2"]
    assert ceph["clients"] == ["worker1"]
    assert ceph["fsid"] is None
    assert ceph["filesystem"] == {
        "name": "cephfs",
        "metadata_pool": "cephfs_metadata",
        "data_pools": ["cephfs_data"],
    }
    pool = {"size": 3, "min_size": 2, "pg_num": None, "pg_autoscale_mode": "on", "application": "cephfs"}
    assert ceph["pools"] == [
        {"name": "cephfs_metadata", "bulk": False, **pool},
        {"name": "cephfs_data", "bulk": True, **pool},
    ]
    assert model.site["hosts"]["store1"] == {
        "short_name": "store1",
        "address": "192.0.2.11",
        "retiring": False,
        "ceph": {
            "daemons": ["mon", "mgr", "osd", "mds"],
            "mon": "store1",
            "mgr": "store1",
            "mds": "store1",
            "osd_devices": [{"path": "/dev/vdb", "size": None, "device_class": None, "method": "raw"}],
            "osd_devices_retiring": [],
            "daemons_retiring": [],
            "client": None,
            "package_repository": None,
        },
        "condor": None,
        "osg": None,
        "slurm": None,
        "virt": None,
    }
    assert model.site["condor"] is None
    assert model.site["osg"] is None
    assert model.site["virt"] is None
    assert model.site["hosts"]["worker1"]["address"] == "worker1"
    assert model.site["hosts"]["worker1"]["ceph"] == {
        "daemons": ["client", "fuse"],
        "mon": None,
        "mgr": None,
        "mds": None,
        "osd_devices": [],
        "osd_devices_retiring": [],
        "daemons_retiring": [],
        "client": {"entity": "client.grid.worker1", "mount": "/cephfs", "method": "auto", "directories": []},
        "package_repository": None,
    }


def test_overrides_come_last_and_in_one_spelling() -> None:
    model = build(
        site={
            "ceph_conf_overrides": {
                "global": {"mon data-avail  warn": 5, "ms_type": "async+posix"},
                "mon.store1": {"debug_mon": 2.5},
                "osd": {"bluestore fsck on mount": True},
            },
            "ceph_config": {"osd/class:hdd": {"osd-max-backfills": 2}, "mgr": {"mgr/balancer/mode": "upmap"}},
        }
    )
    assert model.site is not None
    conf = model.site["ceph"]["conf"]
    assert conf["global"]["mon_data_avail_warn"] == "5"
    assert conf["mon.store1"] == {"host": "store1", "public_addr": "192.0.2.11", "debug_mon": "2.5"}
    assert conf["osd"] == {"bluestore_fsck_on_mount": "true"}
    assert model.site["ceph"]["config"][2:] == [
        {"who": "mgr", "option": "mgr/balancer/mode", "value": "upmap"},
        {"who": "osd/class:hdd", "option": "osd_max_backfills", "value": "2"},
    ]


def test_a_site_of_ipv6_binds_to_it_alone() -> None:
    hosts = {f"store{number}": {"site_address": f"2001:DB8::{number}"} for number in (1, 2, 3)}
    model = build(site={"site_networks": ["2001:db8::/64"]}, hosts=hosts)
    assert model.site is not None
    assert model.site["ceph"]["monitors"][0]["addrs"] == "[v2:[2001:db8::1]:3300,v1:[2001:db8::1]:6789]"
    assert model.site["ceph"]["conf"]["global"]["ms_bind_ipv4"] == "false"
    assert model.site["ceph"]["conf"]["global"]["ms_bind_ipv6"] == "true"
    assert model.site["ceph"]["conf"]["mon.store1"]["public_addr"] == "2001:db8::1"


def test_a_site_of_both_families_binds_to_both() -> None:
    model = build(
        site={"site_networks": ["192.0.2.0/24", "2001:db8::/64"]}, hosts={"store1": {"site_address": "2001:db8::1"}}
    )
    assert model.site is not None
    assert model.site["ceph"]["conf"]["global"]["ms_bind_ipv4"] == "true"
    assert model.site["ceph"]["conf"]["global"]["ms_bind_ipv6"] == "true"


def test_only_site_address_has_to_lie_in_the_networks() -> None:
    model = build(hosts={"store1": {"ansible_host": "203.0.113.1", "site_address": "192.0.2.111"}})
    assert model.site is not None
    assert model.site["hosts"]["store1"]["address"] == "192.0.2.111"


def test_pools_have_sizes_of_their_own() -> None:
    model = build(
        site={
            "ceph_pool_size": "2",
            "ceph_pool_sizes": {"cephfs_metadata": 3},
            "ceph_pool_pg_nums": {"cephfs_data": 32},
        }
    )
    assert model.site is not None
    metadata, data = model.site["ceph"]["pools"]
    assert (metadata["size"], metadata["min_size"], metadata["pg_num"]) == (3, 2, None)
    assert (data["size"], data["min_size"], data["pg_num"]) == (2, 1, 32)
    assert (metadata["pg_autoscale_mode"], data["pg_autoscale_mode"]) == ("on", "off")


def test_one_copy_needs_the_monitors_consent() -> None:
    model = build(site={"ceph_pool_sizes": {"cephfs_data": 1}})
    assert model.site is not None
    assert {"who": "global", "option": "mon_allow_pool_size_one", "value": "true"} in model.site["ceph"]["config"]


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (5368709120, 5368709120),
        ("5368709120", 5368709120),
        ("5G", 5 * 2**30),
        ("10GiB", 10 * 2**30),
        ("10 gb", 10 * 2**30),
        ("5120m", 5 * 2**30),
        ("5242880K", 5 * 2**30),
        ("1.5T", 3 * 2**39),
        ("5368709120B", 5368709120),
    ],
)
def test_sizes_are_binary(size: t.Any, expected: int) -> None:
    model = build(hosts={"store1": {"ceph_osd_devices": [{"path": "/srv/osd0", "size": size}]}})
    assert model.site is not None
    assert model.site["hosts"]["store1"]["ceph"]["osd_devices"][0]["size"] == expected


def test_a_retiring_host_keeps_what_it_has() -> None:
    model = build(groups={"retiring": ["store3"]})
    assert model.site is not None
    assert model.site["hosts"]["store3"]["retiring"]
    assert model.site["hosts"]["store3"]["ceph"]["mon"] == "store3"
    assert model.site["ceph"]["pools"][0]["size"] == 3


@pytest.mark.parametrize(("groups", "leaving"), [({}, ["/dev/vdc"]), ({"retiring": ["store3"]}, [])])
def test_a_device_retires_alone_unless_its_host_does(groups: dict[str, list[str]], leaving: list[str]) -> None:
    devices = ["/dev/vdb", {"path": "/dev/vdc", "retiring": "true"}]
    model = build(hosts={"store3": {"ceph_osd_devices": devices}}, groups=groups)
    assert model.site is not None
    ceph = model.site["hosts"]["store3"]["ceph"]
    assert [device["path"] for device in ceph["osd_devices_retiring"]] == leaving
    assert [device["path"] for device in ceph["osd_devices"]] == (["/dev/vdb"] if leaving else ["/dev/vdb", "/dev/vdc"])
    assert all("retiring" not in device for device in (*ceph["osd_devices"], *ceph["osd_devices_retiring"]))


@pytest.mark.parametrize(
    ("groups", "leaving"),
    [({}, ["mon", "mgr"]), ({"ceph_mgrs": ["store1"]}, ["mon"]), ({"retiring": ["store3"]}, [])],
)
def test_a_monitor_retires_alone_with_its_manager(groups: dict[str, list[str]], leaving: list[str]) -> None:
    model = build(hosts={"store3": {"ceph_retiring_daemons": ["mon"]}}, groups=groups)
    assert model.site is not None
    host = model.site["hosts"]["store3"]["ceph"]
    assert host["daemons_retiring"] == leaving
    assert (host["mon"] is None) == ("mon" in leaving)
    assert not set(host["daemons"]) & set(leaving)
    assert [mon["retiring"] for mon in model.site["ceph"]["monitors"]] == [False, False, True]


def test_a_site_without_ceph_has_no_part_for_it() -> None:
    model = build(only={"retiring": ["store1"]})
    assert model.site is not None
    assert model.site["ceph"] is None


def test_managers_of_their_own() -> None:
    model = build(groups={"ceph_mgrs": ["worker1"]})
    assert model.site is not None
    assert model.site["ceph"]["mgrs"] == ["worker1"]
    assert model.site["hosts"]["worker1"]["ceph"]["mgr"] == "worker1"
    assert model.site["hosts"]["store1"]["ceph"]["mgr"] is None


def test_the_first_client_that_stays_makes_the_directories() -> None:
    wanted = [{"path": "/home/ann", "owner": "2001", "mode": "0700"}, {"path": "/open", "mode": "1777"}]
    given = [{**wanted[0], "owner": 2001}, wanted[1]]
    groups = {"ceph_clients": ["store1", "worker1", "store2"], "retiring": ["store1"]}
    model = build(site={"ceph_directories": given}, groups=groups)
    assert not model.faults
    hosts = model.site["hosts"]
    assert [hosts[name]["ceph"]["client"]["directories"] for name in groups["ceph_clients"]] == [[], wanted, []]


def test_a_pool_of_defaults() -> None:
    groups = {"condor_managers": ["store1"], "condor_submits": ["store1", "store2"], "condor_executes": ["store2"]}
    model = build(site={"site_name": "blueberry"}, groups=groups)
    assert model.site is not None
    assert model.site["condor"] == {
        "managers": ["store1"],
        "submits": ["store1", "store2"],
        "executes": ["store2"],
        "collectors": ["192.0.2.11"],
        "trust_domain": "blueberry",
        "uid_domain": "blueberry",
        "token_lifetime": None,
    }
    assert model.site["hosts"]["store1"]["condor"]["daemons"] == ["manager", "submit"]
    assert model.site["hosts"]["store1"]["condor"]["token"] is None
    assert model.site["hosts"]["store2"]["condor"] == {
        "daemons": ["submit", "execute"],
        "address": "192.0.2.12",
        "knobs": {},
        "templates": [],
        "retirement": 86400,
        "token": {
            "identity": "store2@submit-execute.blueberry",
            "authorizations": ["ADVERTISE_MASTER", "ADVERTISE_SCHEDD", "ADVERTISE_STARTD", "DAEMON", "READ"],
        },
        "package_source": {"source": "distribution"},
        "purge": False,
        "drain": {"schedule": "graceful", "timeout": 3600},
        "isolation": {
            "directories": ["/tmp", "/var/tmp"],
            "extra_directories": [],
            "per_job_namespaces": True,
            "processes": "auto",
            "users": "slot_users",
            "memory": "auto",
            "memory_limit": None,
            "swap": "auto",
            "disk": "auto",
            "volume_group": None,
            "thin_pool": None,
            "slots": None,
            "account_prefix": "slot",
        },
    }
    assert model.site["hosts"]["worker1"]["condor"] is None


def test_a_worker_of_defaults() -> None:
    model = build(groups={"osg_workers": ["worker1"]})
    assert model.site is not None
    assert model.site["hosts"]["worker1"]["osg"]["worker"] == {
        "ca_certs": None,
        "ca_packages": [],
        "ca_directory": "/etc/grid-security/certificates",
        "fetch_crl": True,
        "packages": [],
        "squid": None,
        "tmp": None,
        "app": None,
        "cvmfs": None,
        "environment": {
            "OSG_GRID": "/etc/osg/wn-client",
            "OSG_SQUID_LOCATION": "UNAVAILABLE",
            "OSG_WN_TMP": "/tmp",
            "X509_CERT_DIR": "/etc/grid-security/certificates",
        },
    }
    assert model.site["hosts"]["store1"]["osg"] is None


def test_a_worker_of_other_choices() -> None:
    site = {
        "osg_ca_certs": "site",
        "osg_ca_directory": "/cephfs/certificates",
        "osg_squid_location": "squid.example.org:3128",
        "osg_wn_tmp": "/srv/tmp",
        "osg_app": "/osg/app",
        "osg_app_group": "software",
        "osg_data": "/osg/data",
        "osg_cvmfs": True,
        "osg_environment": {"OSG_SITE_NAME": "Blueberry", "OSG_SPARE": None},
        "condor_isolation_extra_directories": ["/srv/scratch"],
        "ceph_directories": [{"path": "/home"}],
    }
    groups = {
        "ceph_clients": ["worker1", "store1"],
        "condor_managers": ["store1"],
        "condor_submits": ["store1"],
        "condor_executes": ["worker1", "store1"],
        "osg_workers": ["worker1"],
    }
    model = build(site=site, groups=groups)
    assert model.site is not None, model.faults
    worker, store = model.site["hosts"]["worker1"], model.site["hosts"]["store1"]
    assert worker["osg"]["worker"]["environment"] == {
        "OSG_APP": "/cephfs/osg/app",
        "OSG_DATA": "/cephfs/osg/data",
        "OSG_GRID": "/etc/osg/wn-client",
        "OSG_SQUID_LOCATION": "squid.example.org:3128",
        "OSG_WN_TMP": "/srv/tmp",
        "X509_CERT_DIR": "/cephfs/certificates",
        "OSG_SITE_NAME": "Blueberry",
    }
    assert worker["osg"]["worker"]["app"] == "/cephfs/osg/app"
    assert worker["osg"]["worker"]["cvmfs"] == {
        "http_proxy": "http://squid.example.org:3128",
        "quota_limit": 20000,
        "cache_base": "/var/lib/cvmfs",
        "repositories": [],
    }
    # No path is lost that jobs have of their own, and only workers have one more.
    assert worker["condor"]["isolation"]["extra_directories"] == ["/srv/scratch", "/srv/tmp"]
    assert store["condor"]["isolation"]["extra_directories"] == ["/srv/scratch"]
    # The first client only reads OSG_APP, so that it cannot make it.
    assert worker["ceph"]["client"]["directories"] == []
    assert store["ceph"]["client"]["directories"] == [
        {"path": "/home"},
        {"path": "/osg/app", "group": "software", "mode": "3775"},
        {"path": "/osg/data", "mode": "1777"},
    ]


def test_slurm_of_defaults() -> None:
    groups = {"slurm_controllers": ["store1"], "slurm_nodes": ["store1", "store2"]}
    model = build(site={"site_name": "Blueberry"}, groups=groups)
    assert model.site is not None
    assert model.site["slurm"] == {
        "cluster": "blueberry",
        "controller": {"host": "store1", "name": "store1", "address": "192.0.2.11"},
        "nodes": ["store1", "store2"],
        "partitions": {
            "work": {"nodes": ["store1", "store2"], "default": True, "max_time": None, "parameters": {}},
        },
        "parameters": {},
    }
    assert model.site["hosts"]["store1"]["slurm"]["runs"] == ["controller", "node"]
    assert model.site["hosts"]["store2"]["slurm"] == {
        "runs": ["node"],
        "node": {"address": "192.0.2.12", "features": [], "gres": {}, "memory_percent": 95, "parameters": {}},
    }
    assert model.site["hosts"]["worker1"]["slurm"] is None


def test_partitions_are_made_of_groups() -> None:
    groups = {
        "slurm_controllers": ["store1"],
        "slurm_nodes": ["store1", "store2", "store3"],
        "fast": ["store3", "worker1"],
    }
    partitions = {"all": {}, "fast": {"groups": ["fast"], "max_time": "1:00:00", "parameters": {"PriorityTier": 2}}}
    model = build(site={"slurm_partitions": partitions}, groups=groups)
    assert model.site is not None
    assert model.site["slurm"]["partitions"] == {
        "all": {"nodes": ["store1", "store2", "store3"], "default": False, "max_time": None, "parameters": {}},
        "fast": {"nodes": ["store3"], "default": False, "max_time": "1:00:00", "parameters": {"PriorityTier": 2}},
    }


@pytest.mark.parametrize(
    ("levels", "merged"),
    [
        ([{"A": 1}, {"B": 2}], {"A": 1, "B": 2}),
        ([{"A": 1, "B": 2}, {"A": 3}], {"A": 3, "B": 2}),
        ([{"Start": 1}, {"START": 2}], {"START": 2}),
        ([{"A": 1}, {"A": None}], {"A": None}),
        ([{"A": 1}, ["A"], {"B": 2}], ["A"]),
    ],
)
def test_levels_are_merged_key_by_key(levels: list[t.Any], merged: t.Any) -> None:
    assert merge_levels(levels) == merged


def test_options_of_roles_are_known_names() -> None:
    assert build(hosts={"store1": {"ceph_mon_id": "x"}}).faults == []


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (["a"], "a"),
        (["a", "b"], "a and b"),
        (["a", "b", "c", "d"], "a, b, c and d"),
        (["a", "b", "c", "d", "e"], "a, b, c and 2 more"),
    ],
)
def test_names_are_enumerated(names: list[str], sentence: str) -> None:
    assert enumerate_names(names) == sentence


def test_every_variable_is_documented_as_the_table_says() -> None:
    page = (REPOSITORY / "docs/inventory.md").read_text()
    table = page[page.index("## Variables") : page.index("### Addresses")]
    rows = dict(re.findall(r"^\| `(\w+)` (\|.*\|)$", table, re.MULTILINE))
    for variable in VARIABLES:
        written = yaml.safe_dump(variable.default, default_flow_style=True).splitlines()[0]
        default = "none" if variable.default in (None, [], {}) else f"`{written}`"
        row = f"| {variable.type} | {variable.scope} | {default} | {variable.description} |"
        assert rows.pop(variable.name, None) == row, variable.name
    assert rows == {}, "documented, but unknown"


def test_a_virt_node_of_defaults() -> None:
    groups = {
        "condor_managers": ["store1"],
        "condor_submits": ["store1"],
        "condor_executes": ["worker1"],
        "virt_nodes": ["worker1"],
    }
    model = build(groups=groups)
    assert model.site is not None
    assert model.site["virt"]["nodes"] == ["worker1"]
    assert list(model.site["virt"]["condor_submit_knobs"]) == ["APPEND_REQUIREMENTS"]
    assert model.site["hosts"]["store1"]["virt"] is None
    assert model.site["hosts"]["worker1"]["virt"] == {
        "backends": ["htcondor"],
        "emulation": False,
        "guests": None,
        "guest_memory": None,
        "vm_universe": False,
        "exclusive": True,
        "host": {"users": [], "device_mode": "0660", "probe_limit": 5, "images": [], "system_daemon": False},
    }
