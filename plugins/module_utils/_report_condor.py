# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: what a report says of the HTCondor pool, by the answer of condor_pool_info."""

from __future__ import annotations

import typing as t

from ansible_collections.sitewright.grid.plugins.module_utils._condor_utilization import (
    COLUMNS,
    show_utilization,
    sum_utilization,
)
from ansible_collections.sitewright.grid.plugins.module_utils._report_parts import (
    ACT,
    NOTE,
    Bar,
    Finding,
    Json,
    Section,
    Table,
    show_bytes,
    show_count,
)
from ansible_collections.sitewright.grid.plugins.module_utils._survey import Names
from ansible_collections.sitewright.grid.plugins.module_utils._virt_queue import queue_nodes

RESOURCES = ("cpus", "memory", "disk", "gpus")
# Of disks so much changes by itself that only what is shown to users is remembered.
REMEMBERED = ("cpus", "memory")
STATES = ("running", "idle", "held")


def report_condor(site: Json, answer: Json) -> Section:
    """Return the section of the pool."""
    section = Section("HTCondor pool")
    totals = answer["totals"]
    rows = sum_utilization(answer["slots"], RESOURCES)
    shown = {name: row for name, row in rows.items() if name != "gpus" or row["total"]}
    schedds = [daemon for daemon in answer["daemons"] if daemon["type"] == "schedd"]
    jobs = {state: sum(daemon["jobs"][state] for daemon in schedds) for state in STATES}
    draining: dict[str, str] = {}
    for slot in answer["slots"]:
        if slot["draining"] and not slot["absent"]:
            draining.setdefault(slot["machine"], slot["drain_reason"] or "no reason given")
    section.facts = [
        ("execution points", str(totals["machines"])),
        ("slots", f"{totals['slots']} and {totals['dynamic_slots']} dynamic ones, {totals['claimed']} claimed"),
        ("access points", str(len(schedds))),
        ("jobs", ", ".join(f"{count} {state}" for state, count in jobs.items())),
        *([("draining", ", ".join(sorted(draining)))] if draining else []),
    ]
    section.bars = [
        Bar(
            "GPUs" if name == "gpus" else name,
            row["used"],
            row["total"],
            _bar_words(name, row),
        )
        for name, row in shown.items()
        if row["total"]
    ]
    section.tables = [Table("Utilization", ("Resource", *COLUMNS.values()), show_utilization(shown))]
    section.findings = [
        Finding(NOTE, host, f"drains: {reason}", "condor_drain -cancel, where nobody wants it any more")
        for host, reason in sorted(draining.items())
    ]
    _add_virt_queue(section, site, answer["slots"])
    if jobs["held"]:
        section.findings.append(
            Finding(NOTE, "HTCondor", f"{show_count(jobs['held'], 'job')} held", "condor_q -held -allusers tells why")
        )
    section.trends = {
        **{f"pool_{name}_used_percent": rows[name]["total_percent"] or 0.0 for name in REMEMBERED},
        **{f"jobs_{state}": count for state, count in jobs.items()},
        "pool_machines": totals["machines"],
    }
    section.data |= {"utilization": rows, "jobs": jobs, "totals": totals, "draining": draining}
    return section


def _add_virt_queue(section: Section, site: Json, slots: t.Sequence[Json]) -> None:
    """Add what the nodes of the virt queue say of themselves; one that the pool has not is missing anyway."""
    names = Names(site["hosts"])
    slots_of: dict[str | None, list[Json]] = {}
    for slot in slots:
        if not slot["absent"]:
            slots_of.setdefault(names.find(slot["machine"] or ""), []).append(slot)
    nodes = []
    for name in queue_nodes(site, "htcondor"):
        found = slots_of.get(name, [])
        told = next((slot["guests"] for slot in found if slot["guests"]), None)
        if told:
            jobs = sum(slot["type"] == "dynamic" for slot in found)
            nodes.append({"host": name, **told, "jobs": jobs, "most": site["hosts"][name]["virt"]["guests"]})
    if not nodes:
        return
    able = [node for node in nodes if node["able"]]
    section.facts.append(("virt queue", f"{len(able)} of {show_count(len(nodes), 'node')} boot guests"))
    section.tables.append(
        Table(
            "Virt queue",
            ("Node", "Boots guests", "By", "A boot takes (s)", "Jobs", "At most", "Why not by KVM"),
            [
                (
                    node["host"],
                    "yes" if node["able"] else "no",
                    node["accelerator"],
                    node["boot_seconds"],
                    node["jobs"],
                    node["most"],
                    node["reason"],
                )
                for node in nodes
            ],
        )
    )
    section.findings += [
        Finding(
            ACT,
            node["host"],
            f"is a node of the virt queue, but boots no guests: {node['reason']}",
            "make KVM work there, or allow emulation by virt_queue_emulation",
        )
        for node in nodes
        if not node["able"]
    ]
    section.data["virt_queue"] = nodes


def _bar_words(name: str, row: Json) -> str:
    unit = {"memory": 2**20, "disk": 2**10}.get(name)
    used, available, unavailable = (
        show_bytes(row[key] * unit) if unit else str(row[key]) for key in ("used", "available", "unavailable")
    )
    return f"{used} of {available} available, {unavailable} unavailable"
