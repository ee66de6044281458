# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: queues, resources and nodes of PBS as its qmgr prints them, and what makes them so."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field

# The resource of OpenPBS by which nodes are of a queue, as its administrators' guide has it.
QLIST = "Qlist"
_FIRST_OPENPBS = 13  # Torque never came that far
_LINE = re.compile(r"(create|set) (server|queue|node|resource)(?: (\S+))?(?: (.*))?")
_ASSIGNMENT = re.compile(r"(\S+) (=|\+=) ?(.*)")
_TIME = re.compile(r"(?:(?:(\d+):)?(\d+):)?(\d+)(?:\.\d+)?")
_PLAIN = re.compile(r"[A-Za-z0-9_.:@*/+-]+")

Attributes = dict[str, list[str]]


@dataclass
class Pbs:
    """A server: its version, and the attributes of its queues, resources and nodes, each a list of values."""

    version: str = ""
    queues: dict[str, Attributes] = field(default_factory=dict)
    resources: dict[str, Attributes] = field(default_factory=dict)
    nodes: dict[str, Attributes] = field(default_factory=dict)

    @property
    def is_openpbs(self) -> bool:
        """Tell OpenPBS (and PBS Pro) from Torque."""
        found = re.match(r"(?:PBSPro_)?(\d+)", self.version)
        return found is not None and int(found[1]) >= _FIRST_OPENPBS


def parse_qmgr(text: str) -> Pbs:
    """Return what C(print server) and C(print node) of qmgr tell; the version is that of C(list server)."""
    pbs = Pbs()
    found = re.search(r"^\s*pbs_version\s*=\s*(\S+)", text, re.MULTILINE)
    pbs.version = found[1] if found else ""
    kinds = {"queue": pbs.queues, "node": pbs.nodes, "resource": pbs.resources}
    for line in text.splitlines():
        statement = _LINE.fullmatch(line.strip())
        if statement is None or statement[2] == "server" or statement[3] is None:
            continue
        attributes = kinds[statement[2]].setdefault(statement[3], {})
        if statement[1] == "create":
            continue
        assignment = _ASSIGNMENT.fullmatch(statement[4] or "")
        if assignment:
            values = [value.strip() for value in assignment[3].strip().strip('"').split(",")]
            if assignment[2] == "=":
                attributes[assignment[1]] = values
            else:
                attributes.setdefault(assignment[1], []).extend(values)
    return pbs


def seconds(text: str) -> int | None:
    """Return the seconds of a duration: C(hours:minutes:seconds), or seconds alone; None for what is none."""
    found = _TIME.fullmatch(text.strip())
    return found and sum(int(part or 0) * unit for part, unit in zip(found.groups(), (3600, 60, 1)))


def render_time(text: str) -> str:
    """Return a duration as PBS prints it."""
    total = seconds(text) or 0
    return f"{total // 3600:02}:{total % 3600 // 60:02}:{total % 60:02}"


def render(value: t.Any) -> str:
    """Return a value as PBS writes it."""
    return str(value) if not isinstance(value, bool) else "True" if value else "False"


def same(name: str, have: list[str] | None, wanted: list[str]) -> bool:
    """Tell whether an attribute has the wanted values, whatever their spelling."""
    if have is None:
        return False

    def plain(value: str) -> t.Any:
        if name.endswith(("walltime", "cput")):
            return seconds(value)
        return value.lower() if value.lower() in ("true", "false") else value

    return sorted(map(str, map(plain, have))) == sorted(map(str, map(plain, wanted)))


def wanted_attributes(params: t.Mapping[str, t.Any], openpbs: bool) -> dict[str, list[str]]:
    """Return the attributes of the queue that the module's options mean, in the words of this PBS."""

    def per_user(count: int | None) -> str | None:
        return None if count is None else f"[u:PBS_GENERIC={count}]" if openpbs else str(count)

    users = params["users"]
    given: dict[str, t.Any] = {
        "queue_type": "Execution",
        "Priority": params["priority"],
        "max_queued" if openpbs else "max_user_queuable": per_user(params["max_queued_per_user"]),
        "max_run" if openpbs else "max_user_run": per_user(params["max_running_per_user"]),
        "resources_max.nodect": params["max_nodes"],
        "resources_min.nodect": params["min_nodes"],
        "resources_max.walltime": params["max_walltime"] and render_time(params["max_walltime"]),
        "resources_default.walltime": params["default_walltime"] and render_time(params["default_walltime"]),
        "acl_user_enable": None if users is None else bool(users),
        "acl_users": users or None,
        f"default_chunk.{QLIST}" if openpbs else "resources_default.neednodes": (
            None if params["nodes"] is None else params["name"]
        ),
        **params["attributes"],
        "enabled": params["enabled"],
        "started": params["started"],
    }
    return {
        name: [render(item) for item in (value if isinstance(value, list) else [value])]
        for name, value in given.items()
        if value is not None
    }


def quote(values: list[str]) -> str:
    """Return values for a directive of qmgr; what could end it stands in quotes."""
    text = ",".join(values)
    return text if _PLAIN.fullmatch(text) else f'"{text}"'


def plan_present(
    pbs: Pbs, name: str, attributes: t.Mapping[str, list[str]], nodes: t.Sequence[str] | None
) -> list[str]:
    """Return the directives that make the queue, and put exactly these nodes into it; None leaves nodes alone."""
    directives = []
    if nodes is not None and pbs.is_openpbs and QLIST not in pbs.resources:
        directives.append(f"create resource {QLIST} type=string_array, flag=h")
    have = pbs.queues.get(name)
    if have is None:
        directives.append(f"create queue {name}")
    for attribute, values in attributes.items():
        if not same(attribute, (have or {}).get(attribute), values):
            directives.append(f"set queue {name} {attribute} = {quote(values)}")
    return directives if nodes is None else [*directives, *plan_nodes(pbs, name, nodes)]


def plan_absent(pbs: Pbs, name: str) -> list[str]:
    """Return the directives that take the queue away, and its mark from the nodes."""
    directives = [f"delete queue {name}"] if name in pbs.queues else []
    return [*directives, *plan_nodes(pbs, name, ())]


def plan_nodes(pbs: Pbs, name: str, nodes: t.Sequence[str]) -> list[str]:
    """Return the directives that have exactly these nodes carry the mark of the queue."""
    mark = f"resources_available.{QLIST}" if pbs.is_openpbs else "properties"
    directives = []
    for node, attributes in pbs.nodes.items():
        marked = name in attributes.get(mark, ())
        if marked != (node in nodes):
            directives.append(f"set node {node} {mark} {'-=' if marked else '+='} {name}")
    return directives


def shown(pbs: Pbs, name: str, attributes: t.Iterable[str]) -> dict[str, t.Any] | None:
    """Return the state of the queue as far as these attributes go, None where there is none."""
    queue = pbs.queues.get(name)
    if queue is None:
        return None
    mark = f"resources_available.{QLIST}" if pbs.is_openpbs else "properties"
    return {
        "attributes": {key: ",".join(queue[key]) for key in attributes if key in queue},
        "nodes": [node for node, have in pbs.nodes.items() if name in have.get(mark, ())],
    }
