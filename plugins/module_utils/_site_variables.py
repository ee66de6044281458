# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: variables of the inventory as data, and where their values come from."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.sitewright.grid.plugins.module_utils._site_faults import (
    SITE,
    Findings,
    Place,
    enumerate_names,
    show,
)

# Takes a place and a value; returns the value in its plain form, or records faults and returns REFUSED.
Check = t.Callable[[Place, t.Any], t.Any]

REFUSED: t.Final = object()


@dataclass(frozen=True)
class Variable:
    """A variable that operators may set.

    scope is C(site) where all hosts have to agree on it, C(host) where each may have its own. type, default and
    description document it; default is also what the model takes where no value is given. A merged variable is a
    dictionary that may be given in parts, for all, for groups and for hosts: the nearer part wins, key by key.
    """

    name: str
    scope: str
    type: str
    default: t.Any
    check: Check
    description: str
    merged: bool = False


@dataclass(frozen=True)
class Unreadable:
    """Stands for a value that Ansible cannot template; reason says why."""

    reason: str


@dataclass(frozen=True)
class Inventory:
    """What the site model is made of.

    hosts has the variables of each host by its name in the inventory, as plain data; groups has the hosts of every
    group. role_options are the options of the collection's roles: known names, but none of the model's business.
    """

    hosts: t.Mapping[str, t.Mapping[str, t.Any]]
    groups: t.Mapping[str, t.Sequence[str]]
    role_options: t.Collection[str] = ()


class Settings:
    """The checked values of the inventory's variables; a value that is missing or null is the default."""

    def __init__(
        self, variables: t.Iterable[Variable], inventory: Inventory, members: t.Sequence[str], findings: Findings
    ) -> None:
        self.findings = findings
        self.groups = inventory.groups
        self._hosts = inventory.hosts
        self._members = members
        self._variables = {variable.name: variable for variable in variables}
        self._given: set[str] = set()
        self._checked: dict[tuple[str, str], t.Any] = {}
        self._site = {name: self._agree(name) for name, known in self._variables.items() if known.scope == "site"}

    def site(self, name: str) -> t.Any:
        """Return the value of a variable that describes the site; a refused one counts as the default."""
        return self._site[name]

    def is_given(self, name: str) -> bool:
        """Tell whether the inventory has a value for this variable of the site, valid or not."""
        return name in self._given

    def host(self, host: str, name: str) -> t.Any:
        """Return the value of this host's variable, or REFUSED; its faults are recorded once."""
        value = self._hosts[host].get(name)
        if value is None:
            return self._variables[name].default
        if (host, name) not in self._checked:
            self._checked[host, name] = self._check(host, name, value)
        return self._checked[host, name]

    def given(self, host: str, name: str) -> t.Any:
        """Return what the inventory has for this host's variable of a dictionary, unchecked; else an empty one."""
        value = self._hosts[host].get(name)
        return value if isinstance(value, dict) else {}

    def _check(self, host: str, name: str, value: t.Any) -> t.Any:
        place = self.findings.at(host, name)
        if isinstance(value, Unreadable):
            place.refuse(f"cannot be templated ({value.reason}): correct the expression, or what it refers to")
            return REFUSED
        return self._variables[name].check(place, value)

    def _agree(self, name: str) -> t.Any:
        """Return the one value that all hosts have that have any."""
        opinions: list[tuple[t.Any, list[str]]] = []
        for host in self._members:
            value = self._hosts[host].get(name)
            if value is None:
                continue
            for opinion, hosts in opinions:
                # Hosts of one group share the very object; comparing identities first keeps large sites cheap.
                if opinion is value or opinion == value:
                    hosts.append(host)
                    break
            else:
                opinions.append((value, [host]))
        if not opinions:
            return self._variables[name].default
        self._given.add(name)
        unreadable = [opinion for opinion in opinions if isinstance(opinion[0], Unreadable)]
        for value, hosts in unreadable:
            for host in hosts:
                self._check(host, name, value)
        if not unreadable and len(opinions) > 1:
            said = "; ".join(f"'{show(name, value)}' on {enumerate_names(hosts)}" for value, hosts in opinions)
            self.findings.at(SITE, name).refuse(f"differs between hosts ({said}): give it once, for the whole site")
        checked = REFUSED if unreadable or len(opinions) > 1 else self._check(SITE, name, opinions[0][0])
        return self._variables[name].default if checked is REFUSED else checked
