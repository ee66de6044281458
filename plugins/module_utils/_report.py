# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: the report on a site.

It is made from what the site's systems answer, compared with its inventory, and from a look at each host. A system has
its section by a line in SECTIONS, beside its source in _survey.py.
"""

from __future__ import annotations

import dataclasses
import os
import typing as t
from datetime import datetime, timezone

from ansible_collections.sitewright.grid.plugins.module_utils._cli import redact
from ansible_collections.sitewright.grid.plugins.module_utils._report_ceph import report_ceph
from ansible_collections.sitewright.grid.plugins.module_utils._report_condor import report_condor
from ansible_collections.sitewright.grid.plugins.module_utils._report_parts import (
    ACT,
    NOTE,
    Finding,
    Json,
    Section,
    Table,
    show_count,
    show_duration,
)
from ansible_collections.sitewright.grid.plugins.module_utils._survey import SILENT_AFTER, SOURCES, take_survey

SECTIONS: dict[str, t.Callable[[Json, Json], Section]] = {"ceph": report_ceph, "condor": report_condor}
KINDS = {
    "token": "token",
    "certificate": "certificate",
    "ca": "CA certificate",
    "crl": "revocation list",
}
# There are many of these, and others make them.
_OF_OTHERS = {
    "ca": (NOTE, "update the package of the authorities' certificates; some of them end for good"),
    "crl": (ACT, "see why fetch-crl does not renew them: whoever has a certificate of that authority is refused"),
}
# What lives shortly is renewed in its last third: it is worth a word in the last quarter only.
LAST_PART = 4
_TITLES = {"ceph": "Ceph", "condor": "HTCondor"}
MOST_POINTS = 2000  # of the history


@dataclasses.dataclass
class Report:
    """The whole report, ready to be shown."""

    site: str
    time: int
    findings: list[Finding]
    sections: list[Section]
    hosts: dict[str, dict[str, t.Any]]
    expiries: list[dict[str, t.Any]]
    sources: dict[str, t.Any]
    trends: dict[str, float]
    history: list[dict[str, t.Any]]

    @property
    def needs_a_person(self) -> bool:
        """Tell whether something was found that does not mend itself."""
        return any(finding.level == ACT for finding in self.findings)

    @property
    def verdict(self) -> str:
        """The report in one line."""
        count = sum(finding.level == ACT for finding in self.findings)
        if not count:
            return "Nothing needs a person."
        return f"{show_count(count, 'thing')} {'needs' if count == 1 else 'need'} a person."

    def as_json(self) -> dict[str, t.Any]:
        """Return the report as data."""
        return {
            "site": self.site,
            "time": self.time,
            "needs_a_person": self.needs_a_person,
            "findings": [dataclasses.asdict(finding) for finding in self.findings],
            "sources": self.sources,
            "hosts": self.hosts,
            "expiries": self.expiries,
            "trends": self.trends,
            "sections": {section.title: section.data for section in self.sections},
        }


def build_report(
    site: Json,
    answers: t.Mapping[str, t.Sequence[Json]],
    looks: t.Mapping[str, Json],
    now: int,
    silent_after: int = SILENT_AFTER,
    expiry_days: float = 14,
    history: t.Sequence[Json] = (),
) -> Report:
    """Return the report on a site.

    looks has the result of the module site_expiry_info by host, of those that were tried; history has the points of
    earlier reports (see next_point).
    """
    survey = take_survey(site, answers, silent_after)
    hosts: dict[str, dict[str, t.Any]] = survey["hosts"]
    for name, record in hosts.items():
        record["answers"] = "expiries" in looks[name] if looks.get(name) else None
    expiries = _list_expiries(looks)
    sections = [_hosts_section(hosts, survey["sources"])]
    for source in SOURCES:
        answer = next((one for one in answers.get(source.name) or () if source.key in one), None)
        if answer is not None:
            sections.append(SECTIONS[source.name](site, answer))
    findings = [
        *_source_findings(survey["sources"]),
        *_host_findings(hosts, looks),
        *(finding for section in sections for finding in section.findings),
        *_expiry_findings(expiries, looks, expiry_days),
    ]
    if expiries:
        sections.append(_expiry_section(expiries))
    trends = {name: value for section in sections for name, value in section.trends.items()}
    return Report(
        site=site["name"],
        time=now,
        findings=sorted(
            (dataclasses.replace(finding, what=redact(finding.what)) for finding in findings),
            key=lambda finding: finding.level != ACT,
        ),
        sections=sections,
        hosts=hosts,
        expiries=expiries,
        sources=survey["sources"],
        trends=trends,
        history=[*(dict(point) for point in history), next_point(now, trends, findings)][-MOST_POINTS:],
    )


def next_point(now: int, trends: t.Mapping[str, float], findings: t.Iterable[Finding]) -> dict[str, t.Any]:
    """Return what is remembered of a report."""
    return {"time": now, "needs": sum(finding.level == ACT for finding in findings), **trends}


def show_time(seconds: float) -> str:
    """Return a moment in words."""
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%d %H:%M UTC")


def _hosts_section(hosts: t.Mapping[str, Json], sources: Json) -> Section:
    named = {name: host for name, host in hosts.items() if host["provisioned"]}
    counts = {
        state: sum(host["state"] == state for host in named.values())
        for state in ("seen", "silent", "never_seen", "unknown", "unwatched")
    }
    strangers = sorted(set(hosts) - set(named))
    incomplete = sum(host["state"] == "seen" and bool(host["missing"]) for host in named.values())
    deaf = [name for name, host in named.items() if host["answers"] is False]
    section = Section("Hosts")
    words = ", ".join(f"{count} {state.replace('_', ' ')}" for state, count in counts.items() if count)
    section.facts = [
        ("in the inventory", f"{len(named)}: {words}"),
        ("that do not answer", str(len(deaf))),
        ("that lack a service", str(incomplete)),
        ("beside the inventory", str(len(strangers))),
        *((f"asked: {name}", "answered" if one["answered"] else "no answer") for name, one in sources.items()),
    ]
    section.tables = [
        Table(
            "All hosts",
            ("Host", "State", "Answers", "Last heard", "Services", "Missing", "Versions"),
            [_host_row(name, host) for name, host in sorted(hosts.items())],
            on_terminal=False,
        )
    ]
    section.trends = {
        "hosts_seen": counts["seen"],
        "hosts_silent": counts["silent"] + counts["never_seen"],
    }
    section.data = {
        "expected": len(named),
        **counts,
        "incomplete": incomplete,
        "no_answer": deaf,
        "unprovisioned": strangers,
    }
    return section


def _host_row(name: str, host: Json) -> tuple[str, ...]:
    state = host["state"].replace("_", " ")
    marks = [mark for mark, is_so in (("retiring", host["retiring"]), ("not named", not host["provisioned"])) if is_so]
    return (
        name,
        f"{state}{' (' + ', '.join(marks) + ')' if marks else ''}",
        {True: "yes", False: "no", None: "not asked"}[host["answers"]],
        "" if host["last_heard"] is None else show_time(host["last_heard"]),
        ", ".join(host["services"]),
        ", ".join(host["missing"]),
        ", ".join(f"{product} {version}" for product, version in sorted(host["versions"].items())),
    )


def _source_findings(sources: t.Mapping[str, Json]) -> list[Finding]:
    return [
        Finding(ACT, _TITLES.get(name, name), f"has not answered: {one['error']}", _NO_ANSWER)
        for name, one in sources.items()
        if not one["answered"]
    ]


_NO_ANSWER = "see whether its daemons run; until then nothing is said of its hosts"


def _host_findings(hosts: t.Mapping[str, Json], looks: t.Mapping[str, Json]) -> list[Finding]:
    findings = []
    for name, host in sorted(hosts.items()):
        level = NOTE if host["retiring"] else ACT
        if host["answers"] is False:
            why = " ".join(str(looks[name].get("msg", "")).split())[:200]
            findings.append(Finding(level, name, f"does not answer: {why}", "bring it back, or put it into retiring"))
        for service in host["missing"]:
            findings.append(Finding(ACT, name, _missing_words(service, host["services"][service]), _MISSING))
        if host["unexpected"]:
            words = f"runs {', '.join(host['unexpected'])}, but is not in the group"
            findings.append(Finding(NOTE, name, words, "add it there, or stop it"))
        if not host["provisioned"] and not host["unexpected"]:
            words = f"is not in the inventory, and silent for {show_duration((host['hours_silent'] or 0) * 3600)}"
            findings.append(Finding(NOTE, name, words, "name it in the inventory, or let HTCondor forget it"))
    findings += _drift_findings(hosts)
    return findings


_MISSING = "run site.yml with --limit for it, or put it into retiring"


def _missing_words(service: str, state: Json) -> str:
    if state["state"] == "never_seen":
        return f"{service}: nobody has heard of it"
    if state["silent_for"] is None:
        return f"{service}: silent"
    return f"{service}: silent for {show_duration(state['silent_for'])}"


def _drift_findings(hosts: t.Mapping[str, Json]) -> list[Finding]:
    """Tell of products that run in several versions, and where those are that fewer hosts have."""
    versions: dict[str, dict[str, list[str]]] = {}
    for name, host in sorted(hosts.items()):
        for product, version in host["versions"].items():
            if host["state"] == "seen":
                versions.setdefault(product, {}).setdefault(version, []).append(name)
    findings = []
    for product, found in sorted(versions.items()):
        if len(found) > 1 and product != "ceph":  # which tells by itself
            common = max(found, key=lambda version: len(found[version]))
            others = [f"{version} on {_some(names)}" for version, names in sorted(found.items()) if version != common]
            words = f"runs {common} on {show_count(len(found[common]), 'host')}, but {' and '.join(others)}"
            findings.append(Finding(NOTE, _TITLES.get(product, product), words, "finish the upgrade"))
    return findings


def _some(names: t.Sequence[str], most: int = 5) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _list_expiries(looks: t.Mapping[str, Json]) -> list[dict[str, t.Any]]:
    """Return what expires, the first first, each once for all the hosts that have it."""
    found: dict[tuple[t.Any, ...], dict[str, t.Any]] = {}
    for host, look in sorted(looks.items()):
        for one in look.get("expiries") or ():
            if one["expires"] is not None:
                key = (one["kind"], one["path"], one["name"], one["expires"])
                left = one["expires"] - look["now"]
                item = found.setdefault(key, {**one, "hosts": [], "left": left})
                item["hosts"].append(host)
    return sorted(found.values(), key=lambda one: (one["expires"], one["path"]))


def _expiry_findings(expiries: t.Sequence[Json], looks: t.Mapping[str, Json], expiry_days: float) -> list[Finding]:
    findings = []
    of_others: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for one in expiries:
        life = one["expires"] - one["issued"]
        if one["left"] >= min(expiry_days * 86400, life / LAST_PART):
            continue
        if one["kind"] in _OF_OTHERS:
            of_others.setdefault((one["kind"], tuple(one["hosts"])), []).append(os.path.basename(one["path"]))
            continue
        left = one["left"]
        when = f"expired {show_duration(-left)} ago" if left < 0 else f"expires in {show_duration(left)}"
        cure = "run site.yml, which renews it" if one["kind"] == "token" else "renew it"
        findings.append(Finding(ACT, _some(one["hosts"]), f"{KINDS[one['kind']]} {one['path']} {when}", cure))
    for (kind, names), paths in sorted(of_others.items()):
        level, cure = _OF_OTHERS[kind]
        words = f"{show_count(len(paths), KINDS[kind])} expired, or will soon: {_some(paths)}"
        findings.append(Finding(level, _some(names), words, cure))
    unreadable: dict[str, list[str]] = {}
    for host, look in sorted(looks.items()):
        for path in look.get("unreadable") or ():
            unreadable.setdefault(path, []).append(host)
    findings += [
        Finding(NOTE, _some(names), f"{path} holds neither a token nor a certificate", "look at it")
        for path, names in sorted(unreadable.items())
    ]
    return findings


def _expiry_section(expiries: t.Sequence[Json]) -> Section:
    section = Section("Tokens, certificates and revocation lists")
    section.facts = [("that end", str(len(expiries))), ("the first one", show_time(expiries[0]["expires"]))]
    section.tables = [
        Table(
            "Until when they are good",
            ("Kind", "File", "For", "Hosts", "Until", "Days left"),
            [
                (
                    KINDS[one["kind"]],
                    one["path"],
                    one["name"],
                    _some(one["hosts"]),
                    show_time(one["expires"]),
                    round(one["left"] / 86400, 1),
                )
                for one in expiries
            ],
            on_terminal=False,
        )
    ]
    section.data = {"first": expiries[0]["expires"], "count": len(expiries)}
    return section
