# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory plugin, with a survey that was taken before."""

from __future__ import annotations

import json
import subprocess
import typing as t
from pathlib import Path

import pytest
from ansible.errors import AnsibleParserError
from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader
from ansible_collections.sitewright.grid.plugins.inventory import pool as plugin


def record(**words: t.Any) -> dict[str, t.Any]:
    return {"provisioned": True, "state": "seen", "hours_silent": 0.0, "missing": [], "versions": {}, **words}


SURVEY = {
    "sources": {"condor": {"answered": True, "error": None}, "ceph": {"answered": False, "error": "no route"}},
    "hosts": {
        "w1": record(versions={"condor": "23.9.6"}),
        "w2": record(state="silent", hours_silent=5.0),
        "w3": record(state="silent", hours_silent=3.9),
        "w4": record(state="silent", hours_silent=None),
        "w5": record(state="never_seen", hours_silent=None),
        "w6": record(missing=["condor_submits"]),
        "w7": record(provisioned=False, state="silent", hours_silent=50.0),
    },
}


class Ran:
    """The survey's command, which writes what it is told."""

    def __init__(self, survey: t.Any, rc: int = 0) -> None:
        self.survey, self.rc = survey, rc
        self.calls: list[list[str]] = []

    def __call__(self, argv: list[str], **words: t.Any) -> subprocess.CompletedProcess[str]:
        self.calls.append(argv)
        path = json.loads(argv[argv.index("--extra-vars") + 1])["survey_path"]
        Path(path).write_text(json.dumps(self.survey))
        return subprocess.CompletedProcess(argv, self.rc, "TASK [Ask]\nfatal: gone\n", "")


class Plugin(plugin.InventoryModule):
    """The plugin with its options from the file and from here, as Ansible's loader of plugins is not at work."""

    options: t.ClassVar[dict[str, t.Any]] = {
        "silent_hours": 4,
        "timeout": 120,
        "cache": False,
        "strict": False,
        "use_extra_vars": False,
        "leading_separator": True,
    }

    def _read_config_data(self, path: str) -> None:
        self.options = {**self.options, **DataLoader().load_from_file(path, trusted_as_template=True)}

    def get_option(self, option: str, hostvars: t.Any = None) -> t.Any:
        return self.options[option]

    def get_cache_key(self, path: str) -> str:
        return path


def parse(path: Path) -> InventoryData:
    inventory, found = InventoryData(), Plugin()
    assert found.verify_file(str(path))
    found.parse(inventory, DataLoader(), str(path))
    return inventory


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "site-pool.yml"
    path.write_text(
        """
plugin: sitewright.grid.pool
sources: [site/hosts.yml, "a,b"]
arguments: [--vault-password-file, vault]
groups: {forgotten: not pool_provisioned and (pool_hours_silent or 0) > 48}
keyed_groups: [{key: pool_versions.condor | default("none"), prefix: condor}]
compose: {days: (pool_hours_silent or 0) / 24}
"""
    )
    return path


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> Ran:
    ran = Ran(SURVEY)
    monkeypatch.setattr(subprocess, "run", ran)
    return ran


def test_hosts_are_in_their_groups(config: Path, ran: Ran) -> None:
    inventory = parse(config)
    groups = {name: sorted(hosts) for name, hosts in inventory.get_groups_dict().items()}
    assert groups["provisioned"] == ["w1", "w2", "w3", "w4", "w5", "w6"]
    assert groups["unprovisioned"] == groups["forgotten"] == ["w7"]
    assert groups["silent"] == ["w2", "w4", "w7"]
    assert groups["never_seen"] == ["w5"]
    assert groups["incomplete"] == ["w6"]
    assert groups["condor_23_9_6"] == ["w1"]
    assert inventory.hosts["w2"].vars["pool_hours_silent"] == 5.0
    assert inventory.hosts["w7"].vars["days"] == 50 / 24


def test_the_survey_is_of_the_sites_own_inventory(config: Path, ran: Ran) -> None:
    parse(config)
    (argv,) = ran.calls
    inventories = [argv[number + 1] for number, word in enumerate(argv) if word == "--inventory"]
    assert inventories == [str(config.parent / "site/hosts.yml"), "a,b"]
    assert argv[-2:] == ["--vault-password-file", "vault"]
    assert "sitewright.grid.survey" in argv


@pytest.mark.parametrize(
    ("survey", "rc", "words"),
    [
        (SURVEY, 4, "the survey has failed:\nTASK .Ask.\nfatal: gone"),
        ({"sources": {"condor": {"answered": False, "error": "no route"}}, "hosts": {}}, 0, "condor: no route"),
        ({"sources": {}, "hosts": {}}, 0, "it has none"),
    ],
)
def test_no_answer_is_an_error(
    config: Path, survey: t.Any, rc: int, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subprocess, "run", Ran(survey, rc))
    with pytest.raises(AnsibleParserError, match=words):
        parse(config)


def test_an_inventory_that_names_itself_ends(config: Path, ran: Ran, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(plugin.MARK, "1")
    with pytest.raises(AnsibleParserError, match="names itself"):
        parse(config)
    assert not ran.calls


@pytest.mark.parametrize(("wanted", "surveys"), [(True, 1), (False, 3)])
def test_a_survey_is_kept_where_that_is_wanted(
    config: Path, ran: Ran, monkeypatch: pytest.MonkeyPatch, wanted: bool, surveys: int
) -> None:
    kept: dict[str, t.Any] = {}
    monkeypatch.setattr(Plugin, "_cache", kept, raising=False)
    monkeypatch.setitem(Plugin.options, "cache", wanted)
    for _run in range(3):
        assert "w2" in parse(config).get_groups_dict()["silent"]
    assert len(ran.calls) == surveys
    assert bool(kept) is wanted


def test_other_files_are_left_to_other_plugins() -> None:
    assert not Plugin().verify_file(__file__)
