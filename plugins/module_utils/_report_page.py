# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: a report as one page of HTML that needs nothing else.

It is whole without scripts; these sort and filter its tables.
"""

from __future__ import annotations

import typing as t
from html import escape

from ansible_collections.sitewright.grid.plugins.module_utils._report import Report, show_time
from ansible_collections.sitewright.grid.plugins.module_utils._report_parts import ACT, Bar, Finding, Section, Table

TITLES = {
    "needs": "Things that need a person",
    "hosts_seen": "Hosts seen",
    "hosts_silent": "Hosts silent",
    "ceph_used_percent": "Ceph, used %",
    "ceph_osds_down": "OSDs down",
    "pool_cpus_used_percent": "CPUs used %",
    "pool_memory_used_percent": "Memory used %",
    "pool_machines": "Execution points",
    "jobs_running": "Jobs running",
    "jobs_idle": "Jobs idle",
    "jobs_held": "Jobs held",
    "slurm_cpus_used_percent": "Slurm, CPUs used %",
    "slurm_jobs_running": "Slurm, jobs running",
    "slurm_jobs_pending": "Slurm, jobs pending",
}
LEVELS = {ACT: "needs a person"}
MOST_BARS = 24
FILTER_FROM = 6  # rows
# The sizes of a chart's own coordinates; the page stretches it.
WIDTH, HEIGHT = 300, 60
# No request leaves the page, whatever is in it.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"


def render_page(report: Report, style: str, script: str) -> str:
    """Return the page; style and script are put into it."""
    title = f"{report.site}: {report.verdict}"
    verdict = "act" if report.needs_a_person else "good"
    sections = [
        *([_section("What was found", _findings(report.findings))] if report.findings else []),
        *([_section("Over time", _trends(report.history))] if len(report.history) > 1 else []),
        *(_system(section) for section in report.sections),
    ]
    body = "\n".join(sections)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>{escape(title)}</title>
<style>
{style}</style>
</head>
<body>
<header>
<h1>Site {escape(report.site)}</h1>
<p>As it was on <time datetime="{_machine_time(report.time)}">{show_time(report.time)}</time></p>
</header>
<main>
<p class="verdict {verdict}" role="status">{escape(report.verdict)}</p>
{body}
</main>
<footer>Made by sitewright.grid.</footer>
<script>
{script}</script>
</body>
</html>
"""


def _machine_time(seconds: int) -> str:
    return show_time(seconds).replace(" UTC", "Z").replace(" ", "T")


def _section(title: str, content: str) -> str:
    return f"<section>\n<h2>{escape(title)}</h2>\n{content}\n</section>"


def _system(section: Section) -> str:
    facts = "\n".join(f"<dt>{escape(label)}</dt><dd>{escape(value)}</dd>" for label, value in section.facts)
    parts = [f"<dl>\n{facts}\n</dl>" if facts else "", _bars(section.bars)]
    parts += [f"<h3>{escape(table.title)}</h3>\n{_table(table)}" for table in section.tables if table.rows]
    return _section(section.title, "\n".join(filter(None, parts)))


def _findings(findings: t.Sequence[Finding]) -> str:
    rows = [(LEVELS.get(one.level, "good to know"), one.subject, one.what, one.cure) for one in findings]
    classes = [one.level for one in findings]
    return _table(Table("", ("Level", "Where", "What", "What to do"), rows), classes)


def _bars(bars: t.Sequence[Bar]) -> str:
    if not bars:
        return ""
    fullest = sorted(bars, key=lambda one: -_share(one))[:MOST_BARS]
    shown = bars if len(bars) <= MOST_BARS else fullest
    lines = []
    for one in shown:
        share = _share(one)
        label = escape(f"{one.label}: {one.text}", quote=True)
        high = " high" if one.is_high else ""
        lines.append(
            f'<div>{escape(one.label)}</div><div class="track{high}" role="img" aria-label="{label}">'
            f'<div class="fill" style="width:{share:.1f}%"></div></div><div class="text">{escape(one.text)}</div>'
        )
    more = f"<p>The fullest {MOST_BARS} of {len(bars)}.</p>" if len(bars) > MOST_BARS else ""
    return '<div class="bars">\n' + "\n".join(lines) + f"\n</div>{more}"


def _share(one: Bar) -> float:
    return min(max(100 * one.value / one.whole, 0), 100) if one.whole else 0.0


def _table(table: Table, classes: t.Sequence[str] = ()) -> str:
    columns = list(zip(*table.rows))
    numeric = [all(_is_number(cell) for cell in column) for column in columns]
    head = "".join(
        f'<th scope="col"{_number(is_one)}>{escape(title)}</th>' for title, is_one in zip(table.columns, numeric)
    )
    lines = []
    for number, row in enumerate(table.rows):
        cells = "".join(
            f'<td data-label="{escape(title, quote=True)}"{_number(is_one, bool(classes) and title == "Level")}>'
            f"{escape('' if cell is None else str(cell))}</td>"
            for title, cell, is_one in zip(table.columns, row, numeric)
        )
        lines.append(f'<tr class="{classes[number]}">{cells}</tr>' if classes else f"<tr>{cells}</tr>")
    rows = "\n".join(lines)
    tools = (
        '<div class="tools" hidden><label>Filter <input type="search"></label><output></output></div>\n'
        if len(table.rows) >= FILTER_FROM
        else ""
    )
    return (
        f'<div class="table">\n{tools}<div class="wide"><table>\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{rows}\n</tbody>\n</table></div>\n</div>"
    )


def _number(is_number: bool, is_level: bool = False) -> str:
    return ' class="level"' if is_level else ' class="number"' if is_number else ""


def _is_number(cell: t.Any) -> bool:
    return cell is None or (isinstance(cell, (int, float)) and not isinstance(cell, bool)) or _is_numeral(cell)


def _is_numeral(cell: t.Any) -> bool:
    return isinstance(cell, str) and (cell == "-" or cell.replace(".", "", 1).isdigit())


def _trends(history: t.Sequence[t.Mapping[str, t.Any]]) -> str:
    names = [name for name in history[-1] if name != "time" and sum(name in point for point in history) > 1]
    return '<div class="trends">\n' + "\n".join(_trend(name, history) for name in names) + "\n</div>"


def _trend(name: str, history: t.Sequence[t.Mapping[str, t.Any]]) -> str:
    """Return a chart of one number over time; a report that lacks it leaves no point."""
    points = [(point["time"], float(point[name])) for point in history if name in point]
    start, end = points[0][0], points[-1][0]
    highest = max(value for _time, value in points)
    top = 100.0 if name.endswith("percent") else max(highest, 1.0)
    span = max(end - start, 1)
    drawn = [
        (WIDTH * (moment - start) / span, HEIGHT - (HEIGHT - 4) * min(value / top, 1.0)) for moment, value in points
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in drawn)
    title = escape(TITLES.get(name, name.replace("_", " ")))
    value = escape(f"{points[-1][1]:g}")
    return (
        f"<figure><figcaption>{title}<b>{value}</b></figcaption>"
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-label="{title}: {value} now, at most {highest:g}">'
        f'<line class="base" x1="0" y1="{HEIGHT}" x2="{WIDTH}" y2="{HEIGHT}"/>'
        f'<polygon class="area" points="0,{HEIGHT} {line} {drawn[-1][0]:.1f},{HEIGHT}"/>'
        f'<polyline class="line" points="{line}"/></svg>'
        f'<div class="scale"><span>{show_time(start)}</span><span>0 to {top:g}</span></div></figure>'
    )
