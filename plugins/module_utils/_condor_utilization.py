# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: how much of a pool can be used, and is."""

from __future__ import annotations

import typing as t

Slot = t.Mapping[str, t.Any]
Row = dict[str, t.Any]

# A slot in one of these states takes no job: its owner uses the machine, it drains, or it is about to end.
UNAVAILABLE_STATES = ("Owner", "Drained", "Delete")
# A claim lasts until the job has left.
_USED_STATES = ("Claimed", "Preempting")
# By these it is seen that some of a slot is given to jobs: what is left of a disk changes by itself.
_MARKS = ("cpus", "memory")
COLUMNS = {
    "unavailable": "Unavailable",
    "available": "Available",
    "total": "Total",
    "used": "Used",
    "available_percent": "Avail %",
    "total_percent": "Total %",
}


def sum_utilization(
    slots: t.Iterable[Slot], resources: t.Sequence[str], unavailable: t.Container[str] = ()
) -> dict[str, Row]:
    """Return the rows of the table: C(slots), and each of these resources.

    slots are shaped as condor_pool_info returns them; unavailable has the names of those that are not to be counted as
    available, whatever their state. A partitionable slot is one slot, which is used where some of it is given to jobs.
    Used is what is used of the available.
    """
    sums = {name: {"unavailable": 0, "available": 0, "used": 0} for name in ("slots", *resources)}
    for slot in slots:
        if slot["type"] == "dynamic" or slot["absent"]:
            continue
        total = {name: slot["total"][name] or 0 for name in slot["total"]}
        used = _used(slot, total)
        counts = {
            "slots": (1, int(any(used[name] for name in _MARKS))),
            **{name: (total[name], used[name]) for name in resources},
        }
        is_available = _is_available(slot) and slot["name"] not in unavailable
        for name, (all_of_it, part) in counts.items():
            if is_available:
                sums[name]["available"] += all_of_it
                sums[name]["used"] += part
            else:
                sums[name]["unavailable"] += all_of_it
    return {name: _row(**row) for name, row in sums.items()}


def _is_available(slot: Slot) -> bool:
    return slot["state"] not in UNAVAILABLE_STATES and not slot["draining"]


def _used(slot: Slot, total: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    if slot["type"] == "partitionable":
        return {name: max(total[name] - (slot["left"][name] or 0), 0) for name in total}
    return dict(total) if slot["state"] in _USED_STATES else dict.fromkeys(total, 0)


def _row(unavailable: t.Any, available: t.Any, used: t.Any) -> Row:
    total = unavailable + available
    return {
        "unavailable": unavailable,
        "available": available,
        "total": total,
        "used": used,
        "available_percent": percent(used, available),
        "total_percent": percent(used, total),
    }


def percent(part: t.Any, whole: t.Any) -> float | None:
    """Return a part in percent, cut off after two decimals (nearly full is not 100); None of nothing."""
    return None if not whole else float(part * 10000 // whole / 100)


def render_utilization(rows: t.Mapping[str, Row]) -> list[str]:
    """Return the table as lines of text."""
    width = max(len(title) for title in COLUMNS.values())
    lines = [" " * 8 + "".join(f"{title:>{width + 2}}" for title in COLUMNS.values())]
    for title, *cells in show_utilization(rows):
        lines.append(f"{title:<8}" + "".join(f"{cell:>{width + 2}}" for cell in cells))
    return lines


def show_utilization(rows: t.Mapping[str, Row]) -> list[list[str]]:
    """Return the rows of the table as they are shown: the name of what is counted, and a cell for each column."""
    return [
        ["GPUs" if name == "gpus" else name.capitalize(), *(_cell(column, row[column]) for column in COLUMNS)]
        for name, row in rows.items()
    ]


def _cell(column: str, value: t.Any) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}" if column.endswith("percent") else str(value)
