# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a report, from one run to the next."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible.errors import AnsibleError
from ansible_collections.sitewright.grid.plugins.action.site_report import HISTORY, read_history, write_report
from ansible_collections.sitewright.grid.plugins.module_utils._report import Report, build_report

SITE = {"name": "blueberry", "hosts": {}, "condor": None, "ceph": None}
KEY = "AQBTESTKEYtestkeyTESTKEYtestkeyTESTkey=="


def report(now: int, directory: Path) -> Report:
    return build_report(SITE, {}, {}, now, history=read_history(directory))


def test_the_history_grows_and_survives_what_was_cut_off(tmp_path: Path) -> None:
    directory = tmp_path / "made" / "here"
    for now in (1000, 2000):
        write_report(report(now, directory), directory)
    with (directory / HISTORY).open("ab") as file:
        file.write(b'{"time": 25\xff\n[1]\n{"time": null}\n{"tim')
    write_report(report(3000, directory), directory)
    assert [json.loads(line)["time"] for line in (directory / HISTORY).read_text().splitlines()] == [1000, 2000, 3000]
    assert json.loads((directory / "report.json").read_text())["time"] == 3000
    assert sorted(path.name for path in directory.iterdir()) == [HISTORY, "report.html", "report.json"]


def test_no_key_gets_into_the_files(tmp_path: Path) -> None:
    answers = {"condor": [{"msg": f"refused: {KEY}"}]}
    site = {**SITE, "condor": {"managers": ["head1"]}, "hosts": {"head1": {"retiring": False}}}
    write_report(build_report(site, answers, {}, 1000), tmp_path)
    assert "refused: &lt;key&gt;" in (tmp_path / "report.html").read_text()
    assert not any(KEY in path.read_text() for path in tmp_path.iterdir())


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(AnsibleError, match=r"cannot be written to .*/file/below"):
        write_report(report(1000, tmp_path), tmp_path / "file" / "below")
