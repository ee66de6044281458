# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: what a cluster still lacks of the state that is waited for."""

from __future__ import annotations

import typing as t

Json = t.Mapping[str, t.Any]
ALL = ["all"]


def describe(wanted: Json) -> list[str]:
    """Return the wanted conditions (options of the module ceph_wait), one phrase each."""
    phrases = {
        "quorum": "a quorum with the monitors {}",
        "mgr_available": "an active manager",
        "osds_up": "these OSDs up: {}",
        "osds_in": "these OSDs in: {}",
        "fs_active": "the file systems {} served by all their ranks",
        "fs_standbys": "standby metadata servers: {}",
        "pgs_clean": "all placement groups active+clean",
    }
    found = [
        phrase.format(", ".join(map(str, wanted[key])) if isinstance(wanted[key], list) else wanted[key])
        for key, phrase in phrases.items()
        if wanted[key]
    ]
    if wanted["health"] is not None:
        forgiven = ", ".join(wanted["health"]["forgive"])
        found.append("HEALTH_OK" + (f", or no other check than {forgiven}" if forgiven else ""))
    return found or ["an answer of the cluster"]


def needs_report(wanted: Json) -> bool:
    """Tell whether C(ceph status) is not enough.

    It knows only how many OSDs there are, no file system by name, and of placement groups only what a manager has told,
    which lags behind new pools.
    """
    return any(wanted[key] and wanted[key] != ALL for key in ("osds_up", "osds_in", "fs_active", "pgs_clean"))


def find_missing(wanted: Json, status: Json, report: Json | None) -> list[str]:
    """Return what is missing, one phrase each, by C(ceph status) and, where needs_report says so, C(ceph report)."""
    missing = []
    if wanted["quorum"]:
        quorum = status["quorum_names"]
        missing += [
            f"monitor {name} is not in the quorum ({', '.join(quorum)})"
            for name in wanted["quorum"]
            if name not in quorum
        ]
    if wanted["mgr_available"] and not status["mgrmap"]["available"]:
        missing.append("no manager is active")
    for flag in ("up", "in"):
        missing += _missing_osds(flag, wanted[f"osds_{flag}"] or [], status["osdmap"], report)
    if wanted["fs_active"] and report:
        missing += _missing_ranks(wanted["fs_active"], report["fsmap"])
    standbys = status["fsmap"].get("up:standby", 0)
    if wanted["fs_standbys"] and standbys < wanted["fs_standbys"]:
        missing.append(f"{standbys} of {wanted['fs_standbys']} standby metadata servers are there")
    if wanted["pgs_clean"] and report:
        missing += missing_pgs(status["pgmap"].get("pgs_by_state", []), report["osdmap"]["pools"])
    if wanted["health"] is not None:
        missing += [
            f"{code}: {check['summary']['message']}"
            for code, check in status["health"]["checks"].items()
            if code not in wanted["health"]["forgive"] and not check.get("muted")
        ]
    return missing


def _missing_osds(flag: str, wanted: list[str], counts: Json, report: Json | None) -> list[str]:
    if wanted == ALL:
        total, number = counts["num_osds"], counts[f"num_{flag}_osds"]
        return [] if number == total > 0 else [f"{number} of {total} OSDs are {flag}"]
    osds = {str(osd["osd"]): osd for osd in report["osdmap"]["osds"]} if report else {}
    return [
        f"osd.{number} is not {flag}" if number in osds else f"osd.{number} does not exist"
        for number in wanted
        if not osds.get(number, {}).get(flag)
    ]


def missing_pgs(states: t.Sequence[Json], pools: t.Iterable[Json] = ()) -> list[str]:
    """Return which placement groups are not active+clean, and how many of these pools' nothing is known of.

    states are those of C(ceph status), which has none in a cluster without pools.
    """
    missing = [
        f"{state['count']} placement groups are {state['state_name']}"
        for state in states
        if not {"active", "clean"} <= set(state["state_name"].split("+"))
    ]
    unknown = sum(pool["pg_num"] for pool in pools) - sum(state["count"] for state in states)
    return [*missing, f"{unknown} placement groups have not been heard of"] if unknown > 0 else missing


def _missing_ranks(names: list[str], fsmap: Json) -> list[str]:
    maps = {filesystem["mdsmap"]["fs_name"]: filesystem["mdsmap"] for filesystem in fsmap["filesystems"]}
    missing = []
    for name in names:
        if name not in maps:
            missing.append(f"file system {name} does not exist")
            continue
        daemons = [daemon["state"] for daemon in maps[name]["info"].values()]
        active, ranks = daemons.count("up:active"), maps[name]["max_mds"]
        if active < ranks:
            others = ", ".join(sorted(set(daemons) - {"up:active"}))
            found = f"; found {others}" if others else ""
            missing.append(f"file system {name} is served by {active} of {ranks} metadata servers{found}")
    return missing
