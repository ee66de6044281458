# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: what a report says of Slurm, by the answer of slurm_info."""

from __future__ import annotations

from collections import Counter

from ansible_collections.sitewright.grid.plugins.module_utils._condor_utilization import percent
from ansible_collections.sitewright.grid.plugins.module_utils._report_parts import (
    NOTE,
    Bar,
    Finding,
    Json,
    Section,
    Table,
    show_bytes,
)


def report_slurm(_site: Json, answer: Json) -> Section:
    """Return the section of Slurm."""
    section = Section("Slurm")
    nodes, jobs = answer["nodes"], answer["jobs"]
    states = Counter("+".join(node["states"]).lower() for node in nodes)
    sums = {
        name: {key: sum(node[name][key] for node in nodes) for key in ("total", "used")} for name in ("cpus", "memory")
    }
    memory = {key: show_bytes(value * 2**20) for key, value in sums["memory"].items()}
    controllers = [f"{one['name']} {'up' if one['responds'] else 'down'}" for one in answer["controllers"]]
    by_state = [f"{count} {state}" for state, count in sorted(states.items())]
    section.facts = [
        ("controllers", ", ".join(controllers)),
        ("nodes", f"{len(nodes)}: {', '.join(by_state) or 'none'}"),
        ("jobs", ", ".join(f"{count} {state}" for state, count in jobs.items()) or "none"),
    ]
    words = {
        "cpus": f"{sums['cpus']['used']} of {sums['cpus']['total']}",
        "memory": f"{memory['used']} of {memory['total']}",
    }
    section.bars = [Bar(name, one["used"], one["total"], words[name]) for name, one in sums.items() if one["total"]]
    section.tables = [
        Table(
            "Nodes",
            ("Node", "State", "CPUs", "Used", "Partitions", "Reason", "Version"),
            [
                (
                    node["name"],
                    "+".join(node["states"]).lower(),
                    node["cpus"]["total"],
                    node["cpus"]["used"],
                    ", ".join(node["partitions"]),
                    node["reason"],
                    node["version"],
                )
                for node in nodes
            ],
            on_terminal=False,
        )
    ]
    section.findings = [
        Finding(
            NOTE,
            node["name"],
            f"is drained in Slurm: {node['reason'] or 'no reason given'}",
            "scontrol update state=resume, where nobody wants it any more",
        )
        for node in nodes
        if node["drains"]
    ]
    section.trends = {
        "slurm_cpus_used_percent": percent(sums["cpus"]["used"], sums["cpus"]["total"]) or 0.0,
        "slurm_jobs_running": jobs.get("running", 0),
        "slurm_jobs_pending": jobs.get("pending", 0),
    }
    section.data = {"nodes": len(nodes), "states": dict(states), **sums, "jobs": jobs}
    return section
