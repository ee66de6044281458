# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: the pools and file systems of a cluster."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field

# An item's settings by option name; an item that is not there is None.
Settings = dict[str, t.Any]
_NAME = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.-]*")
# A pool's settings, in the order in which they can be made, and those that its creation takes.
_POOL = ("size", "min_size", "pg_autoscale_mode", "pg_num", "bulk", "crush_rule", "application")
_AT_CREATION = {
    "pg_num": "--pg-num",
    "crush_rule": "--rule",
    "size": "--size",
    "pg_autoscale_mode": "--autoscale-mode",
    "bulk": "--bulk",
}


@dataclass(frozen=True)
class State:
    """The cluster's pools and file systems, each by name, with their settings named as the module's options."""

    pools: dict[str, Settings] = field(default_factory=dict)
    filesystems: dict[str, Settings] = field(default_factory=dict)


@dataclass
class FsPlan:
    """What is to be done, as words of ceph commands; faults are sentences that say why it must not be done."""

    before: dict[str, t.Any] = field(default_factory=lambda: {"pools": {}, "filesystems": {}})
    after: dict[str, t.Any] = field(default_factory=lambda: {"pools": {}, "filesystems": {}})
    words: list[list[str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def parse_report(report: t.Mapping[str, t.Any]) -> State:
    """Return the pools and file systems of C(ceph report), which holds in one answer what takes three elsewhere."""
    rules = {rule["rule_id"]: rule["rule_name"] for rule in report["crushmap"]["rules"]}
    pools = {pool["pool"]: pool for pool in report["osdmap"]["pools"]}
    names = {number: pool["pool_name"] for number, pool in pools.items()}
    maps = [filesystem["mdsmap"] for filesystem in report["fsmap"]["filesystems"]]
    return State(
        pools={
            pool["pool_name"]: {
                "size": pool["size"],
                "min_size": pool["min_size"],
                "pg_num": pool["pg_num_target"],
                "pg_autoscale_mode": pool["pg_autoscale_mode"],
                "bulk": "bulk" in pool["flags_names"].split(","),
                "application": sorted(pool["application_metadata"]),
                "crush_rule": rules.get(pool["crush_rule"]),
            }
            for pool in pools.values()
        },
        filesystems={
            mdsmap["fs_name"]: {
                "metadata_pool": names.get(mdsmap["metadata_pool"]),
                "data_pools": [names.get(number) for number in mdsmap["data_pools"]],
                "max_mds": mdsmap["max_mds"],
                "standby_count_wanted": mdsmap["standby_count_wanted"],
            }
            for mdsmap in maps
        },
    )


def plan_fs(have: State, pools: t.Sequence[Settings], filesystems: t.Sequence[Settings], confirmed: bool) -> FsPlan:
    """Compare the cluster with the wanted pools and file systems (the options of the module).

    confirmed is the operator's word that what is absent may be deleted with its data. Pools are made before the file
    systems on them, and deleted after.
    """
    plan = FsPlan()
    for kind, items in (("pool", pools), ("file system", filesystems)):
        names = [item["name"] for item in items]
        plan.faults += [f"{kind} {name} is named twice: name it once." for name in sorted(_repeated(names))]
        plan.faults += [
            f"'{name}' is no name for a {kind}: use letters, digits and _ . - only."
            for name in names
            if not _NAME.fullmatch(name)
        ]
    for pool in _present(pools):
        _plan_pool(plan, have.pools.get(pool["name"]), pool)
    for filesystem in _present(filesystems):
        _plan_filesystem(plan, have.filesystems.get(filesystem["name"]), filesystem)
    for filesystem in _absent(filesystems, have.filesystems):
        name = filesystem["name"]
        _remove(plan, "filesystems", f"file system {name}", have.filesystems[name], filesystem, confirmed)
        plan.words += [["fs", "fail", name], ["fs", "rm", name, "--yes-i-really-mean-it"]]
    for pool in _absent(pools, have.pools):
        name = pool["name"]
        _remove(plan, "pools", f"pool {name}", have.pools[name], pool, confirmed)
        plan.words.append(["osd", "pool", "rm", name, name, "--yes-i-really-really-mean-it"])
    return plan


def _plan_pool(plan: FsPlan, have: Settings | None, pool: Settings) -> None:
    name = pool["name"]
    wanted = {key: pool[key] for key in _POOL if pool[key] is not None}
    if have is None:
        plan.words.append(_creation(name, wanted))
        # What the creation has settled, so that only the rest is set afterwards.
        now = {"min_size": 0, "application": [], **{key: wanted[key] for key in wanted if key in _AT_CREATION}}
        plan.before["pools"][name], plan.after["pools"][name] = None, wanted
    else:
        now = have
        if wanted.get("pg_autoscale_mode", have["pg_autoscale_mode"]) == "on":
            wanted.pop("pg_num", None)  # the autoscaler's, once the pool is made
        plan.before["pools"][name] = {key: have[key] for key in wanted}
        plan.after["pools"][name] = {
            key: have[key] if _holds(key, have[key], wanted[key]) else wanted[key] for key in wanted
        }
    size, min_size = wanted.get("size", now.get("size")), wanted.get("min_size", now["min_size"])
    if size and size < min_size:
        plan.faults.append(
            f"pool {name}: with size {size} below min_size {min_size} no data could be used: "
            "raise size, or lower min_size with it."
        )
    changes = [key for key in wanted if not _holds(key, now[key], wanted[key])]
    if size and size < now.get("size", 0):
        changes.sort(key=lambda key: key != "min_size")  # it has to shrink before size does
    for key in changes:
        verb = ["application", "enable", name] if key == "application" else ["set", name, key]
        plan.words.append(["osd", "pool", *verb, _text(wanted[key])])


def _creation(name: str, wanted: Settings) -> list[str]:
    words = ["osd", "pool", "create", name]
    for key, flag in _AT_CREATION.items():
        if key == "bulk" and wanted.get(key):
            words.append(flag)
        elif key != "bulk" and key in wanted:
            words += [flag, _text(wanted[key])]
    return words


def _plan_filesystem(plan: FsPlan, have: Settings | None, filesystem: Settings) -> None:
    name, metadata, data = filesystem["name"], filesystem["metadata_pool"], filesystem["data_pools"]
    wanted = {key: value for key, value in filesystem.items() if key not in ("name", "state") and value is not None}
    if not metadata or not data:
        plan.faults.append(f"file system {name}: name its metadata_pool and at least one of its data_pools.")
        return
    if have is None:
        plan.words.append(["fs", "new", name, metadata, data[0]])
        have = {"metadata_pool": metadata, "data_pools": data[:1], "max_mds": 1, "standby_count_wanted": None}
        plan.before["filesystems"][name], plan.after["filesystems"][name] = None, wanted
    else:
        after = {**wanted, "data_pools": have["data_pools"] + [p for p in data if p not in have["data_pools"]]}
        plan.before["filesystems"][name] = {key: have[key] for key in wanted}
        plan.after["filesystems"][name] = after
    if (have["metadata_pool"], have["data_pools"][0]) != (metadata, data[0]):
        plan.faults.append(
            f"file system {name} stands on metadata pool {have['metadata_pool']} and first data pool "
            f"{have['data_pools'][0]}, which Ceph cannot change: name these."
        )
    plan.words += [["fs", "add_data_pool", name, pool] for pool in data if pool not in have["data_pools"]]
    plan.words += [
        ["fs", "set", name, key, _text(wanted[key])]
        for key in ("max_mds", "standby_count_wanted")
        if key in wanted and wanted[key] != have[key]
    ]


def _remove(plan: FsPlan, kind: str, what: str, have: Settings, item: Settings, confirmed: bool) -> None:
    plan.before[kind][item["name"]], plan.after[kind][item["name"]] = have, None
    if not confirmed:
        plan.faults.append(f"{what} would be deleted with all its data: set yes_i_really_mean_it if that is meant.")


def _present(items: t.Iterable[Settings]) -> list[Settings]:
    return [item for item in items if item["state"] == "present"]


def _absent(items: t.Iterable[Settings], have: t.Container[str]) -> list[Settings]:
    return [item for item in items if item["state"] == "absent" and item["name"] in have]


def _repeated(names: list[str]) -> set[str]:
    return {name for name in names if names.count(name) > 1}


def _holds(key: str, have: t.Any, wanted: t.Any) -> bool:
    return wanted in have if key == "application" else bool(have == wanted)


def _text(value: t.Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
