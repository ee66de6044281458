# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the parts of the collection promise one another, and no linter knows."""

from __future__ import annotations

import ast
import fnmatch
import re
import typing as t
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
ROLES = sorted(path.name for path in ROOT.glob("roles/*/"))
# The third part of a module or role name: what a task file or a playbook uses of a collection.
USED = re.compile(
    r"\b(?P<collection>[a-z_]+\.[a-z_]+)\.[a-z_]+:\s*(?:$|#)|(?:role|name): (?P<role>[a-z_]+\.[a-z_]+)\.", re.M
)


def load(name: str) -> t.Any:
    return yaml.safe_load((ROOT / name).read_text())


def options_of(role: str) -> dict[str, dict[str, t.Any]]:
    """Return the options of all entry points of a role."""
    entry_points = load(f"roles/{role}/meta/argument_specs.yml")["argument_specs"].values()
    return {name: option for entry in entry_points for name, option in entry.get("options", {}).items()}


def files(tracked: list[str], *patterns: str) -> dict[str, str]:
    """Return the content of the tracked files that match one of the patterns."""
    matching = {name for pattern in patterns for name in fnmatch.filter(tracked, pattern)}
    return {name: (ROOT / name).read_text() for name in sorted(matching)}


@pytest.mark.parametrize("role", ROLES)
def test_defaults_are_those_of_the_argument_specs(role: str) -> None:
    defaults = load(f"roles/{role}/defaults/main.yml") or {}
    specified = {name: option["default"] for name, option in options_of(role).items() if "default" in option}
    assert defaults == specified


@pytest.mark.parametrize("role", ROLES)
def test_every_option_stands_in_defaults(role: str) -> None:
    """An option without a default stands there commented out."""
    text = (ROOT / f"roles/{role}/defaults/main.yml").read_text()
    named = set(re.findall(r"^(?:# )?([a-z_0-9]+):", text, re.MULTILINE))
    options = load(f"roles/{role}/meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    assert set(options) <= named <= set(options_of(role))


@pytest.mark.parametrize("role", ROLES)
def test_readme_names_only_options_of_the_role(role: str) -> None:
    text = (ROOT / f"roles/{role}/README.md").read_text()
    assert text.startswith(f"# {role}\n")
    named = set(re.findall(rf"\b({role}_[a-z0-9_]+)\b", text))
    assert named <= set(options_of(role))


def test_roles_know_no_groups_and_no_other_hosts(tracked: list[str]) -> None:
    for name, text in files(tracked, "roles/*/*/*.yml", "roles/*/templates/*").items():
        assert not re.search(r"\b(hostvars|groups|group_names)\b", text), f"{name} looks beyond its parameters"


def test_every_template_says_who_manages_the_file(tracked: list[str]) -> None:
    for name, text in files(tracked, "roles/*/templates/*").items():
        assert text.startswith("{{ ansible_managed | comment"), name


def test_no_group_vars_beside_the_playbooks(tracked: list[str]) -> None:
    assert not files(tracked, "playbooks/group_vars/*", "playbooks/host_vars/*"), "they outrank the operator's own"


def test_dependencies_are_the_collections_in_use(tracked: list[str]) -> None:
    used = set()
    for text in files(tracked, "roles/*/tasks/*.yml", "roles/*/handlers/*.yml", "playbooks/*.yml").values():
        used |= {match["collection"] or match["role"] for match in USED.finditer(text)}
    assert used - {"ansible.builtin", "sitewright.grid"} == set(load("galaxy.yml")["dependencies"])


def test_the_group_ceph_holds_the_modules_that_speak_to_the_cluster(tracked: list[str]) -> None:
    modules = files(tracked, "plugins/modules/*.py")
    speaking = [Path(name).stem for name, text in modules.items() if "- sitewright.grid.ceph_cli" in text]
    assert load("meta/runtime.yml")["action_groups"]["ceph"] == sorted(speaking)


def test_shared_python_is_private_and_says_so(tracked: list[str]) -> None:
    for name, text in files(tracked, "plugins/module_utils/*.py").items():
        assert Path(name).name.startswith("_"), name
        assert (ast.get_docstring(ast.parse(text)) or "").startswith("Private to sitewright.grid: "), name


def test_every_python_file_names_its_license(tracked: list[str]) -> None:
    for name, text in files(tracked, "*.py").items():
        assert "# SPDX-License-Identifier: GPL-3.0-or-later\n" in "".join(text.splitlines(keepends=True)[:5]), name


def test_changelog_is_of_this_version_and_names_every_module(tracked: list[str]) -> None:
    release = load("changelogs/changelog.yaml")["releases"][load("galaxy.yml")["version"]]
    named = [module["name"] for module in release["modules"]]
    assert sorted(named) == sorted(Path(name).stem for name in files(tracked, "plugins/modules/*.py"))


def test_documents_name_only_targets_of_the_makefile(tracked: list[str]) -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.M))
    for name, text in files(tracked, "*.md").items():
        named = set(re.findall(r"(?:`|^ *\$ |^)make ([a-z-]+)", text, re.M))
        assert named <= targets, name
