# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: what a report says of the Ceph cluster, by the answer of ceph_info."""

from __future__ import annotations

import typing as t

from ansible_collections.sitewright.grid.plugins.module_utils._condor_utilization import percent
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

# An OSD this many percent points above the mean is told: the fullest one decides how much the cluster can hold.
UNEVEN = 15
MOST_NAMES = 5
# Ceph's own ratio from which on an OSD is nearly full.
NEARLY_FULL = 85


def report_ceph(site: Json, answer: Json) -> Section:
    """Return the section of the cluster."""
    status, health = answer["status"], answer["health"]
    forgiven = (site.get("ceph") or {}).get("health_forgiven") or []
    section = Section("Ceph cluster")
    used, total = status["bytes"]["used"], status["bytes"]["total"]
    full = percent(used, total) or 0.0
    quorum = status["quorum"]
    osds = status["osds"]
    section.facts = [
        ("health", health["status"]),
        ("monitors in quorum", f"{len(quorum)} of {len(answer['mon'])}"),
        ("OSDs", f"{osds['total']}: {osds['up']} up, {osds['in']} in"),
        ("used", f"{show_bytes(used)} of {show_bytes(total)} ({full:.2f} %)"),
        ("placement groups", ", ".join(f"{count} {state}" for state, count in sorted(status["pgs"].items())) or "none"),
        *_show_versions(answer["versions"]),
    ]
    rows = _osd_rows(answer)
    shares = [row["percent"] for row in rows if row["in"] and row["percent"] is not None]
    mean = sum(shares) / len(shares) if shares else 0.0
    section.bars = [
        Bar(
            f"osd.{row['id']} {row['host'] or ''}".strip(),
            row["used"],
            row["total"],
            f"{row['percent']:.1f} %",
            is_high=row["percent"] >= NEARLY_FULL,
        )
        for row in rows
        if row["percent"] is not None
    ]
    section.tables = [
        Table(
            "OSDs",
            ("OSD", "Host", "State", "Class", "Used %", "Size GiB", "PGs", "Version"),
            [
                (
                    row["id"],
                    row["host"],
                    f"{'up' if row['up'] else 'down'}, {'in' if row['in'] else 'out'}",
                    row["class"],
                    row["percent"],
                    round(row["total"] / 2**30, 1),
                    row["pgs"],
                    row["version"],
                )
                for row in rows
            ],
            on_terminal=False,
        ),
        Table(
            "Pools",
            ("Pool", "Objects", "Stored", "Used", "Left"),
            [
                (name, pool["objects"], *(show_bytes(pool[key]) for key in ("stored", "used", "avail")))
                for name, pool in sorted(answer["pool_usage"].items())
            ],
        ),
    ]
    section.findings = [
        *_health_findings(health, forgiven),
        *_balance_findings(rows, mean),
        *_version_findings(answer["versions"]),
    ]
    section.trends = {"ceph_used_percent": full, "ceph_osds_down": osds["total"] - osds["up"]}
    section.data = {
        "health": health["status"],
        "checks": {code: check["message"] for code, check in health["checks"].items()},
        "quorum": quorum,
        "osds": osds,
        "pgs": status["pgs"],
        "bytes": status["bytes"],
        "used_percent": full,
        "osd_balance": {
            "mean_percent": round(mean, 2),
            "min_percent": min(shares, default=None),
            "max_percent": max(shares, default=None),
        },
        "osd": {str(row["id"]): {key: row[key] for key in ("host", "up", "in", "used", "total")} for row in rows},
        "pools": answer["pool_usage"],
        "versions": answer["versions"],
    }
    return section


def _osd_rows(answer: Json) -> list[dict[str, t.Any]]:
    rows = []
    for number, osd in sorted(answer["osd"].items(), key=lambda item: int(item[0])):
        usage = answer["osd_usage"].get(number, {"used": 0, "total": 0, "pgs": 0})
        rows.append(
            {
                "id": int(number),
                "host": osd["hostname"],
                "class": osd["class"],
                "up": osd["up"],
                "in": osd["in"],
                "version": osd["version"],
                "percent": percent(usage["used"], usage["total"]),
                **usage,
            }
        )
    return rows


def _show_versions(versions: Json) -> list[tuple[str, str]]:
    counts = {_short(words): count for words, count in versions.get("overall", {}).items()}
    return [("versions", ", ".join(f"{version} ({count} daemons)" for version, count in sorted(counts.items())))]


def _short(words: str) -> str:
    """Return the number in C(ceph version 18.2.7 (...) reef (stable))."""
    parts = words.split()
    return parts[2] if len(parts) > 2 else words


def _health_findings(health: Json, forgiven: t.Container[str]) -> list[Finding]:
    findings = []
    for code, check in sorted(health["checks"].items()):
        passes = check["muted"] or (code in forgiven and check["severity"] != "HEALTH_ERR")
        findings.append(
            Finding(
                NOTE if passes else ACT,
                "Ceph",
                f"{code}: {check['message']}" + (" (forgiven)" if passes else ""),
                "ceph health detail tells more",
            )
        )
    return findings


def _balance_findings(rows: t.Sequence[Json], mean: float) -> list[Finding]:
    fuller = sorted(
        (row for row in rows if row["in"] and row["percent"] is not None and row["percent"] > mean + UNEVEN),
        key=lambda row: -float(row["percent"]),
    )
    if not fuller:
        return []
    names = ", ".join(f"osd.{row['id']} ({row['percent']:.1f} %)" for row in fuller[:MOST_NAMES])
    more = f" and {len(fuller) - MOST_NAMES} more" if len(fuller) > MOST_NAMES else ""
    words = f"{show_count(len(fuller), 'OSD')} far fuller than the mean of {mean:.1f} %: {names}{more}"
    cure = "see ceph balancer status, and whether each host has its share of the disks"
    return [Finding(NOTE, "Ceph", words, cure)]


def _version_findings(versions: Json) -> list[Finding]:
    found = {_short(words) for words in versions.get("overall", {})}
    if len(found) < 2:
        return []
    return [Finding(NOTE, "Ceph", f"runs in {len(found)} versions: {', '.join(sorted(found))}", "finish the upgrade")]
