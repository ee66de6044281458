# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the collection writes, read by HTCondor's own parser of three series: the Python package htcondor.

requirements/dev.txt has the newest series, requirements/htcondor-*.txt have the older ones, each in a directory of
its own. HTCondor reads its configuration once in a process, and ends the process where it cannot.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import subprocess
import typing as t
from pathlib import Path

import pytest
from ansible_collections.sitewright.grid.plugins.module_utils._condor_config import (
    parse_version,
    render_sections,
    warn_removed,
)
from ansible_collections.sitewright.grid.plugins.module_utils._condor_isolation import Host, plan_isolation
from ansible_collections.sitewright.grid.plugins.module_utils._condor_pool_config import (
    KINDS,
    pool_sections,
    token_identity,
)
from ansible_collections.sitewright.grid.plugins.module_utils._site_condor_isolation import (
    CONDOR_ISOLATION_VARIABLES,
    PREFIX,
)

# Not that of ansible-core's oldest line, which has no parser.
VENV = Path(__file__).resolve().parents[4] / ".venv"
SERIES = (23, 24, 25)
DAEMONS = {"manager": ["COLLECTOR", "NEGOTIATOR"], "submit": ["SCHEDD"], "execute": ["STARTD"]}
COMBINATIONS = [kinds for count in (1, 2, 3) for kinds in itertools.combinations(KINDS, count)]
READ = """
import htcondor2, json, sys
print(json.dumps({name: htcondor2.param.get(name) for name in sys.argv[1:]} | {"": htcondor2.version()}))
"""
DIRECTORIES = ["/tmp", "/var/tmp", "/osg/tmp"]
WISHES = {
    **{variable.name[len(PREFIX) :]: variable.default for variable in CONDOR_ISOLATION_VARIABLES},
    "directories": DIRECTORIES,
    "condor_knobs": {},
}

Read = t.Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(params=SERIES)
def series(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def read(series: int, tmp_path: Path) -> Read:
    """Have HTCondor of this series read a text as a file of config.d, and tell these knobs."""

    def run(text: str, *names: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "config.d").mkdir(exist_ok=True)
        (tmp_path / "config.d" / "50-sitewright.conf").write_text(text)
        (tmp_path / "condor_config").write_text(f"LOCAL_CONFIG_DIR = {tmp_path}/config.d\n")
        older = VENV / f"htcondor-{series}"
        path = {"PYTHONPATH": str(older)} if older.is_dir() else {}
        return subprocess.run(
            [VENV / "bin" / "python", "-c", READ, *names],
            env={**os.environ, "CONDOR_CONFIG": str(tmp_path / "condor_config"), **path},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def knobs_of(done: subprocess.CompletedProcess[str], series: int) -> dict[str, str]:
    """Return the knobs that HTCondor told, as text; it makes numbers of some."""
    assert done.returncode == 0, done.stderr
    knobs = {name: "" if value is None else str(value) for name, value in json.loads(done.stdout).items()}
    assert f"CondorVersion: {series}." in knobs.pop("")
    return knobs


def isolation_of(series: int) -> dict[str, str]:
    """Return the knobs that keep jobs apart on a host with a version of this series."""
    host = Host(
        version=(series, 0, 20),
        cgroup=2,
        controllers=frozenset(("cpu", "memory", "pids")),
        execute="/var/lib/condor/execute",
        cpus=2,
        directories={path: path for path in DIRECTORIES},
        config={},
        accounts={},
    )
    plan = plan_isolation(host, WISHES)
    assert not plan.refusals
    return plan.knobs


@pytest.mark.parametrize("kinds", COMBINATIONS, ids="-".join)
def test_the_configuration_of_every_kind_of_host(series: int, read: Read, kinds: tuple[str, ...]) -> None:
    isolation = isolation_of(series) if "execute" in kinds else {}
    sections = pool_sections(
        kinds,
        ["192.0.2.10"],
        "blueberry",
        "example.org",
        address="192.0.2.21",
        templates=["FEATURE:StaticSlots"],
        retirement=600,
        computed=isolation,
        knobs={
            "STARTD_ATTRS": ["$(STARTD_ATTRS)", "Rack"],
            "Rack": '"r12"',
            "SYSTEM_PERIODIC_HOLD": "(JobStatus == 2) &&\n  (NumJobStarts > 3)",
            "ENABLE_SSH_TO_JOB": False,
            "UPDATE_INTERVAL": 20,
            "EMAIL_DOMAIN": None,
            "LINUX_KERNEL_TUNING_SCRIPT": "",
        },
    )
    names = [*isolation, "DAEMON_LIST", "CONDOR_HOST", "UID_DOMAIN", "SEC_DEFAULT_ENCRYPTION", "ALLOW_DAEMON",
             "ALLOW_ADVERTISE_STARTD_COLLECTOR", "MAXJOBRETIREMENTTIME", "SYSTEM_PERIODIC_HOLD", "STARTD_ATTRS",
             "ENABLE_SSH_TO_JOB", "UPDATE_INTERVAL", "EMAIL_DOMAIN", "LINUX_KERNEL_TUNING_SCRIPT"]  # fmt: skip
    knobs = knobs_of(read(render_sections(sections), *names), series)
    assert sorted(re.split(r"[\s,]+", knobs["DAEMON_LIST"])) == sorted(
        ["MASTER", *(daemon for kind in kinds for daemon in DAEMONS[kind])]
    )
    assert knobs["CONDOR_HOST"] == "192.0.2.10"
    assert knobs["UID_DOMAIN"] == "example.org"
    assert knobs["SEC_DEFAULT_ENCRYPTION"] == "REQUIRED"
    assert knobs["ALLOW_DAEMON"] == "condor@example.org, condor@family, condor@child, condor@parent"
    advertisers = knobs["ALLOW_ADVERTISE_STARTD_COLLECTOR"]
    assert ("*@execute.blueberry, *@submit-execute.blueberry" in advertisers) == ("manager" in kinds)
    assert (knobs["MAXJOBRETIREMENTTIME"] == "600") == ("execute" in kinds)
    assert [line.strip() for line in knobs["SYSTEM_PERIODIC_HOLD"].splitlines()] == [
        "(JobStatus == 2) &&",
        "(NumJobStarts > 3)",
    ]
    assert knobs["STARTD_ATTRS"].endswith("Rack")
    assert knobs["ENABLE_SSH_TO_JOB"].lower() == "false"
    assert knobs["UPDATE_INTERVAL"] == "20"
    assert not knobs["LINUX_KERNEL_TUNING_SCRIPT"]
    for name, value in isolation.items():
        assert knobs[name].lower() == value.lower(), name


def test_every_directory_of_the_list_is_in_one_string(series: int, read: Read) -> None:
    """What stands behind the first quoted string is lost without a word; see HTCondor's ParseExpression."""
    text = render_sections([{"title": "Files", "use": [], "knobs": isolation_of(series)}])
    value = knobs_of(read(text, "MOUNT_UNDER_SCRATCH"), series)["MOUNT_UNDER_SCRATCH"]
    assert value == '"/tmp,/var/tmp,/osg/tmp"'


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"use": ["ROLE:Nope"]}, "does not recognise Nope"),
        ({"use": ["NOROLE:Execute"]}, "NOROLE"),
        ({"knobs": {"A": "1", "B": "$(A"}}, None),
    ],
)
def test_what_htcondor_cannot_read(series: int, read: Read, section: dict[str, t.Any], said: str | None) -> None:
    """A template that does not exist ends it with file and line; a macro without an end does not, it is text."""
    done = read(render_sections([{"title": "Wrong", "use": [], "knobs": {}, **section}]), "B")
    if said is None:
        assert knobs_of(done, series) == {"B": "$(A"}
        return
    assert done.returncode != 0
    assert said in done.stderr
    assert re.search(r"Line 4 while reading config source \S+/config\.d/50-sitewright\.conf", done.stderr), done.stderr


def test_a_removed_knob_names_its_replacement(series: int, read: Read) -> None:
    """HTCondor itself takes NAMED_CHROOT without a word in 25, too, where it does nothing."""
    done = read(render_sections([{"title": "Old", "use": [], "knobs": {"NAMED_CHROOT": "SL6=/"}}]), "NAMED_CHROOT")
    version = ".".join(map(str, parse_version(json.loads(done.stdout)[""]) or ()))
    assert knobs_of(done, series) == {"NAMED_CHROOT": "SL6=/"}
    warnings = warn_removed(["NAMED_CHROOT"], version)
    assert bool(warnings) == (series == 25)
    assert all("container universe" in warning for warning in warnings)


def test_an_identity_names_all_that_the_host_is() -> None:
    assert token_identity("worker1", ["execute", "submit"], "blueberry") == "worker1@submit-execute.blueberry"
