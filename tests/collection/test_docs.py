# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ansible-doc shows an operator: everything that the collection has, whole."""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
NAMESPACE = "sitewright.grid"
# Kind of plugin to its directory. An action plugin is documented by the module of its name.
KINDS = {"module": "modules", "filter": "filter", "inventory": "inventory"}
EVERY_MODULE_STATES = {"check_mode", "diff_mode", "idempotent"}


def names(kind: str) -> set[str]:
    return {f"{NAMESPACE}.{path.stem}" for path in ROOT.glob(f"plugins/{KINDS[kind]}/*.py")}


@pytest.fixture(scope="module")
def shown(run: t.Callable[..., str], installed: dict[str, str]) -> t.Callable[..., t.Any]:
    def ansible_doc(kind: str, *wanted: str) -> t.Any:
        return json.loads(run("ansible-doc", "--type", kind, "--json", *wanted, environ=installed))

    return ansible_doc


@pytest.mark.parametrize("kind", KINDS)
def test_every_plugin_is_listed(kind: str, shown: t.Callable[..., t.Any]) -> None:
    listed = shown(kind, "--list", NAMESPACE)
    assert set(listed) == names(kind)
    assert all(listed.values()), "a short description is missing"


@pytest.mark.parametrize("kind", KINDS)
def test_every_plugin_is_documented(kind: str, shown: t.Callable[..., t.Any]) -> None:
    for name, parts in shown(kind, *sorted(names(kind))).items():
        assert parts["doc"]["author"], name
        assert parts["doc"]["version_added"], name
        assert parts["return"] or kind == "inventory", name
        if kind == "module":
            assert set(parts["doc"]["attributes"]) >= EVERY_MODULE_STATES, name


def test_every_action_plugin_has_its_module() -> None:
    actions = {path.stem for path in ROOT.glob("plugins/action/*.py")}
    assert actions <= {path.stem for path in ROOT.glob("plugins/modules/*.py")}


def test_examples_of_modules_are_tasks(shown: t.Callable[..., t.Any]) -> None:
    for name, parts in shown("module", *sorted(names("module"))).items():
        examples = yaml.safe_load(parts["examples"])
        tasks = [task for example in examples for task in example.get("tasks", [example])]
        assert tasks, name
        assert all("name" in task for task in tasks), f"{name}: a task of the examples has no name"
        assert any(name in task for task in tasks), f"{name}: no example uses it"
        unknown = {option for task in tasks for option in task.get(name) or {}} - set(parts["doc"]["options"])
        assert not unknown, f"{name}: an example uses what it has not"


def test_every_role_is_documented(shown: t.Callable[..., t.Any]) -> None:
    roles = {f"{NAMESPACE}.{path.name}" for path in ROOT.glob("roles/*/")}
    documented = shown("role", *sorted(roles))
    assert set(documented) == roles
    for name, role in documented.items():
        for entry_point, specification in role["entry_points"].items():
            assert specification["short_description"], (name, entry_point)
            assert specification["description"], (name, entry_point)


def test_the_reference_has_a_page_for_everything(run: t.Callable[..., str], checkout: Path, tmp_path: Path) -> None:
    """It is written as `make reference` does, but from what is in git."""
    tmp_path.chmod(0o700)
    words = ["--use-current", "--squash-hierarchy", "--fail-on-error", "--output-format", "simplified-rst"]
    environ = {"ANSIBLE_COLLECTIONS_PATH": str(checkout.parents[2])}
    run("antsibull-docs", "collection", *words, "--dest-dir", tmp_path, NAMESPACE, environ=environ)
    wanted = {f"{name.rpartition('.')[2]}_{kind}.rst" for kind in KINDS for name in names(kind)}
    wanted |= {f"{path.name}_role.rst" for path in ROOT.glob("roles/*")}
    index = (tmp_path / "index.rst").read_text()
    assert {page for page in wanted if not (tmp_path / page).exists() or f"<{page}>" not in index} == set()


SCENARIO = "lab/test_scenarios.py::def test_symptoms_and_their_cures"
DOUBT = "unit/plugins/module_utils/test_ceph_cluster.py::def test_doubt_is_refused"
# Each symptom of docs/troubleshooting.md by words of its row, and where it is made to happen.
SYMPTOMS = {
    "Site model: N faults": "lab/test_site.py::def test_a_faulty_inventory_reaches_no_host",
    "silent: store3": DOUBT,
    "run once without --limit": DOUBT,
    "no monitor's host has a monitor's store": DOUBT,
    "refuses a device": "unit/plugins/modules/ceph_osd.yml::refuses the whole list when one device holds something",
    "this is still missing": "unit/plugins/modules/ceph_wait.yml::says what is missing, in the cluster's words",
    "MGR_MODULE_DEPENDENCY": SCENARIO,
    "fails on a health warning": SCENARIO,
    "a run was interrupted": "lab/test_stores.py::def test_a_first_run_killed_and_run_again",
    "the first mount fails": SCENARIO,
    "ends with exit code 2": "lab/test_site_report.py::def test_what_needs_a_person_is_told",
    "no system of the site has answered": "unit/plugins/inventory/test_pool.py::def test_no_answer_is_an_error",
    "`never_seen`": "unit/plugins/module_utils/test_survey.py::def test_an_execution_point",
    "RECENT_MGR_MODULE_CRASH": SCENARIO,
}


def test_each_symptom_is_made_to_happen_by_a_test() -> None:
    rows = [line for line in (ROOT / "docs" / "troubleshooting.md").read_text().splitlines() if line.startswith("| ")]
    symptoms = [row.split(" | ")[0] for row in rows[1:]]
    assert not [row for row in symptoms if sum(words in row for words in SYMPTOMS) != 1]
    for place in SYMPTOMS.values():
        path, words = place.split("::")
        assert words in (ROOT / "tests" / path).read_text(), place
