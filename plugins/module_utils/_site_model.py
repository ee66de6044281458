# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: the whole inventory as one checked model, or everything that is wrong with it.

The model is plain data; plugins/modules/site_model.py documents it. A product is added by its line in PRODUCTS.
"""

from __future__ import annotations

import difflib
import re
import typing as t
from dataclasses import dataclass

from ansible_collections.sitewright.grid.plugins.module_utils._site_addresses import (
    Networks,
    address,
    check_disjoint,
    literal,
    network,
)
from ansible_collections.sitewright.grid.plugins.module_utils._site_ceph import CEPH
from ansible_collections.sitewright.grid.plugins.module_utils._site_condor import CONDOR
from ansible_collections.sitewright.grid.plugins.module_utils._site_faults import (
    SITE,
    Fault,
    Findings,
    render_findings,
)
from ansible_collections.sitewright.grid.plugins.module_utils._site_osg import OSG
from ansible_collections.sitewright.grid.plugins.module_utils._site_product import Host, Serving
from ansible_collections.sitewright.grid.plugins.module_utils._site_slurm import SLURM
from ansible_collections.sitewright.grid.plugins.module_utils._site_values import each, nearest, text
from ansible_collections.sitewright.grid.plugins.module_utils._site_variables import (
    REFUSED,
    Inventory,
    Settings,
    Unreadable,
    Variable,
)
from ansible_collections.sitewright.grid.plugins.module_utils._site_virt import VIRT

PRODUCTS = (CEPH, CONDOR, OSG, SLURM, VIRT)
PREFIXES = ("site_", *(prefix for product in PRODUCTS for prefix in product.prefixes))
GROUPS = (*(group for product in PRODUCTS for group in product.groups), "retiring")
VARIABLES = (
    Variable(
        "site_name",
        "site",
        "string",
        "site",
        text("a label", "blueberry", r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?", "use letters, digits and dashes"),
        "The name of the site; purge.yml asks for it.",
    ),
    Variable(
        "site_networks",
        "site",
        "list of networks",
        [],
        each(network, "a list of networks", "[192.0.2.0/24]"),
        "The networks that all addresses of the site lie in. Without any no address is compared with them.",
    ),
    Variable(
        "site_address",
        "host",
        "address",
        None,
        address,
        "The address under which other hosts reach this one. Without it ansible_host, or the name in the inventory.",
    ),
    *(variable for product in PRODUCTS for variable in product.variables),
)
# Ansible's own variable, which the model reads but does not list among the site's.
_ANSIBLE_HOST = Variable("ansible_host", "host", "address", None, address, "")
# The variables whose values the model uses.
TEMPLATED = frozenset(variable.name for variable in (*VARIABLES, _ANSIBLE_HOST))
MERGED = frozenset(variable.name for variable in VARIABLES if variable.merged)


@dataclass(frozen=True)
class SiteModel:
    """The model, or None where there are faults, and what was found."""

    site: dict[str, t.Any] | None
    faults: list[Fault]
    warnings: list[str]


def is_ours(name: str) -> bool:
    """Tell whether the model looks at variables of this name."""
    return name.startswith(PREFIXES) or name in TEMPLATED


def merge_levels(levels: t.Sequence[t.Any]) -> t.Any:
    """Return dictionaries as one, of which a later one wins, whatever the spelling of a key in capitals or not.

    A level that is no dictionary is returned as it is, for its check to refuse.
    """
    merged: dict[str, tuple[str, t.Any]] = {}
    for level in levels:
        if not isinstance(level, t.Mapping):
            return level
        for key, value in level.items():
            merged[str(key).upper()] = (str(key), value)
    return dict(merged.values())


def build_site(inventory: Inventory) -> SiteModel:
    """Return the model of the site that an inventory describes."""
    findings = Findings()
    serving = Serving({group: inventory.groups.get(group, ()) for group in GROUPS})
    serving_hosts = {host for hosts in serving.values() for host in hosts}
    # Hosts that serve the site in no group of ours are no business of ours.
    members = [host for host in inventory.hosts if host in serving_hosts]
    _check_groups(inventory, serving, members, findings)
    _check_variables(inventory, members, findings)
    settings = Settings((*VARIABLES, _ANSIBLE_HOST), inventory, members, findings)
    hosts = _hosts(members, serving, settings)
    site = {
        "name": settings.site("site_name"),
        "networks": settings.site("site_networks"),
        **{product.name: product.build_site(hosts, serving, settings) for product in PRODUCTS},
        "hosts": {
            host.name: {
                "short_name": host.short_name,
                "address": host.address,
                "retiring": host.retiring,
                **{product.name: product.build_host(host, serving, settings) for product in PRODUCTS},
            }
            for host in hosts.values()
        },
    }
    warnings = [" ".join(line.split()) for line in render_findings(findings.warnings)]
    return SiteModel(None if findings.faults else {**site, "warnings": warnings}, findings.faults, warnings)


def _check_groups(inventory: Inventory, serving: Serving, members: list[str], findings: Findings) -> None:
    if not inventory.hosts:
        findings.at(SITE, "inventory").refuse("has no host: name an inventory with hosts, for example with -i")
    elif not members:
        findings.at(SITE, "inventory").refuse(f"has no host in any group of the site: fill some of {', '.join(GROUPS)}")
    for group, hosts in inventory.groups.items():
        near = difflib.get_close_matches(group.lower().replace("-", "_"), GROUPS, n=1, cutoff=0.85)
        if group not in GROUPS and near and not set(hosts) <= set(serving[near[0]]):
            findings.at(SITE, group).warn(f"is not a group of the site, only almost: is '{near[0]}' meant?")
    for host in serving["retiring"]:
        if not any(host in serving[group] for group in GROUPS if group != "retiring"):
            findings.at(host, "retiring").warn("is its only group: leave it in its others until retire.yml has run")


def _check_variables(inventory: Inventory, members: list[str], findings: Findings) -> None:
    ours = [variable.name for variable in VARIABLES]
    known = {*ours, *inventory.role_options}
    for host in members:
        for name, value in inventory.hosts[host].items():
            if name.startswith(PREFIXES) and name not in known:
                findings.at(host, name).refuse(
                    f"is no variable of the site: {nearest(name, ours, cutoff=0.8)}",
                    *([] if isinstance(value, Unreadable) else [value]),
                )


def _hosts(members: list[str], serving: Serving, settings: Settings) -> dict[str, Host]:
    findings = settings.findings
    check_disjoint(findings.at(SITE, "site_networks"), settings.site("site_networks"))
    networks = Networks(settings.site("site_networks"))
    monitors, retiring = set(serving["ceph_mons"]), set(serving["retiring"])
    short_names: dict[str, str] = {}
    addresses: dict[str, str] = {}
    hosts = {}
    for name in members:
        short_name = _short_name(name, short_names, findings)
        given, variable = settings.host(name, "site_address"), "site_address"
        if given is None:
            given, variable = settings.host(name, _ANSIBLE_HOST.name), _ANSIBLE_HOST.name
        place = findings.at(name, variable)
        if given is None and name in monitors:
            findings.at(name, "site_address").refuse(
                "is missing, but monitors need an address: set it, or ansible_host"
            )
        elif given is not None and given is not REFUSED:
            if name in monitors and literal(given) is None:
                place.refuse("is a name, but monitors need an address: set site_address to one", given)
            networks.check(place, given)
            if given in addresses:
                place.refuse(f"is the address of {addresses[given]}, too: give each host its own", given)
            addresses.setdefault(given, name)
        reached = None if given is REFUSED else given or name
        hosts[name] = Host(name, short_name, reached, name in retiring)
    return hosts


def _short_name(name: str, seen: dict[str, str], findings: Findings) -> str:
    """Return a host's short name; seen has the hosts before it by theirs."""
    short_name = name.partition(".")[0]
    place = findings.at(name, "inventory_hostname")
    if literal(name):
        place.refuse("is an address: name the host, and give the address as ansible_host")
    elif short_name.lower() == "localhost":
        place.refuse("means every host itself: give the host a name of its own")
    elif re.fullmatch(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})", short_name) is None:
        place.refuse("is no host name: use letters, digits, dashes and underscores, at most 63")
    elif short_name.lower() in seen:
        place.refuse(
            f"has the short name of {seen[short_name.lower()]}, which daemons are called by: rename one of them"
        )
    seen.setdefault(short_name.lower(), name)
    return short_name
