# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The site model: the whole inventory, checked once, on the controller. See plugins/modules/site_model.py."""

from __future__ import annotations

import typing as t
from pathlib import Path

import yaml
from ansible.errors import AnsibleError
from ansible.inventory.helpers import sort_groups
from ansible.module_utils.basic import missing_required_lib
from ansible.plugins.action import ActionBase
from ansible.plugins.loader import cache_loader
from ansible.template import Templar
from ansible.vars.manager import VariableManager
from ansible.vars.plugins import get_vars_from_inventory_sources
from ansible_collections.sitewright.grid.plugins.module_utils._cli import redact
from ansible_collections.sitewright.grid.plugins.module_utils._site_addresses import HAS_NETADDR
from ansible_collections.sitewright.grid.plugins.module_utils._site_faults import render_refusal
from ansible_collections.sitewright.grid.plugins.module_utils._site_model import (
    MERGED,
    TEMPLATED,
    build_site,
    is_ours,
    merge_levels,
)
from ansible_collections.sitewright.grid.plugins.module_utils._site_variables import Inventory, Unreadable

ROLES = Path(__file__).resolve().parents[2] / "roles"


class ActionModule(ActionBase):
    """Build the model; no host is contacted, so no connection is needed."""

    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Return the model as site, or fail with all faults at once."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        if self._task.args:
            raise AnsibleError("The site model takes no options: it reads the inventory.")
        if not HAS_NETADDR:
            raise AnsibleError(f"{missing_required_lib('netaddr')} The controller needs it, the hosts do not.")
        model = build_site(read_inventory((task_vars or {})["hostvars"], self._loader))
        result["warnings"] = [redact(f"Site model: {warning}") for warning in model.warnings]
        if model.site is None:
            faults = [vars(fault) for fault in model.faults]
            return {**result, "failed": True, "msg": render_refusal(model.faults), "faults": faults}
        # Not as a fact: Ansible copies all facts of a host for each of its tasks, which is quadratic for such a model.
        return {**result, "changed": False, "site": model.site}


def read_inventory(hostvars: t.Any, loader: t.Any) -> Inventory:
    """Return what operators have written for all hosts, with --limit, too: inventory and extra variables, no facts.

    A variable manager of its own sees just that; the play's would mix in what earlier tasks have set and registered.
    """
    inventory = hostvars._inventory
    manager: t.Any = VariableManager(loader=loader, inventory=inventory)
    # Gathered facts are not the operator's words, and slow to read for many hosts: an empty cache in place of theirs.
    manager._fact_cache = cache_loader.get("ansible.builtin.memory")
    shared: dict[int, tuple[t.Any, t.Any]] = {}
    levels = Levels(inventory, loader, manager.extra_vars)
    hosts = {}
    for name, host in inventory.hosts.items():
        variables = {**manager.get_vars(host=host, include_hostvars=False), **levels.merged(host)}
        context = {**variables, "hostvars": hostvars}
        hosts[str(name)] = {
            str(variable): _read(variable, value, context, loader, shared)
            for variable, value in variables.items()
            if is_ours(variable)
        }
    groups = {str(group): [str(name) for name in names] for group, names in inventory.get_groups_dict().items()}
    return Inventory(hosts, groups, read_role_options())


class Levels:
    """The merged variables of a host: from what is written for all, for its groups and for itself, key by key.

    Ansible lets the nearest dictionary replace the others, so each level is read by itself, in Ansible's own order.
    """

    def __init__(self, inventory: t.Any, loader: t.Any, extra: t.Mapping[str, t.Any]) -> None:
        self._inventory = inventory
        self._loader = loader
        self._extra = extra
        self._files: dict[str, t.Mapping[str, t.Any]] = {}

    def merged(self, host: t.Any) -> dict[str, t.Any]:
        """Return those merged variables that have a value on any level."""
        groups = sort_groups(host.get_groups())
        everybody = [group for group in groups if group.name == "all"]
        others = [group for group in groups if group.name != "all"]
        levels = [
            level
            for some in (everybody, others)
            for level in (*(group.get_vars() for group in some), *(self._in_files(group) for group in some))
        ]
        levels += [host.vars, self._in_files(host), self._extra]
        result = {}
        for name in MERGED:
            given = [level[name] for level in levels if level.get(name) is not None]
            if len(given) > 1:
                result[name] = merge_levels(given)
        return result

    def _in_files(self, entity: t.Any) -> t.Mapping[str, t.Any]:
        """Return what group_vars and host_vars have for a group or a host."""
        key = f"{type(entity).__name__} {entity.name}"
        if key not in self._files:
            sources = self._inventory._sources
            self._files[key] = get_vars_from_inventory_sources(self._loader, sources, [entity], "task")
        return self._files[key]


def _read(name: str, value: t.Any, context: dict[str, t.Any], loader: t.Any, shared: dict[int, t.Any]) -> t.Any:
    """Return a variable's value as plain data, templated where the model is going to use it.

    shared has the plain form of values by their id, as hosts of a group share its values; it keeps the values, too, so
    that no id is used again.
    """
    if id(value) not in shared:
        if not is_plain(value):
            if name not in TEMPLATED:
                return Unreadable("not read")
            try:
                return to_plain(Templar(loader, context).template(value))
            except (AnsibleError, RecursionError) as error:
                reason = " ".join(str(error).split())
                # Python words it by where it stops.
                return Unreadable("it refers to itself" if "recursion" in reason else reason)
        shared[id(value)] = (value, to_plain(value))
    return shared[id(value)][1]


def is_plain(value: t.Any) -> bool:
    """Tell whether a value is data already: neither a template, nor encrypted, nor something with either in it."""
    if isinstance(value, str):
        return not any(mark in value for mark in ("{{", "{%", "{#"))
    if isinstance(value, dict):
        return all(is_plain(item) for pair in value.items() for item in pair)
    if isinstance(value, list):
        return all(is_plain(item) for item in value)
    return value is None or isinstance(value, (bool, int, float))


def to_plain(value: t.Any) -> t.Any:
    """Return data without Ansible's own types: since ansible-core 2.19 its values are tagged subclasses."""
    if isinstance(value, dict):
        return {str(key): to_plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_plain(item) for item in value]
    for kind in (bool, int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return None if value is None else str(value)  # a date, for example


def read_role_options() -> frozenset[str]:
    """Return the names of all options of the collection's roles."""
    options: set[str] = set()
    for path in ROLES.glob("*/meta/argument_specs.yml"):
        specs = yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"]
        options.update(name for spec in specs.values() for name in spec.get("options") or {})
    return frozenset(options)
