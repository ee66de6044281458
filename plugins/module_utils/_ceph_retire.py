# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: taking hosts, or single daemons, out of a running cluster, as its monitors see it.

What a host runs is told by the cluster, not by the inventory: daemons are called by the short name of their host, and
OSDs are found by the host that they have reported, or, where they never have, by the CRUSH bucket that they are in.
Single OSDs are found by their uuid, for their numbers are used again.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.sitewright.grid.plugins.module_utils._plan import Plan

Json = t.Mapping[str, t.Any]

# While one of these is set, no data moves.
STOPPING_FLAGS = frozenset({"pauserd", "pausewr", "nobackfill", "norebalance", "norecover"})
_UNITS = ("KiB", "MiB", "GiB", "TiB", "PiB")


@dataclass(frozen=True)
class Retiree:
    """A host that is to leave: its short name, whether it is gone for good, and the CephX entities of its clients.

    Where osds or daemons are given, only these leave, and the host stays: OSDs by their uuids, other daemons by their
    kinds (mon, mgr, mds).
    """

    name: str
    dead: bool
    entities: t.Sequence[str]
    osds: t.Collection[str] | None = None
    daemons: t.Collection[str] | None = None

    @property
    def stays(self) -> bool:
        """Tell whether only OSDs or daemons of the host leave."""
        return self.osds is not None or self.daemons is not None

    def gives(self, kind: str) -> bool:
        """Tell whether its daemon of this kind leaves: mon, mgr or mds."""
        return kind in (self.daemons or ()) if self.stays else True


@dataclass(frozen=True)
class Osd:
    """An OSD: where it is, how it does, how large it is and how full, in KiB."""

    id: int
    uuid: str
    host: str | None
    up: bool
    within: bool  # what Ceph calls in
    crush_weight: float
    kb: int
    kb_used: int
    kb_data: int

    @property
    def name(self) -> str:
        """Return its name as a daemon."""
        return f"osd.{self.id}"


@dataclass(frozen=True)
class Bucket:
    """A bucket of the CRUSH map; items are its OSDs (from 0) and buckets (below 0)."""

    id: int
    name: str
    type: str
    items: t.Sequence[int]


@dataclass(frozen=True)
class Cluster:
    """What the monitors know, as far as it decides whether hosts can go."""

    osds: t.Mapping[int, Osd]
    buckets: t.Mapping[int, Bucket]
    rules: t.Mapping[int, Json]
    pools: t.Sequence[Json]
    nearfull_ratio: float
    flags: frozenset[str]
    monitors: t.Sequence[str]
    quorum: frozenset[str]
    managers: t.Sequence[str]
    filesystems: t.Mapping[str, int]  # ranks by name
    metadata_servers: t.Sequence[str]
    inactive: t.Mapping[str, int]  # placement groups by state
    entities: t.Collection[str]

    def osds_of(self, retirees: t.Iterable[Retiree]) -> list[Osd]:
        """Return the OSDs that leave."""
        names, uuids = set(), set()
        for retiree in retirees:
            if not retiree.stays:
                names.add(retiree.name)
            uuids |= set(retiree.osds or ())
        return [osd for osd in self.osds.values() if osd.host in names or osd.uuid in uuids]

    def below(self, bucket: int) -> set[int]:
        """Return the OSDs in a bucket and in those in it."""
        if bucket >= 0:
            return {bucket} & self.osds.keys()
        items = self.buckets[bucket].items if bucket in self.buckets else ()
        return {osd for item in items for osd in self.below(item)}


def parse_cluster(report: Json, osd_df: Json, mgr_dump: Json, entities: t.Iterable[str]) -> Cluster:
    """Return the cluster by C(ceph report), C(ceph osd df), C(ceph mgr dump) and the names of all entities."""
    osdmap, crush, fsmap = report["osdmap"], report["crushmap"], report["fsmap"]
    buckets = {
        found["id"]: Bucket(
            found["id"], found["name"], found["type_name"], [int(item["id"]) for item in found["items"]]
        )
        for found in crush["buckets"]
    }
    # A bucket of one device class is called HOST~CLASS.
    host_of = {
        item: bucket.name
        for bucket in buckets.values()
        for item in bucket.items
        if bucket.type == "host" and "~" not in bucket.name
    }
    host_of.update(
        (found["id"], found["hostname"].partition(".")[0]) for found in report["osd_metadata"] if found.get("hostname")
    )
    used = {node["id"]: node for node in (*osd_df["nodes"], *osd_df.get("stray", ()))}
    osds = {
        found["osd"]: Osd(
            id=found["osd"],
            uuid=found["uuid"],
            host=host_of.get(found["osd"]),
            up=bool(found["up"]),
            within=bool(found["in"]),
            crush_weight=float(used.get(found["osd"], {}).get("crush_weight", 0)),
            kb=int(used.get(found["osd"], {}).get("kb", 0)),
            kb_used=int(used.get(found["osd"], {}).get("kb_used", 0)),
            kb_data=int(used.get(found["osd"], {}).get("kb_used_data", 0)),
        )
        for found in osdmap["osds"]
    }
    monitors = {mon["rank"]: mon["name"] for mon in report["monmap"]["mons"]}
    maps = [filesystem["mdsmap"] for filesystem in fsmap["filesystems"]]
    serving = [daemon["name"] for mdsmap in maps for daemon in mdsmap["info"].values()]
    return Cluster(
        osds=osds,
        buckets=buckets,
        rules={rule["rule_id"]: rule for rule in crush["rules"]},
        pools=osdmap["pools"],
        nearfull_ratio=float(osdmap["nearfull_ratio"]),
        flags=frozenset(osdmap["flags"].split(",")),
        monitors=list(monitors.values()),
        quorum=frozenset(monitors[rank] for rank in report["quorum"]),
        managers=[name for name in (mgr_dump["active_name"], *(each["name"] for each in mgr_dump["standbys"])) if name],
        filesystems={mdsmap["fs_name"]: mdsmap["max_mds"] for mdsmap in maps},
        metadata_servers=[*serving, *(each["name"] for each in fsmap["standbys"])],
        inactive={
            found["state"]: found["num"]
            for found in report["num_pg_by_state"]
            if "active" not in found["state"].split("+")
        },
        entities=frozenset(entities),
    )


# ---- what is refused


def find_refusals(cluster: Cluster, retirees: t.Sequence[Retiree]) -> list[str]:
    """Return why they cannot leave, each with its numbers and its cure; an empty list lets them go."""
    going = cluster.osds_of(retirees)
    return [
        *_refuse_living(cluster, retirees),
        *_refuse_monitors(cluster, _without(retirees, "mon")),
        *_refuse_managers(cluster, _without(retirees, "mgr")),
        *_refuse_metadata_servers(cluster, _without(retirees, "mds")),
        *(_refuse_osds(cluster, going) if going else []),
    ]


def _refuse_living(cluster: Cluster, retirees: t.Iterable[Retiree]) -> list[str]:
    return [
        f"{retiree.name} does not answer, but its {_names(alive)} {_verb(alive)} up: power it off, or let Ansible "
        "reach it"
        for retiree in retirees
        if retiree.dead and (alive := [osd.name for osd in cluster.osds_of([retiree]) if osd.up])
    ]


def _refuse_monitors(cluster: Cluster, names: set[str]) -> list[str]:
    going = [name for name in cluster.monitors if name in names]
    staying = [name for name in cluster.monitors if name not in names]
    if not going:
        return []
    if not staying:
        return [f"no monitor would be left (now {_names(going)}): add another host to ceph_mons first"]
    silent = [name for name in staying if name not in cluster.quorum]
    needed = len(staying) // 2 + 1
    if len(staying) - len(silent) < needed:
        return [
            f"without {_names(going)} the monitors would have no quorum: of the {len(staying)} that are left {needed} "
            f"are needed, but {len(staying) - len(silent)} would be there: bring {_names(silent)} back first"
        ]
    return []


def _refuse_managers(cluster: Cluster, names: set[str]) -> list[str]:
    if not cluster.managers or set(cluster.managers) - names:
        return []
    return [f"no manager would be left (now {_names(cluster.managers)}): add another host to ceph_mgrs first"]


def _refuse_metadata_servers(cluster: Cluster, names: set[str]) -> list[str]:
    going = [name for name in cluster.metadata_servers if name in names]
    staying = len(cluster.metadata_servers) - len(going)
    needed = sum(cluster.filesystems.values())
    if not going or staying >= needed:
        return []
    ranks = ", ".join(f"{name}: {number}" for name, number in cluster.filesystems.items())
    return [
        f"without {_names(going)} {staying} metadata servers would be left for the {needed} ranks of the file systems "
        f"({ranks}): add another host to ceph_mdss first"
    ]


def _refuse_osds(cluster: Cluster, going: t.Sequence[Osd]) -> list[str]:
    refusals = []
    flags = sorted(cluster.flags & STOPPING_FLAGS)
    if flags:
        refusals.append(f"no data moves while {_names(flags)} {_verb(flags)} set: unset it (ceph osd unset {flags[0]})")
    if cluster.inactive:
        states = ", ".join(f"{number} {state}" for state, number in sorted(cluster.inactive.items()))
        refusals.append(
            f"placement groups are not active ({states}), so it is not known what only these OSDs have: mend the "
            "cluster first (ceph health detail)"
        )
    leaving = {osd.id for osd in going}
    staying = {osd.id for osd in cluster.osds.values() if osd.id not in leaving and osd.within and osd.up}
    return [*refusals, *_refuse_pools(cluster, staying), *_refuse_fullness(cluster, leaving, staying)]


def _refuse_pools(cluster: Cluster, staying: set[int]) -> list[str]:
    pools: dict[tuple[int, int, str, int], list[str]] = {}
    for pool in cluster.pools:
        root, domain = _place_of(cluster.rules[pool["crush_rule"]])
        left = _count_domains(cluster, root, domain, staying)
        if left < pool["size"]:
            pools.setdefault((pool["size"], pool["min_size"], domain, left), []).append(pool["pool_name"])
    return [
        f"{_names(names)} {_verb(names, 'keeps', 'keep')} {size} copies or parts, each on another {domain} (min_size "
        f"{min_size}), but {left} of these with OSDs would be left, "
        + ("and nothing could be written" if left < min_size else "so what they store would never be whole again")
        + ": add a host to ceph_osds first, or lower the size of the pools"
        for (size, min_size, domain, left), names in pools.items()
    ]


def _refuse_fullness(cluster: Cluster, leaving: set[int], staying: set[int]) -> list[str]:
    refusals = []
    roots = {_place_of(cluster.rules[pool["crush_rule"]])[0] for pool in cluster.pools}
    for root in sorted(roots, reverse=True):
        members = cluster.below(root)
        room = sum(cluster.osds[number].kb for number in members & staying)
        used = sum(cluster.osds[number].kb_used for number in members & (staying | leaving))
        if members & leaving and room and used > room * cluster.nearfull_ratio:
            name = cluster.buckets[root].name if root in cluster.buckets else root
            refusals.append(
                f"the {len(members & staying)} OSDs that are left below {name} would be {_percent(used / room)} full "
                f"({show_kb(used)} of {show_kb(room)}), above the near-full ratio of {_percent(cluster.nearfull_ratio)}"
                ": add OSDs, or delete data, first"
            )
    return refusals


def _place_of(rule: Json) -> tuple[int, str]:
    """Return the bucket that a rule takes, and the kind of place of which each copy has its own."""
    take = next(step["item"] for step in rule["steps"] if step["op"] == "take")
    # The last choice is the finest: two racks, and in each two hosts, are four hosts.
    kinds = [step["type"] for step in rule["steps"] if step["op"].startswith("choose")]
    return take, kinds[-1] if kinds else "osd"


def _count_domains(cluster: Cluster, root: int, domain: str, staying: set[int]) -> int:
    if domain == "osd":
        return len(cluster.below(root) & staying)
    inside, found, number = [root], set(), 0
    while inside:
        here = inside.pop()
        if here in found or here not in cluster.buckets:
            continue
        found.add(here)
        if cluster.buckets[here].type == domain:
            number += bool(cluster.below(here) & staying)
        else:
            inside += [item for item in cluster.buckets[here].items if item < 0]
    return number


# ---- what is done


def plan_drain(cluster: Cluster, retirees: t.Sequence[Retiree]) -> Plan:
    """Return what makes the data of these hosts' OSDs move elsewhere.

    The weight in CRUSH becomes zero as well: so the data moves once, and nothing more moves when the OSDs are purged.
    """
    plan = Plan()
    for retiree in retirees:
        osds = cluster.osds_of([retiree])
        weighty = [osd for osd in osds if osd.crush_weight > 0]
        bucket = _bucket_of(cluster, retiree)
        if weighty and bucket and {osd.id for osd in osds} == cluster.below(bucket.id):
            plan.commands.append(["osd", "crush", "reweight-subtree", retiree.name, "0"])
        else:
            plan.commands += [["osd", "crush", "reweight", osd.name, "0"] for osd in weighty]
    going = cluster.osds_of(retirees)
    inside = [osd.name for osd in going if osd.within]
    if inside:
        plan.commands.append(["osd", "out", *inside])
    for osd in going:
        if osd.within or osd.crush_weight > 0:
            plan.before[osd.name] = {"in": osd.within, "crush_weight": osd.crush_weight}
            plan.after[osd.name] = {"in": False, "crush_weight": 0}
    return plan


def plan_removal(cluster: Cluster, retirees: t.Sequence[Retiree]) -> Plan:
    """Return what takes these hosts' daemons out of the cluster's maps, their keys, and their CRUSH buckets.

    OSDs have to be down and safe to destroy. Monitors that are not in the quorum go first.
    """
    plan = Plan()
    names = _without(retirees, "mon")

    def remove(what: str, *argv: list[str]) -> None:
        plan.before[what], plan.after[what] = "present", "absent"
        plan.commands += argv

    for osd in cluster.osds_of(retirees):
        remove(osd.name, ["osd", "purge", str(osd.id), "--yes-i-really-mean-it"])
    for retiree in retirees:
        bucket = _bucket_of(cluster, retiree)
        if bucket and not retiree.stays and cluster.below(bucket.id) <= {osd.id for osd in cluster.osds_of([retiree])}:
            remove(f"bucket {bucket.name}", ["osd", "crush", "rm", bucket.name])
    for name in sorted(names & set(cluster.monitors), key=lambda name: (name in cluster.quorum, name)):
        remove(f"mon.{name}", ["mon", "remove", name])
    for entity in entities_of(cluster, retirees):
        remove(f"key of {entity}", ["auth", "rm", entity])
    return plan


def entities_of(cluster: Cluster, retirees: t.Iterable[Retiree]) -> list[str]:
    """Return the CephX entities of these hosts that the cluster has; an OSD's goes with the OSD."""
    wanted = [
        entity
        for retiree in retirees
        for entity in (*([] if retiree.stays else retiree.entities), *_entities(retiree))
        if entity in cluster.entities
    ]
    return list(dict.fromkeys(wanted))


def daemons_of(cluster: Cluster, retiree: Retiree) -> list[str]:
    """Return what the cluster knows of what leaves: its daemons, by their names."""
    name = retiree.name
    kinds = (("mon", cluster.monitors), ("mgr", cluster.managers), ("mds", cluster.metadata_servers))
    named = [f"{kind}.{name}" for kind, names in kinds if name in names and retiree.gives(kind)]
    return [*named, *(osd.name for osd in cluster.osds_of([retiree]))]


def find_unsafe(osds: t.Iterable[Osd], answer: Json, all_clean: bool) -> list[Osd]:
    """Return the OSDs that still have data which is nowhere else, by C(ceph osd safe-to-destroy --format json).

    Of an OSD that has been down since before the manager started there are no figures; it is safe when all placement
    groups are whole without it.
    """
    safe = set(answer["safe_to_destroy"])
    if all_clean:
        safe |= set(answer["missing_stats"])
    return [osd for osd in osds if osd.id not in safe]


def _entities(retiree: Retiree) -> list[str]:
    return [f"{kind}.{retiree.name}" for kind in ("mds", "mgr") if retiree.gives(kind)]


def _without(retirees: t.Iterable[Retiree], kind: str) -> set[str]:
    return {retiree.name for retiree in retirees if retiree.gives(kind)}


def _bucket_of(cluster: Cluster, retiree: Retiree) -> Bucket | None:
    found = (bucket for bucket in cluster.buckets.values() if (bucket.type, bucket.name) == ("host", retiree.name))
    return next(found, None)


# ---- progress


@dataclass(frozen=True)
class Progress:
    """How far the data has moved. total and left are in KiB, seconds is how long this look has lasted."""

    total: int
    left: int
    moved: int  # during this look
    seconds: float
    missing: t.Sequence[str]

    def shape(self) -> dict[str, t.Any]:
        """Return it as the module returns it: bytes, percent, rate and time."""
        rate = self.moved * 1024 / self.seconds if self.seconds and self.moved > 0 else 0.0
        percent = 100.0 if not self.total else max(0.0, 100.0 * (1 - self.left / self.total))
        remaining = round(self.left * 1024 / rate) if rate and self.left else None
        words = [f"{percent:.0f} % moved", f"{show_kb(self.left)} left"]
        if rate:
            words.append(f"{show_kb(round(rate / 1024))}/s")
        if remaining is not None:
            words.append(f"about {show_seconds(remaining)}")
        return {
            "bytes_total": self.total * 1024,
            "bytes_left": self.left * 1024,
            "percent": round(percent, 1),
            "bytes_per_second": round(rate),
            "seconds_left": remaining,
            "missing": list(self.missing),
            "text": ", ".join(words) + (f": {'; '.join(self.missing)}" if self.missing else ""),
        }


def show_kb(kib: int) -> str:
    """Return a number of KiB in the unit that suits it."""
    number, unit = float(kib), 0
    while number >= 1024 and unit < len(_UNITS) - 1:
        number, unit = number / 1024, unit + 1
    return f"{number:.1f} {_UNITS[unit]}" if unit else f"{kib} KiB"


def show_seconds(seconds: int) -> str:
    """Return a time in the two units that suit it."""
    minutes, hours = seconds // 60, seconds // 3600
    if hours:
        return f"{hours} h {minutes % 60} min"
    return f"{minutes} min" if minutes else f"{seconds} s"


def _percent(ratio: float) -> str:
    return f"{100 * ratio:.1f} %"


def _names(names: t.Sequence[str]) -> str:
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def _verb(names: t.Sequence[str], one: str = "is", many: str = "are") -> str:
    return one if len(names) == 1 else many
