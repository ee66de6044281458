# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: Slurm's configuration as text, made of its nodes, what they are, and its partitions."""

from __future__ import annotations

import re
import typing as t
from itertools import groupby

HEADER = "# Written by Ansible (sitewright.grid.slurm_config): changes made here are lost."
# Names of parameters that follow from the site, in small letters.
OWNED = {
    "authtype": "the role, which hands over MUNGE's key",
    "clustername": "site_name",
    "controladdr": "slurm_controllers",
    "controlmachine": "slurm_controllers",
    "downnodes": "slurm_nodes",
    "epilog": "the role, whose epilog proves that nothing is left",
    "grestypes": "slurm_gres",
    "nodename": "slurm_nodes",
    "partitionname": "slurm_partitions",
    "slurmctldaddr": "slurm_controllers",
    "slurmctldhost": "slurm_controllers",
    "slurmdspooldir": "the role",
    "statesavelocation": "the role",
}
_NUMBERED = re.compile(r"(.*?)(\d+)")

Facts = t.Mapping[str, t.Any]
Node = t.Mapping[str, t.Any]


def render_value(value: t.Any) -> str:
    """Return a value as Slurm writes it: a list with commas, a boolean as YES or NO."""
    if isinstance(value, bool):
        return "YES" if value else "NO"
    if isinstance(value, (list, tuple)):
        return ",".join(render_value(item) for item in value)
    return str(value)


def render_hosts(names: t.Iterable[str]) -> str:
    """Return names as Slurm's host list: C(worker[01-03,07],login)."""
    parsed = []
    for name in sorted(set(names)):
        found = _NUMBERED.fullmatch(name)
        parsed.append((found[1], len(found[2]), int(found[2]), name) if found else (name, 0, 0, name))
    parts = []
    for (prefix, width), group in groupby(sorted(parsed), key=lambda item: item[:2]):
        numbers = [item[2] for item in group]
        runs: list[list[int]] = []
        for number in numbers:
            if runs and number == runs[-1][1] + 1:
                runs[-1][1] = number
            else:
                runs.append([number, number])
        spans = [f"{a:0{width}}" if a == b else f"{a:0{width}}-{b:0{width}}" for a, b in runs]
        if not width:
            parts.append(prefix)
        else:
            parts.append(prefix + (spans[0] if len(numbers) == 1 else f"[{','.join(spans)}]"))
    return ",".join(parts)


def usable_memory(facts: Facts, percent: int) -> int:
    """Return the MiB that jobs may have of a host; the rest is for its system."""
    return int(facts["memory"]) * percent // 100


def render_line(words: t.Mapping[str, t.Any]) -> str:
    """Return a line of C(name=value); what has no value is left out."""
    return " ".join(f"{name}={render_value(value)}" for name, value in words.items() if value not in (None, [], ""))


def gres_of(node: Node, facts: Facts) -> dict[str, int]:
    """Return the generic resources of a node: those that it was found to have, and those that the operator gives it."""
    return {**facts.get("gres", {}), **node["gres"]}


def render_node(name: str, node: Node, facts: Facts) -> str:
    """Return the line of a node."""
    hostname = facts.get("hostname") or name
    return render_line(
        {
            "NodeName": name,
            "NodeHostname": hostname if hostname != name else None,
            "NodeAddr": node["address"],
            "CPUs": facts["cpus"],
            "Sockets": facts.get("sockets"),
            "CoresPerSocket": facts.get("cores"),
            "ThreadsPerCore": facts.get("threads"),
            "RealMemory": usable_memory(facts, node["memory_percent"]),
            "Feature": list(dict.fromkeys([*node["features"], *facts.get("features", [])])),
            "Gres": [f"{gres}:{count}" for gres, count in gres_of(node, facts).items()],
            **node["parameters"],
        }
    )


def has_cgroups(facts: t.Mapping[str, Facts]) -> bool:
    """Tell whether every node can hold jobs by cgroup v2; Slurm has one way for all of them."""
    return bool(facts) and all(one["cgroups"] for one in facts.values())


def render_conf(
    cluster: str,
    controller: t.Mapping[str, str],
    nodes: t.Mapping[str, Node],
    facts: t.Mapping[str, Facts],
    partitions: t.Mapping[str, t.Mapping[str, t.Any]],
    parameters: t.Mapping[str, t.Any],
    directories: t.Mapping[str, str],
    scripts: t.Iterable[str],
) -> str:
    """Return C(slurm.conf). The nodes are those that facts knows; parameters win over what is written here."""
    known = {name: node for name, node in nodes.items() if name in facts}
    cgroups = has_cgroups({name: facts[name] for name in known})
    address = controller["address"]
    least = min(
        (usable_memory(facts[name], node["memory_percent"]) // facts[name]["cpus"] for name, node in known.items()),
        default=None,
    )
    ours: dict[str, t.Any] = {
        "ClusterName": cluster,
        "SlurmctldHost": controller["name"] + (f"({address})" if address != controller["name"] else ""),
        "SlurmctldParameters": "enable_configless",
        "SlurmUser": "slurm",
        "AuthType": "auth/munge",
        "StateSaveLocation": directories["state"],
        "SlurmdSpoolDir": directories["spool"],
        "SlurmctldPidFile": "/run/slurmctld/slurmctld.pid",
        "SlurmdPidFile": "/run/slurm/slurmd.pid",
        "SlurmctldLogFile": "/var/log/slurm/slurmctld.log",
        "SlurmdLogFile": "/var/log/slurm/slurmd.log",
        # A node that was down comes back by itself; one that was drained does not.
        "ReturnToService": 2,
        "SelectType": "select/cons_tres",
        "SelectTypeParameters": "CR_Core_Memory",
        "DefMemPerCPU": least,
        "ProctrackType": "proctrack/cgroup" if cgroups else "proctrack/linuxproc",
        "TaskPlugin": ["task/cgroup", "task/affinity"] if cgroups else "task/none",
        "JobAcctGatherType": "jobacct_gather/cgroup" if cgroups else "jobacct_gather/linux",
        "GresTypes": sorted({gres for name, node in nodes.items() for gres in gres_of(node, facts.get(name, {}))}),
        "Epilog": "epilog" if "epilog" in scripts else None,
        "JobSubmitPlugins": "lua" if "job_submit.lua" in scripts else None,
    }
    given = {name.lower() for name in parameters}
    lines = [f"{name}={render_value(value)}" for name, value in ours.items() if value and name.lower() not in given]
    lines += [f"{name}={render_value(value)}" for name, value in parameters.items() if value is not None]
    blocks = [[HEADER], lines, [render_node(name, node, facts[name]) for name, node in known.items()]]
    blocks.append(
        [
            render_line(
                {
                    "PartitionName": name,
                    "Nodes": render_hosts(node for node in partition["nodes"] if node in known) or '""',
                    "Default": bool(partition["default"]),
                    "MaxTime": partition["max_time"],
                    **partition["parameters"],
                }
            )
            for name, partition in partitions.items()
        ]
    )
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def render_gres(nodes: t.Mapping[str, Node], facts: t.Mapping[str, Facts]) -> str:
    """Return C(gres.conf): things that are only counted."""
    by_gres: dict[tuple[str, int], list[str]] = {}
    for name, node in nodes.items():
        if name in facts:
            for gres, count in gres_of(node, facts[name]).items():
                by_gres.setdefault((gres, count), []).append(name)
    lines = [
        f"NodeName={render_hosts(names)} Name={gres} Count={count} Flags=CountOnly"
        for (gres, count), names in sorted(by_gres.items())
    ]
    return "\n".join([HEADER, *lines]) + "\n"


def render_cgroup(cgroups: bool) -> str:
    """Return C(cgroup.conf)."""
    lines = (
        ["CgroupPlugin=autodetect", "ConstrainCores=yes", "ConstrainRAMSpace=yes", "ConstrainSwapSpace=yes"]
        if cgroups
        else ["CgroupPlugin=disabled"]
    )
    return "\n".join([HEADER, *lines]) + "\n"


def parse_nodes(conf: str) -> list[str]:
    """Return the nodes of a C(slurm.conf) of ours."""
    return re.findall(r"^NodeName=(\S+)", conf, re.MULTILINE)
