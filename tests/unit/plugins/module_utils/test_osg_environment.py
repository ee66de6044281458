# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The environment of workers of OSG: in a real shell, and as HTCondor reads it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from ansible_collections.sitewright.grid.plugins.module_utils._osg_environment import (
    all_files,
    check_environment,
    environment_files,
    render_csh,
    render_job_environment,
    render_sh,
)

HARD = {
    "PLAIN": "/etc/osg",
    "EMPTY": "",
    "BLANKS": " two  words ",
    "QUOTES": 'Ann\'s "site"',
    "DOLLAR": "$HOME $(id) `id` \\",
    "COMMA": "a;b,c|d&e!",
}


def test_a_shell_reads_what_was_meant(tmp_path: Path) -> None:
    setup = tmp_path / "setup.sh"
    setup.write_text(render_sh(HARD))
    done = subprocess.run(["sh", "-c", f". {setup}; env -0"], check=True, capture_output=True, text=True)
    found = dict(entry.split("=", 1) for entry in done.stdout.split("\0") if entry)
    assert {name: found[name] for name in HARD} == HARD


def test_login_shells_read_the_setup(tmp_path: Path) -> None:
    for path, text in environment_files(HARD, str(tmp_path / "osg"), str(tmp_path)).items():
        Path(path).parent.mkdir(exist_ok=True)
        Path(path).write_text(text)
    script = f'. {tmp_path}/osg-wn-client.sh; printf %s "$QUOTES"'
    assert subprocess.run(["sh", "-c", script], check=True, capture_output=True, text=True).stdout == HARD["QUOTES"]


def test_csh_gets_the_same_with_its_exclamation_marks_kept() -> None:
    assert render_csh({"A": "b!", "B": "it's"}).splitlines()[1:] == ["setenv A 'b\\!'", "setenv B 'it'\"'\"'s'"]


def test_all_files_are_those_of_all_shells() -> None:
    assert set(all_files()) == set(environment_files({}, csh=True))
    assert set(environment_files({})) < set(all_files())


@pytest.mark.parametrize(
    ("environment", "value"),
    [
        ({}, '""'),
        ({"A": "/tmp", "B": "c;d"}, '"A=/tmp B=c;d"'),
        ({"A": ""}, "\"A=''\""),
        ({"A": "two words"}, "\"A='two words'\""),
        ({"A": "it's"}, "\"A='it''s'\""),
        ({"A": 'say "x"'}, '"A=\'say ""x""\'"'),
        ({"A": "$(HOME)"}, '"A=$(DOLLAR)(HOME)"'),
    ],
)
def test_jobs_get_it_as_one_string_of_htcondor(environment: dict[str, str], value: str) -> None:
    assert render_job_environment(environment) == value


@pytest.mark.parametrize(
    ("environment", "fault"),
    [
        ({"OSG_GRID": "/etc"}, None),
        ({"1A": ""}, "'1A' is no name of a variable: use letters, digits and underscores"),
        ({"A": "b\tc"}, "A has control characters in its value: use a value of one line"),
    ],
)
def test_what_no_environment_can_have_is_told(environment: dict[str, str], fault: str | None) -> None:
    assert check_environment(environment) == fault
