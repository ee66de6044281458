# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of knobs, what condor_config_val says of them, and what follows for the daemons."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.sitewright.grid.plugins.module_utils._condor_config import (
    Knob,
    check_sections,
    parse_dump,
    parse_foreign,
    plan_config,
    render_sections,
    render_value,
    restarts,
    warn_overridden,
    warn_removed,
    warn_unknown,
)

OURS = "/etc/condor/config.d/50-sitewright.conf"
# From condor_config_val -dump -verbose of 23.9.6.
DUMP = """\
# Configuration from machine: worker1
ABORT_ON_EXCEPTION = false
 # at: <Default>
 # expanded: false
 # default: false
ActivityTimer = (time() - EnteredCurrentActivity)
 # at: <Default>
 # expanded: (time() - EnteredCurrentActivity)
DAEMON_LIST = MASTER STARTD
 # at: /etc/condor/config.d/50-sitewright.conf, line 24, use ROLE:Execute+0
 # expanded: MASTER STARTD
 # default: MASTER
EMPTY =\x20
 # at: <Default>
 # expanded:\x20
JOB_TRANSFORM_X = [
  a = 1;
  ]
 # at: /etc/condor/config.d/50-sitewright.conf, line 30
 # expanded: [
  a = 1;
  ]
SPOOLED = $(SPOOL)/x
 # at: /etc/condor/condor_config, line 7
 # expanded: /var/spool/condor/x
# Contributing configuration file(s):
#\t/etc/condor/condor_config
"""


def section(**knobs: t.Any) -> dict[str, t.Any]:
    return {"title": "Knobs", "use": [], "knobs": knobs}


def config(origin: str = OURS, **knobs: str) -> dict[str, Knob]:
    return {name: Knob(value, origin) for name, value in knobs.items()}


def test_a_dump_is_read() -> None:
    knobs = parse_dump(DUMP)
    assert sorted(knobs) == [
        "ABORT_ON_EXCEPTION", "ACTIVITYTIMER", "DAEMON_LIST", "EMPTY", "JOB_TRANSFORM_X", "SPOOLED",
    ]  # fmt: skip
    assert knobs["DAEMON_LIST"] == Knob("MASTER STARTD", f"{OURS}, line 24, use ROLE:Execute+0")
    assert knobs["SPOOLED"].value == "/var/spool/condor/x"
    assert knobs["EMPTY"].value == ""
    assert knobs["JOB_TRANSFORM_X"].value == "[\n  a = 1;\n  ]"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (False, "false"),
        (300, "300"),
        (0.5, "0.5"),
        ("", ""),
        (" a b ", "a b"),
        (["a", 2, True], "a, 2, true"),
        ([], ""),
    ],
)
def test_values_are_written_as_htcondor_writes_them(value: t.Any, text: str) -> None:
    assert render_value(value) == text


def test_a_file_is_rendered_section_by_section() -> None:
    text = render_sections(
        [
            {"title": "Roles", "use": ["ROLE:Execute"], "knobs": {}},
            section(START="true", EMPTY="", LONG="[\n a\n]"),
            {"title": "Nothing", "use": [], "knobs": {}},
        ]
    )
    assert text.splitlines()[1:] == [
        "", "# Roles", "use ROLE:Execute", "",
        "# Knobs", "START = true", "EMPTY =", "LONG @=end", "[", " a", "]", "@end",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("sections", "fault"),
    [
        ([section(**{"A B": 1})], "'A B' is no name of a knob"),
        ([section(A={"b": 1})], "A is dict"),
        ([section(A=[["b"]])], "A is list"),
        ([section(A="b\\")], "A ends in a backslash"),
        ([{"title": "x", "use": ["Execute"], "knobs": {}}], "'Execute' is no template"),
    ],
)
def test_what_cannot_be_written_is_refused(sections: list[dict[str, t.Any]], fault: str) -> None:
    assert [line[: len(fault)] for line in check_sections(sections)] == [fault]


def test_good_sections_have_no_fault() -> None:
    assert check_sections([section(**{"STARTD.START": "a", "x1": [1, "b"]})]) == []


@pytest.mark.parametrize(
    ("knob", "daemons"),
    [
        ("NUM_SLOTS", ("STARTD",)),
        ("NUM_SLOTS_TYPE_2", ("STARTD",)),
        ("SLOT_TYPE_1", ("STARTD",)),
        ("SLOT_TYPE_1_PARTITIONABLE", ("STARTD",)),
        ("LVM_VOLUME_GROUP_NAME", ("STARTD",)),
        ("STARTD_ENFORCE_DISK_LIMITS", ("STARTD",)),
        ("STARTD.NUM_CPUS", ("STARTD",)),
        ("DAEMON_LIST", ("MASTER",)),
        ("SHARED_PORT_PORT", ("MASTER",)),
        ("COLLECTOR_HOST", ("COLLECTOR", "NEGOTIATOR")),
        ("SPOOL", ("SCHEDD",)),
        ("START", ()),
        ("MOUNT_UNDER_SCRATCH", ()),
        ("MAXJOBRETIREMENTTIME", ()),
        ("STARTD_ATTRS", ()),
        ("NUM_SLOTS_MINE", ()),
    ],
)
def test_knobs_that_need_a_restart(knob: str, daemons: tuple[str, ...]) -> None:
    assert restarts(knob) == daemons


@pytest.mark.parametrize(
    ("running", "changes", "reconfig", "restart"),
    [
        ("MASTER STARTD", {}, [], []),
        ("MASTER, STARTD", {"START": "false"}, ["MASTER", "STARTD"], []),
        ("MASTER STARTD", {"STARTD_ATTRS": "a"}, ["STARTD"], []),
        ("MASTER SCHEDD", {"STARTD_ATTRS": "a"}, ["MASTER", "SCHEDD"], []),
        ("MASTER STARTD", {"NUM_SLOTS": "2"}, ["MASTER"], ["STARTD"]),
        ("MASTER SCHEDD", {"NUM_SLOTS": "2"}, ["MASTER", "SCHEDD"], []),
        ("MASTER STARTD", {"NUM_SLOTS": "2", "LOG": "/l"}, [], ["MASTER"]),
        ("MASTER COLLECTOR NEGOTIATOR", {"COLLECTOR_HOST": "x"}, ["MASTER"], ["COLLECTOR", "NEGOTIATOR"]),
        ("MASTER STARTD", {"PID": "7", "LOCAL_CONFIG_DIR": "/run"}, [], []),
    ],
)
def test_what_the_daemons_have_to_be_told(
    running: str, changes: dict[str, str], reconfig: list[str], restart: list[str]
) -> None:
    before = config(DAEMON_LIST=running, START="true", PID="1")
    plan = plan_config(before, {**before, **config(**changes)})
    assert (plan.reconfig, plan.restart) == (reconfig, restart)


def test_the_diff_has_effective_values_that_change() -> None:
    before = config(DAEMON_LIST="MASTER", A="1", B="2", GONE="3")
    plan = plan_config(before, config(DAEMON_LIST="MASTER", A="1", B="9", NEW="4"))
    assert plan.before == {"B": "2", "GONE": "3", "NEW": None}
    assert plan.after == {"B": "9", "GONE": None, "NEW": "4"}


def test_a_secret_is_not_in_the_diff() -> None:
    plan = plan_config({}, config(SITE_PASSWORD="c29tZXRoaW5nIHNlY3JldCBoZXJl", SEC_PASSWORD_FILE="/etc/p"))  # noqa: S106 - invented
    assert plan.after == {"SITE_PASSWORD": "<not shown>", "SEC_PASSWORD_FILE": "/etc/p"}


@pytest.mark.parametrize(
    ("version", "warned"), [("23.9.6", False), ("25.5.0", False), ("25.5.1", True), ("25.14.1", True)]
)
def test_a_removed_knob_names_its_replacement(version: str, warned: bool) -> None:
    warnings = warn_removed(["START", "Named_Chroot"], version)
    assert warnings == (
        [
            f"Named_Chroot was removed in HTCondor 25.5.1, this is {version}: it does nothing. "
            "Let jobs ask for the container universe, or for Apptainer, instead."
        ]
        if warned
        else []
    )


@pytest.mark.parametrize(
    ("given", "warning"),
    [
        ({"START": "true"}, None),
        ({"start": "true"}, None),
        ({"STARTD.START": "true"}, None),
        ({"STARTD_DEBUG": "D_FULLDEBUG"}, None),
        ({"SLOT1_USER": "x"}, None),
        ({"SLOT_TYPE_2": "cpus=1"}, None),
        ({"USE_PID_NAMESPACES": "true"}, None),
        ({"SEC_DEFAULT_ENCRYPTION": "x"}, None),
        ({"Rack": '"r1"', "STARTD_ATTRS": "$(STARTD_ATTRS) Rack"}, None),
        ({"MINE": "2", "NUM_CPUS": "$(MINE)"}, None),
        ({"MONT_UNDER_SCRATCH": "x"}, "is MOUNT_UNDER_SCRATCH meant?"),
        ({"SEC_DEFUALT_ENCRYPTION": "x", "STRAT": "x"}, "is START meant?"),
        ({"ZZZ_TOP": "x"}, "is it spelt right?"),
    ],
)
def test_an_unknown_knob_is_pointed_out(given: dict[str, str], warning: str | None) -> None:
    defaults = config("<Default>", START="true", STARTD_ATTRS="", STARTD_DEBUG="", NUM_CPUS="1")
    whole = {**defaults, **config(**{name.upper(): value for name, value in given.items()})}
    warnings = warn_unknown(given, whole, defaults, "23.9.6")
    assert [line.rpartition(": ")[2] for line in warnings][-1:] == ([warning] if warning else [])


def test_a_knob_that_another_file_sets_again_is_pointed_out() -> None:
    knobs = {**config(A="1"), **config("/etc/condor/config.d/99-local.conf, line 3", B="2")}
    assert warn_overridden(["A", "b"], knobs, OURS) == [
        "b is set again, by /etc/condor/config.d/99-local.conf, line 3: it is '2' there."
    ]


def test_files_of_others_are_those_that_htcondor_reads() -> None:
    excluded = r"^((\..*)|(.*\.py)|(.*~)|(#.*)|(.*\.rpmsave)|(.*\.dpkg-dist))$"
    names = ["50-sitewright.conf", "x.conf.bak", "60.j2", "plain", ".hidden", "a.py", "b~", "c.rpmsave"]
    assert parse_foreign(names, "50-sitewright.conf", excluded) == ["60.j2", "plain", "x.conf.bak"]
