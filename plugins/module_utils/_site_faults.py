# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: what is wrong with an inventory, in words that show no secret."""

from __future__ import annotations

import json
import re
import typing as t
from dataclasses import dataclass, field

from ansible_collections.sitewright.grid.plugins.module_utils._cli import CEPH_KEY, redact

SITE = "(site)"  # stands for the host where a fault concerns all of them
LONGEST = 60  # characters of a value that are shown

_SECRET = re.compile(r"key|secret|password|token", re.IGNORECASE)


@dataclass(frozen=True)
class Fault:
    """A value that the site model refuses.

    value is its text, or None where there is none to show; message says what is wrong and how to cure it.
    """

    host: str
    variable: str
    value: str | None
    message: str


@dataclass
class Findings:
    """Everything that was found: faults refuse the site, warnings do not."""

    faults: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)

    def at(self, host: str, variable: str) -> Place:
        """Return the place of this variable of this host."""
        return Place(self, host, variable)


@dataclass(frozen=True)
class Place:
    """Whose value it is and what it is called, for example store1 and C(ceph_osd_devices[1].path)."""

    findings: Findings
    host: str
    variable: str

    def item(self, index: int) -> Place:
        """Return the place of an item of the list that is here."""
        return Place(self.findings, self.host, f"{self.variable}[{index}]")

    def key(self, name: str) -> Place:
        """Return the place of a key of the dictionary that is here."""
        return Place(self.findings, self.host, f"{self.variable}.{name}")

    def refuse(self, message: str, *value: t.Any) -> None:
        """Record a fault; value is shown unless it looks like a secret."""
        self.findings.faults.append(self._fault(message, value))

    def warn(self, message: str, *value: t.Any) -> None:
        """Record a warning; value is shown unless it looks like a secret."""
        self.findings.warnings.append(self._fault(message, value))

    def _fault(self, message: str, value: tuple[t.Any, ...]) -> Fault:
        shown = show(self.variable, value[0]) if value else None
        return Fault(redact(self.host), redact(self.variable), shown, redact(message))


def show(name: str, value: t.Any) -> str:
    """Return the text of a value for a message; a value that looks like a secret, or is named like one, is hidden."""
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    hidden = _SECRET.search(name) or CEPH_KEY.search(text)
    if hidden or (isinstance(value, (dict, list)) and _SECRET.search(text)):
        return "<not shown>"
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."


def enumerate_names(names: t.Sequence[str], most: int = 3) -> str:
    """Return names as in a sentence: C(a, b and c), or C(a, b, c and 4 more)."""
    if len(names) > most + 1:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def render_findings(found: t.Sequence[Fault]) -> list[str]:
    """Return one line for each finding, in columns; the same finding on several hosts shares a line."""
    hosts: dict[tuple[str, str | None, str], list[str]] = {}
    for fault in found:
        hosts.setdefault((fault.variable, fault.value, fault.message), []).append(fault.host)
    rows = [
        (
            names[0] if len(names) == 1 else f"{names[0]} (+{len(names) - 1})",
            variable,
            message if value is None else f"'{value}' {message}",
        )
        for (variable, value, message), names in hosts.items()
    ]
    first = max((len(row[0]) for row in rows), default=0)
    second = max((len(row[1]) for row in rows), default=0)
    return [f"{host:<{first}}   {variable:<{second}}   {text}" for host, variable, text in rows]


def render_refusal(faults: t.Sequence[Fault]) -> str:
    """Return the message that refuses a site: a heading, and a table of all faults."""
    lines = render_findings(faults)
    heading = f"Site model: {len(lines)} {'fault' if len(lines) == 1 else 'faults'}, nothing was changed."
    return "\n  ".join([heading, *lines])
