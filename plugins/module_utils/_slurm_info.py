# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: Slurm's controllers, nodes and jobs as data, from its own JSON."""

from __future__ import annotations

import typing as t
from collections import Counter

Json = t.Mapping[str, t.Any]

# In one of these states a node serves nobody, whatever else is said of it. (DRAIN is an order, and no fault.)
GONE = frozenset(("DOWN", "NOT_RESPONDING", "UNKNOWN", "POWERED_DOWN", "FAIL"))


def shape_node(node: Json) -> dict[str, t.Any]:
    """Return a node as the module returns it, from C(scontrol show nodes --json)."""
    states = [str(state) for state in node["state"]]
    return {
        "name": node["name"],
        "hostname": node.get("hostname") or node["name"],
        "states": states,
        "responds": not GONE & set(states),
        "drains": "DRAIN" in states,
        "reason": node.get("reason") or None,
        "reason_since": _number(node.get("reason_changed_at")),
        "partitions": list(node.get("partitions") or []),
        "cpus": {"total": node["cpus"], "used": node["alloc_cpus"]},
        "memory": {"total": node["real_memory"], "used": node["alloc_memory"]},
        "version": node.get("version") or None,
    }


def _number(value: t.Any) -> int | None:
    """Return a number as Slurm writes it, a dictionary that says whether it is set; 0 is none."""
    number = value.get("number") if isinstance(value, t.Mapping) and value.get("set") else value
    return number if isinstance(number, int) and number else None


def shape_controllers(answer: Json) -> list[dict[str, t.Any]]:
    """Return the controllers from C(scontrol ping --json)."""
    return [
        {"name": ping["hostname"], "responds": str(ping["pinged"]).upper() == "UP", "mode": ping["mode"]}
        for ping in answer["pings"]
    ]


def count_jobs(printed: str) -> dict[str, int]:
    """Return the number of jobs by state, from C(squeue --format=%T)."""
    return dict(sorted(Counter(line.strip().lower() for line in printed.splitlines() if line.strip()).items()))
