# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: a report as lines for a terminal."""

from __future__ import annotations

import typing as t

from ansible_collections.sitewright.grid.plugins.module_utils._report import Report, show_time
from ansible_collections.sitewright.grid.plugins.module_utils._report_parts import ACT, Finding, Table

MOST_FINDINGS = 50  # of each level; the files have them all


def render_text(report: Report) -> list[str]:
    """Return the report as lines of text."""
    lines = [f"Site {report.site}, {show_time(report.time)}: {report.verdict}"]
    for level, title in ((ACT, "Needs a person"), (None, "Good to know")):
        some = [finding for finding in report.findings if (finding.level == ACT) == (level == ACT)]
        if some:
            lines += ["", title, *_indent(_render_findings(some[:MOST_FINDINGS]))]
            if len(some) > MOST_FINDINGS:
                lines.append(f"  and {len(some) - MOST_FINDINGS} more")
    for section in report.sections:
        lines += ["", section.title]
        width = max((len(label) for label, _value in section.facts), default=0)
        lines += [f"  {label:<{width}}  {value}" for label, value in section.facts]
        for table in section.tables:
            if table.on_terminal and table.rows:
                lines += ["", *_indent(render_table(table))]
    return lines


def _render_findings(findings: t.Sequence[Finding]) -> list[str]:
    width = max(len(finding.subject) for finding in findings)
    lines = []
    for finding in findings:
        lines += [f"{finding.subject:<{width}}  {finding.what}", f"{'':<{width}}    {finding.cure}"]
    return lines


def render_table(table: Table) -> list[str]:
    """Return a table as lines of text; numbers stand to the right."""
    rows = [["" if cell is None else str(cell) for cell in row] for row in table.rows]
    columns = list(zip(table.columns, *rows))
    widths = [max(map(len, column)) for column in columns]
    right = [bool(column[1:]) and all(_is_number(cell) for cell in column[1:]) for column in columns]
    return [_line(row, widths, right) for row in [list(table.columns), *rows]]


def _line(cells: t.Sequence[str], widths: t.Sequence[int], right: t.Sequence[bool]) -> str:
    padded = (
        f"{cell:>{width}}" if to_right else f"{cell:<{width}}" for cell, width, to_right in zip(cells, widths, right)
    )
    return "  ".join(padded).rstrip()


def _is_number(cell: str) -> bool:
    return cell in ("", "-") or cell.replace(".", "", 1).isdigit()


def _indent(lines: t.Iterable[str]) -> list[str]:
    return [f"  {line}" if line else "" for line in lines]
