# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the jobs of an execution point are kept apart, by what its kernel and its HTCondor can do."""

from __future__ import annotations

import dataclasses
import re
import typing as t

import pytest
from ansible_collections.sitewright.grid.plugins.module_utils._condor_config import parse_version
from ansible_collections.sitewright.grid.plugins.module_utils._condor_isolation import (
    Host,
    Isolation,
    plan_isolation,
    render_directories,
)
from ansible_collections.sitewright.grid.plugins.module_utils._condor_slots import Account

MODERN = Host(
    version=(25, 0, 5),
    cgroup=2,
    controllers=frozenset(["cpu", "memory", "pids"]),
    execute="/var/lib/condor/execute",
    cpus=2,
    directories={"/tmp": "/tmp", "/var/tmp": "/var/tmp"},
    config={},
    accounts={},
)
# Debian 13's version.
DEBIAN = {"version": (23, 9, 6)}
WISHES = {
    "directories": ["/tmp", "/var/tmp"],
    "per_job_namespaces": True,
    "processes": "auto",
    "memory": "auto",
    "memory_limit": None,
    "swap": "auto",
    "disk": "auto",
    "volume_group": None,
    "thin_pool": None,
    "users": "slot_users",
    "slots": None,
    "account_prefix": "slot",
    "condor_knobs": {},
}


def plan(host: dict[str, t.Any] | None = None, check: bool = False, **wishes: t.Any) -> Isolation:
    return plan_isolation(dataclasses.replace(MODERN, **(host or {})), {**WISHES, **wishes}, check)


def there(*paths: str) -> dict[str, t.Any]:
    return {"directories": {path: path for path in paths}}


@pytest.mark.parametrize(
    ("text", "version"),
    [("23.9.6+dfsg-2.1", (23, 9, 6)), ("1:25.0.5-1.el9", (25, 0, 5)), ("10.0", (10, 0)), ("unknown", None), ("", None)],
)
def test_versions(text: str, version: tuple[int, ...] | None) -> None:
    assert parse_version(text) == version


@pytest.mark.parametrize(
    ("directories", "value"),
    [(["/tmp", "/var/tmp", "/osg"], '"/tmp,/var/tmp,/osg"'), (["/tmp"], '"/tmp"'), ([], '""')],
)
def test_directories_are_one_quoted_string(directories: list[str], value: str) -> None:
    assert render_directories(directories) == value


def test_a_modern_host_can_do_all_but_limit_the_disk() -> None:
    isolation = plan()
    assert not isolation.refusals
    assert isolation.mode == {
        "version": "25.0.5",
        "directories": ["/tmp", "/var/tmp"],
        "dev_shm": True,
        "processes": "both",
        "memory": "hard",
        "swap": "disabled",
        "disk": "unlimited",
        "users": "slot_users",
    }
    assert isolation.knobs == {
        "MOUNT_UNDER_SCRATCH": '"/tmp,/var/tmp"',
        "PER_JOB_NAMESPACES": "True",
        "MOUNT_PRIVATE_DEV_SHM": "True",
        "USE_PID_NAMESPACES": "True",
        "BASE_CGROUP": "htcondor",
        "CGROUP_MEMORY_LIMIT_POLICY": "hard",
        "DISABLE_SWAP_FOR_JOB": "True",
        "STARTD_ENFORCE_DISK_LIMITS": "False",
        "STARTER_ALLOW_RUNAS_OWNER": "False",
        "SLOT1_1_USER": "slot1_1",
        "SLOT1_2_USER": "slot1_2",
        "NOBODY_SLOT_USER": "slot_has_no_account",
        "DEDICATED_EXECUTE_ACCOUNT_REGEXP": "slot[0-9]+(_[0-9]+)?",
    }
    assert isolation.accounts == ["slot1_1", "slot1_2"]
    assert [warning.split(":")[0] for warning in isolation.warnings] == ["disk"]


def test_debian_13_has_namespaces_and_no_cgroups_for_jobs() -> None:
    """Its HTCondor cannot put a job of a PID namespace into a cgroup of version 2."""
    isolation = plan(DEBIAN)
    assert isolation.mode["processes"] == "pid_namespaces"
    assert (isolation.knobs["USE_PID_NAMESPACES"], isolation.knobs["BASE_CGROUP"]) == ("True", "")
    assert (isolation.mode["memory"], isolation.mode["swap"]) == ("none", "allowed")
    assert any("jobs are in no cgroups (processes: pid_namespaces)" in warning for warning in isolation.warnings)


@pytest.mark.parametrize(
    ("host", "wishes", "mode"),
    [
        ({}, {}, "both"),
        (DEBIAN, {}, "pid_namespaces"),
        (DEBIAN, {"memory": "hard"}, "cgroups"),
        (DEBIAN, {"swap": "disabled"}, "cgroups"),
        ({**DEBIAN, "cgroup": 1}, {}, "both"),
        ({"version": (23, 10, 1)}, {}, "both"),
        ({"version": (23, 0, 0)}, {}, "cgroups"),
        ({"version": (10, 6, 0), "cgroup": 1}, {}, "cgroups"),
        ({"version": (10, 5, 1), "cgroup": 1}, {}, "both"),
        ({"version": (23, 0, 1)}, {}, "pid_namespaces"),
        ({"version": (10, 6, 0), "cgroup": None}, {}, "none"),
        ({"cgroup": None, "controllers": frozenset()}, {}, "pid_namespaces"),
        ({}, {"per_job_namespaces": False, "directories": []}, "cgroups"),
        ({}, {"processes": "none"}, "none"),
        ({}, {"processes": "pid_namespaces"}, "pid_namespaces"),
        # What is not known may be what cannot do it, in which no job would start.
        ({"version": None}, {}, "pid_namespaces"),
    ],
)
def test_processes_are_kept_apart_as_well_as_the_host_can(
    host: dict[str, t.Any], wishes: dict[str, t.Any], mode: str
) -> None:
    isolation = plan(host, **wishes)
    assert isolation.mode["processes"] == mode
    assert not [refusal for refusal in isolation.refusals if refusal.startswith("processes")]


@pytest.mark.parametrize(
    ("host", "wishes", "refusal"),
    [
        (DEBIAN, {"processes": "both"}, "processes: both .*before HTCondor 23.10.1 .*cgroup of version 2"),
        ({"version": (23, 0, 0)}, {"processes": "pid_namespaces"}, "do not work in HTCondor 10.6.0 to 23.0.0"),
        ({"version": (10, 6, 0)}, {"processes": "both"}, "do not work in HTCondor 10.6.0 to 23.0.0"),
        ({"cgroup": None}, {"processes": "cgroups"}, "processes: cgroups cannot be had: the host has no cgroup"),
        (
            {},
            {"processes": "pid_namespaces", "per_job_namespaces": False, "directories": []},
            "need mount namespaces, and per_job_namespaces is false",
        ),
        (
            DEBIAN,
            {"memory": "hard", "processes": "pid_namespaces"},
            "memory: hard cannot be had: jobs are in no cgroups",
        ),
        ({"controllers": frozenset(["cpu"])}, {"memory": "hard"}, "memory: hard .*no controller for memory"),
        (
            {"version": (23, 0, 1)},
            {"memory": "hard"},
            "memory: hard cannot be had: HTCondor 23.0 and older do not enforce it with cgroup v2, as on EL 9",
        ),
        ({}, {"memory": "custom"}, "memory: custom needs an expression"),
        ({"cgroup": 1, "version": (24, 0, 0)}, {"swap": "disabled"}, "limits it since 25.0 with cgroup v1"),
        ({"cgroup": None}, {"swap": "disabled"}, "swap: disabled cannot be had: jobs are in no cgroups"),
        ({}, {"disk": "limited"}, "disk: limited cannot be had: the host has no LVM"),
        (
            {"has_lvm": True, "volume_groups": ["root"]},
            {"disk": "limited", "volume_group": "scratch"},
            "the host has no volume group 'scratch'",
        ),
        ({"has_lvm": True, "version": (9, 0, 17)}, {"disk": "limited"}, "HTCondor limits it since 10.0"),
        (
            DEBIAN,
            {"users": "nobody", "processes": "cgroups"},
            "users: nobody needs PID namespaces.*processes is cgroups",
        ),
        (
            {"version": (10, 9, 0)},
            {"users": "nobody"},
            "users: nobody needs PID namespaces.*10.6.0 to 23.0.0.*choose slot_users",
        ),
        (
            {"accounts": {"slot1_2": Account("slot1_2", 1004, "/bin/bash")}},
            {},
            r"users: slot1_2 \(UID 1004\) is somebody's account.*account_prefix",
        ),
        ({}, {"per_job_namespaces": False}, "directories: without mount namespaces .* /tmp, /var/tmp"),
        (there(), {"directories": ["/srv/scratch"]}, "/srv/scratch is not there, and no job could start"),
        (there("/var/lib"), {"directories": ["/var/lib"]}, r"EXECUTE \(/var/lib/condor/execute\) lies in /var/lib"),
        (
            {"directories": {"/scratch": "/var/lib/condor"}},
            {"directories": ["/scratch"]},
            r"EXECUTE .* lies in /scratch",
        ),
        (there("/usr"), {"directories": ["/usr"]}, "/usr is a directory of the system"),
        ({"directories": {"/x": "/etc"}}, {"directories": ["/x"]}, "/x is a directory of the system"),
        (there("/dev/shm"), {"directories": ["/dev/shm"]}, "/dev/shm is private already"),
        (there("/a,b"), {"directories": ["/a,b"]}, "'/a,b' is no absolute path without blanks, quotes and commas"),
        (there('/a"'), {"directories": ['/a"']}, "no absolute path without blanks, quotes and commas"),
        (there("tmp"), {"directories": ["tmp"]}, "no absolute path"),
    ],
)
def test_what_cannot_be_had_is_refused_with_the_reason(
    host: dict[str, t.Any], wishes: dict[str, t.Any], refusal: str
) -> None:
    refusals = plan(host, **wishes).refusals
    assert len(refusals) == 1, refusals
    assert re.search(refusal, refusals[0])


@pytest.mark.parametrize(
    ("host", "wishes", "warning"),
    [
        ({"version": (23, 0, 0)}, {}, "jobs see the processes of the host.*10.6.0 to 23.0.0"),
        (DEBIAN, {"memory": "hard"}, "limits of memory or swap need cgroups, and before HTCondor 23.10.1"),
        ({}, {"processes": "none"}, "only a process's parents tell which job it is of"),
        ({}, {"per_job_namespaces": False, "directories": []}, "all jobs share /tmp"),
        ({"automounts": ("/net",)}, {}, r"automounts \(/net\)"),
        ({"version": None}, {}, "the version of HTCondor is not known"),
        ({"controllers": frozenset()}, {}, "memory: jobs may use more.*no controller for memory"),
        ({"cgroup": 1, "version": (24, 0, 0)}, {}, "swap: jobs may use it: HTCondor limits it since 25.0"),
        ({}, {"memory": "none"}, "swap: jobs may use it: their memory has no limit"),
        ({"has_lvm": True}, {}, "no volume group is given"),
        ({}, {"users": "nobody"}, "a job can read the files of others"),
        ({}, {"condor_knobs": {"base_cgroup": "other"}}, "condor_knobs: BASE_CGROUP wins over 'htcondor'"),
    ],
)
def test_what_is_left_open_is_warned_of(host: dict[str, t.Any], wishes: dict[str, t.Any], warning: str) -> None:
    isolation = plan(host, **wishes)
    assert not isolation.refusals
    assert any(re.search(warning, text) for text in isolation.warnings), isolation.warnings


def test_a_knob_of_the_operator_that_says_the_same_is_no_news() -> None:
    assert not any("condor_knobs" in warning for warning in plan(condor_knobs={"BASE_CGROUP": "htcondor"}).warnings)


def test_check_mode_only_warns_of_directories_that_may_still_come() -> None:
    isolation = plan(there(), check=True, directories=["/srv/scratch"])
    assert not isolation.refusals
    assert "directories: /srv/scratch is not there yet; it has to be when jobs start" in isolation.warnings


def test_a_directory_in_another_one_is_private_with_it() -> None:
    paths = ["/tmp", "/tmp/osg", "/srv/a/", "/srv/a", "/srv/ab"]
    isolation = plan(there("/tmp", "/srv/a", "/srv/ab"), directories=paths)
    assert not isolation.refusals
    assert isolation.mode["directories"] == ["/tmp", "/srv/a", "/srv/ab"]


def test_no_directory_at_all_takes_the_default_of_htcondor_away() -> None:
    assert plan(directories=[]).knobs["MOUNT_UNDER_SCRATCH"] == '""'


def test_limits_of_memory_and_disk_as_wished() -> None:
    isolation = plan(
        {"has_lvm": True, "volume_groups": ["scratch"]},
        memory="custom",
        memory_limit="2 * Memory",
        volume_group="scratch",
        thin_pool="jobs",
    )
    assert not isolation.refusals
    assert isolation.mode["disk"] == "limited"
    assert isolation.knobs["CGROUP_HARD_MEMORY_LIMIT_EXPR"] == "2 * Memory"
    assert isolation.knobs["LVM_VOLUME_GROUP_NAME"] == "scratch"
    assert (isolation.knobs["LVM_THINPOOL_NAME"], isolation.knobs["LVM_USE_THIN_PROVISIONING"]) == ("jobs", "True")


def test_a_submitting_user_falls_back_to_the_accounts_of_slots() -> None:
    isolation = plan(users="submitting_user")
    assert isolation.knobs["STARTER_ALLOW_RUNAS_OWNER"] == "True"
    assert isolation.knobs["TRUST_UID_DOMAIN"] == "True"
    assert isolation.knobs["SLOT1_1_USER"] == "slot1_1"


def test_nobody_needs_no_accounts() -> None:
    isolation = plan(users="nobody")
    assert not isolation.accounts
    assert not [name for name in isolation.knobs if name.endswith("_USER")]


def test_accounts_that_exist_and_are_of_slots_are_kept() -> None:
    isolation = plan({"accounts": {"slot1_1": Account("slot1_1", 990, "/usr/sbin/nologin")}})
    assert not isolation.refusals
    assert isolation.accounts == ["slot1_1", "slot1_2"]


def test_a_host_that_grows_gets_more_accounts() -> None:
    assert plan({"cpus": 4}).accounts == ["slot1_1", "slot1_2", "slot1_3", "slot1_4"]


def test_an_account_prefix_shapes_names_and_pattern() -> None:
    isolation = plan(account_prefix="job-")
    assert isolation.accounts[0] == "job-1_1"
    pattern = isolation.knobs["DEDICATED_EXECUTE_ACCOUNT_REGEXP"]
    assert all(re.fullmatch(pattern, name) for name in isolation.accounts)


def test_an_old_version_knows_no_knob_for_slots_without_an_account() -> None:
    assert "NOBODY_SLOT_USER" not in plan({"version": (9, 0, 17), "cgroup": 1}).knobs
