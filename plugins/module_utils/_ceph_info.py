# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: a cluster as data, in shapes of its own that outlast Ceph's."""

from __future__ import annotations

import typing as t
from datetime import datetime

from ansible_collections.sitewright.grid.plugins.module_utils._ceph_auth import parse_auth
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_config import SECRET_NAME
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_fs import parse_report
from ansible_collections.sitewright.grid.plugins.module_utils._cli import redact

Json = t.Mapping[str, t.Any]


def list_commands(subjects: t.Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return subject to the words of the ceph command that tells it; several subjects may share one command."""
    commands = {subject: _SUBJECTS[subject][0] for subject in subjects}
    if ("report",) in commands.values() and "health" in commands:
        commands["health"] = ("report",)
    return commands


def shape(subject: str, answer: t.Any) -> t.Any:
    """Return the subject's data from the JSON answer of its command (see list_commands), without any key."""
    return _SUBJECTS[subject][1](answer)


def _status(status: Json) -> dict[str, t.Any]:
    pgmap, osdmap = status["pgmap"], status["osdmap"]
    return {
        "fsid": status["fsid"],
        "health": status["health"]["status"],
        "quorum": status["quorum_names"],
        "mgr_available": status["mgrmap"]["available"],
        "osds": {"total": osdmap["num_osds"], "up": osdmap["num_up_osds"], "in": osdmap["num_in_osds"]},
        "pgs": {state["state_name"]: state["count"] for state in pgmap.get("pgs_by_state", [])},
        "bytes": {key: pgmap.get(f"bytes_{key}", 0) for key in ("used", "avail", "total")},
    }


def _health(answer: Json) -> dict[str, t.Any]:
    health = answer.get("health", answer)
    return {
        "status": health["status"],
        "checks": {
            code: {
                "severity": check["severity"],
                "message": check["summary"]["message"],
                "detail": [detail["message"] for detail in check["detail"]],
                "muted": check["muted"],
            }
            for code, check in health["checks"].items()
        },
    }


def _mon(report: Json) -> dict[str, t.Any]:
    return {
        mon["name"]: {
            "rank": mon["rank"],
            "addresses": [f"{address['type']}:{address['addr']}" for address in mon["public_addrs"]["addrvec"]],
            "in_quorum": mon["rank"] in report["quorum"],
        }
        for mon in report["monmap"]["mons"]
    }


def _mgr(dump: Json) -> dict[str, t.Any]:
    return {
        "available": dump["available"],
        "active": dump["active_name"] or None,
        "standbys": sorted(standby["name"] for standby in dump["standbys"]),
    }


def _osd(report: Json) -> dict[str, t.Any]:
    classes = {device["id"]: device.get("class") for device in report["crushmap"]["devices"]}
    metadata = {entry["id"]: entry for entry in report["osd_metadata"]}
    went_down = {entry["osd"]: _seconds(entry["down_stamp"]) for entry in report["osdmap"]["osd_xinfo"]}
    return {
        str(osd["osd"]): {
            "uuid": osd["uuid"],
            "up": bool(osd["up"]),
            "in": bool(osd["in"]),
            "class": classes.get(osd["osd"]),
            "hostname": metadata.get(osd["osd"], {}).get("hostname"),
            "version": metadata.get(osd["osd"], {}).get("ceph_version_short"),
            "down_since": None if osd["up"] else went_down.get(osd["osd"]),
        }
        for osd in report["osdmap"]["osds"]
    }


def _seconds(stamp: str) -> int | None:
    """Return a moment that Ceph tells in seconds since 1970; None for never."""
    if stamp.startswith("0."):
        return None
    return int(datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%S.%f%z").timestamp())


def _osd_usage(df: Json) -> dict[str, t.Any]:
    return {
        str(osd["id"]): {"total": osd["kb"] * 1024, "used": osd["kb_used"] * 1024, "pgs": osd["pgs"]}
        for osd in df["nodes"]
    }


def _pool_usage(df: Json) -> dict[str, t.Any]:
    return {
        pool["name"]: {
            "stored": pool["stats"]["stored"],
            "used": pool["stats"]["bytes_used"],
            "avail": pool["stats"]["max_avail"],
            "objects": pool["stats"]["objects"],
        }
        for pool in df["pools"]
    }


def _mds(report: Json) -> dict[str, t.Any]:
    fsmap = report["fsmap"]
    found = {
        daemon["name"]: {"state": daemon["state"], "filesystem": None, "rank": None} for daemon in fsmap["standbys"]
    }
    for mdsmap in (filesystem["mdsmap"] for filesystem in fsmap["filesystems"]):
        for daemon in mdsmap["info"].values():
            found[daemon["name"]] = {
                "state": daemon["state"],
                "filesystem": mdsmap["fs_name"],
                "rank": daemon["rank"],
            }
    return found


def _config(dump: list[Json]) -> list[dict[str, str]]:
    return [
        {
            "who": "/".join(filter(None, [entry["section"], entry["mask"]])),
            "option": entry["name"],
            "value": "<hidden>" if SECRET_NAME.search(entry["name"]) else redact(entry["value"]),
        }
        for entry in dump
    ]


_REPORT = ("report",)
_SUBJECTS: dict[str, tuple[tuple[str, ...], t.Callable[[t.Any], t.Any]]] = {
    "status": (("status",), _status),
    "health": (("health", "detail"), _health),
    "mon": (_REPORT, _mon),
    "mgr": (("mgr", "dump"), _mgr),
    "osd": (_REPORT, _osd),
    "osd_usage": (("osd", "df"), _osd_usage),
    "mds": (_REPORT, _mds),
    "fs": (_REPORT, lambda report: parse_report(report).filesystems),
    "pool": (_REPORT, lambda report: parse_report(report).pools),
    "pool_usage": (("df",), _pool_usage),
    "auth": (("auth", "ls"), lambda dump: {name: known.caps for name, known in parse_auth(dump).items()}),
    "config": (("config", "dump"), _config),
    "versions": (("versions",), dict),
}
SUBJECTS = list(_SUBJECTS)
