# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: the Slurm part of the site model."""

from __future__ import annotations

import typing as t

from ansible_collections.sitewright.grid.plugins.module_utils._site_faults import SITE, enumerate_names
from ansible_collections.sitewright.grid.plugins.module_utils._site_product import Host, Product, Serving
from ansible_collections.sitewright.grid.plugins.module_utils._site_slurm_variables import SLURM_VARIABLES
from ansible_collections.sitewright.grid.plugins.module_utils._site_values import nearest
from ansible_collections.sitewright.grid.plugins.module_utils._site_variables import REFUSED, Settings

# What the hosts of each group run, in the words of the role slurm.
SLURM_GROUPS = {"slurm_controllers": "controller", "slurm_nodes": "node"}
_WORK: dict[str, dict[str, t.Any]] = {
    "work": {"groups": ["slurm_nodes"], "default": True, "max_time": None, "parameters": {}}
}


def build_slurm(hosts: t.Mapping[str, Host], serving: Serving, settings: Settings) -> dict[str, t.Any] | None:
    """Return the part C(slurm) of the model, or None where no group of Slurm has a host."""
    controllers, nodes = serving["slurm_controllers"], serving["slurm_nodes"]
    if not controllers and not nodes:
        return None
    place = settings.findings.at(SITE, "slurm_controllers")
    if not controllers:
        place.refuse("has no host, but slurm_nodes needs one: add a host to slurm_controllers")
    elif len(controllers) > 1:
        place.refuse(
            f"has {len(controllers)} hosts ({enumerate_names(controllers)}): leave one in it, a second would need a "
            "directory of its state that both share, which the role does not make"
        )
    elif hosts[controllers[0]].retiring:
        place.refuse(f"has only {controllers[0]}, which is in retiring: make another host the controller first")
    if not nodes:
        settings.findings.at(SITE, "slurm_nodes").warn("has no host: no job will run")
    return {
        "cluster": settings.site("site_name").lower(),
        "controller": {
            "host": controllers[0] if controllers else None,
            "name": hosts[controllers[0]].short_name if controllers else None,
            "address": hosts[controllers[0]].address if controllers else None,
        },
        "nodes": list(nodes),
        "partitions": _partitions(hosts, nodes, settings),
        "parameters": settings.site("slurm_parameters"),
    }


def _partitions(hosts: t.Mapping[str, Host], nodes: t.Sequence[str], settings: Settings) -> dict[str, dict[str, t.Any]]:
    """Return the partitions with their nodes by short name."""
    findings = settings.findings
    wanted = settings.site("slurm_partitions") or _WORK
    partitions = {}
    for name, partition in wanted.items():
        place = findings.at(SITE, "slurm_partitions").key(name).key("groups")
        for index, group in enumerate(partition["groups"]):
            if group not in {*settings.groups, *SLURM_GROUPS}:
                place.item(index).refuse(f"is no group of the inventory: {nearest(group, settings.groups)}", group)
            elif nodes and not set(nodes) & set(settings.groups.get(group, ())):
                place.item(index).refuse("has no host of slurm_nodes: name a group that has some", group)
        members = {host for group in partition["groups"] for host in settings.groups.get(group, ())}
        partitions[name] = {
            "nodes": [hosts[host].short_name for host in nodes if host in members],
            "default": partition["default"],
            "max_time": partition["max_time"],
            "parameters": partition["parameters"],
        }
    defaults = [name for name, partition in partitions.items() if partition["default"]]
    if len(defaults) > 1:
        findings.at(SITE, "slurm_partitions").refuse(
            f"has more than one default ({enumerate_names(defaults)}): leave it to one of them"
        )
    served = {node for partition in partitions.values() for node in partition["nodes"]}
    idle = [host for host in nodes if hosts[host].short_name not in served]
    if idle:
        findings.at(SITE, "slurm_partitions").warn(
            f"has no partition for {enumerate_names(idle)}: no job will run there"
        )
    return partitions


def build_slurm_host(host: Host, serving: Serving, settings: Settings) -> dict[str, t.Any] | None:
    """Return the part C(slurm) of a host, or None where it runs nothing of Slurm."""
    runs = [daemon for group, daemon in SLURM_GROUPS.items() if host.name in serving[group]]
    if not runs:
        return None

    def value(variable: str, otherwise: t.Any) -> t.Any:
        given = settings.host(host.name, variable)
        return otherwise if given is REFUSED else given

    return {
        "runs": runs,
        "node": {
            "address": host.address,
            "features": value("slurm_features", []),
            "gres": value("slurm_gres", {}),
            "memory_percent": value("slurm_memory_percent", 95),
            "parameters": value("slurm_node_parameters", {}),
        }
        if "node" in runs
        else None,
    }


SLURM = Product(
    name="slurm",
    prefixes=("slurm_",),
    groups=tuple(SLURM_GROUPS),
    variables=SLURM_VARIABLES,
    build_site=build_slurm,
    build_host=build_slurm_host,
)
