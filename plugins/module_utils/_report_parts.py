# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: what a report is made of, whatever it is shown as."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

Json = t.Mapping[str, t.Any]
Cell = t.Union[str, int, float, None]

ACT = "act"  # needs a person
NOTE = "note"  # is good to know


@dataclass(frozen=True)
class Finding:
    """Something that is not as it should be: whose it is, what it is, and what to do."""

    level: str
    subject: str
    what: str
    cure: str


@dataclass(frozen=True)
class Table:
    """Rows of cells. On the terminal only the rows of a short table are shown."""

    title: str
    columns: t.Sequence[str]
    rows: t.Sequence[t.Sequence[Cell]]
    on_terminal: bool = True


@dataclass(frozen=True)
class Bar:
    """A part of a whole."""

    label: str
    value: float
    whole: float
    text: str
    is_high: bool = False


@dataclass
class Section:
    """What one system of the site tells."""

    title: str
    facts: list[tuple[str, str]] = field(default_factory=list)
    bars: list[Bar] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    # Numbers that are remembered, by name, for trends; and the figures as data.
    trends: dict[str, float] = field(default_factory=dict)
    data: dict[str, t.Any] = field(default_factory=dict)


def show_bytes(number: float) -> str:
    """Return a size in the largest unit of 1024 that leaves a whole number."""
    for unit in ("B", "KiB", "MiB", "GiB", "TiB", "PiB"):
        if number < 1024 or unit == "PiB":
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1024
    raise AssertionError("there is no larger unit")


def show_duration(seconds: float) -> str:
    """Return how long something is, in the largest unit that fits."""
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.1f} {unit}" if unit == "h" else f"{int(seconds // length)} {unit}"
    return f"{int(seconds)} s"


def show_count(number: int, word: str) -> str:
    """Return a number of things in words."""
    return f"{number} {word}{'' if number == 1 else 's'}"
