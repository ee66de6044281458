# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: the CephX entities that the cluster knows."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field

from ansible_collections.sitewright.grid.plugins.module_utils._ceph_keyring import KeyringError, key_type

MON = "mon."
ACCESS = ("r", "rw", "rwp", "rws", "rwps")

_NAME = re.compile(r"(mon|mgr|osd|mds|client)\.[^\s\[\]\"'#;=]*")
# What the capability parsers of Ceph take unquoted.
_FILESYSTEM = re.compile(r"[A-Za-z0-9_.-]+")
_PATH = re.compile(r"/[A-Za-z0-9_./-]*")
Caps = dict[str, str]


@dataclass(frozen=True)
class Known:
    """An entity as the cluster has it."""

    key: str
    caps: Caps


@dataclass
class AuthPlan:
    """What is to be done to the cluster's entities; before and after hold no key.

    imports go into one keyring (a key of None is still to be made), recaps get new caps, removals are removed, and
    faults are sentences that say why the plan must not be carried out.
    """

    before: dict[str, t.Any] = field(default_factory=dict)
    after: dict[str, t.Any] = field(default_factory=dict)
    imports: dict[str, tuple[str | None, Caps]] = field(default_factory=dict)
    recaps: dict[str, Caps] = field(default_factory=dict)
    removals: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def words(self) -> list[list[str]]:
        """Return the words of the ceph commands that carry the plan out, the import (from standard input) first."""
        commands = [["auth", "import", "-i", "-"]] if self.imports else []
        for name, caps in self.recaps.items():
            commands.append(["auth", "caps", name, *(word for pair in sorted(caps.items()) for word in pair)])
        return commands + [["auth", "rm", name] for name in self.removals]


def parse_auth(dump: t.Mapping[str, t.Any]) -> dict[str, Known]:
    """Return the entities of C(ceph auth ls -f json), which does not list C(mon.)."""
    return {entry["entity"]: Known(entry["key"], dict(entry["caps"])) for entry in dump["auth_dump"]}


def cephfs_caps(accesses: t.Iterable[t.Mapping[str, str]]) -> Caps:
    """Return the caps that C(ceph fs authorize) gives for these accesses (filesystem, path, access).

    Compared word for word with what Ceph 18.2.7 makes, for every access and for one and several paths. Making them here
    lets one C(ceph auth import) create the keys of a whole site; C(fs authorize) takes one entity per call.
    """
    mds = []
    writes: dict[str, bool] = {}
    for entry in accesses:
        filesystem, path = entry["filesystem"], entry["path"]
        where = "" if path == "/" else f" path={path}"
        mds.append(f"allow {entry['access']} fsname={filesystem}{where}")
        writes[filesystem] = writes.get(filesystem, False) or "w" in entry["access"]
    return {
        "mds": ", ".join(mds),
        "mon": ", ".join(f"allow r fsname={filesystem}" for filesystem in writes),
        "osd": ", ".join(f"allow {'rw' if w else 'r'} tag cephfs data={name}" for name, w in writes.items()),
    }


def wanted_caps(entity: t.Mapping[str, t.Any]) -> Caps | None:
    """Return the caps that the options of this entity ask for, or None where they are to be left alone."""
    if entity["cephfs"]:
        return cephfs_caps(entity["cephfs"])
    if entity["caps"] is not None:
        return {service: cap.strip() for service, cap in entity["caps"].items()}
    return None


def check_entities(entities: t.Sequence[t.Mapping[str, t.Any]]) -> list[str]:
    """Return what is wrong with the options themselves, one sentence per fault, no key in any."""
    faults = []
    names = [entity["name"] for entity in entities]
    faults += [f"{name} is named twice: name it once." for name in sorted({n for n in names if names.count(n) > 1})]
    for entity in entities:
        faults += [f"{entity['name']}: {problem}" for problem in _problems(entity)]
    return faults


def _problems(entity: t.Mapping[str, t.Any]) -> t.Iterator[str]:
    if not _NAME.fullmatch(entity["name"]):
        yield "this is no entity: write TYPE.ID with one of the types mon, mgr, osd, mds, client."
    if entity["state"] == "absent" and entity["name"] in (MON, "client.admin"):
        yield "the cluster cannot be run without this entity, so it is not removed."
    if entity["name"] == MON and (entity["key"] or wanted_caps(entity) is not None):
        yield "key and caps of this entity belong to the monitors: leave key, caps and cephfs out."
    if entity["key"]:
        try:
            key_type(entity["key"])
        except KeyringError as error:
            yield f"{error}."
    yield from _cap_problems(entity)


def _cap_problems(entity: t.Mapping[str, t.Any]) -> t.Iterator[str]:
    for service, cap in (entity["caps"] or {}).items():
        if service not in ("mon", "osd", "mds", "mgr"):
            yield f"caps has no service {service}: it is one of mon, osd, mds, mgr."
        if not isinstance(cap, str) or not cap.strip() or "\n" in cap.strip():
            yield f"caps of {service} have to be one line of text."
    if entity["caps"] == {}:
        yield "caps is empty: leave it out to leave the caps alone."
    for access in entity["cephfs"] or []:
        if not _FILESYSTEM.fullmatch(access["filesystem"]):
            yield "cephfs has the name of no file system: it has letters, digits and _ . - only."
        if not _PATH.fullmatch(access["path"]):
            yield f"cephfs has the path '{access['path']}': it starts with / and has letters, digits and _ . - / only."


def plan_auth(
    have: t.Mapping[str, Known], entities: t.Iterable[t.Mapping[str, t.Any]], replace_keys: bool, bare: bool = False
) -> AuthPlan:
    """Compare the cluster's entities with the wanted ones (the options of the module, checked).

    On a bare host an entity that has to exist is taken to be there later.
    """
    plan = AuthPlan()
    for entity in entities:
        name, key, caps = entity["name"], entity["key"], wanted_caps(entity)
        known = have.get(name)
        plan.before[name] = plan.after[name] = known and {"caps": known.caps}
        if entity["state"] == "absent":
            plan.after[name] = None
            if known:
                plan.removals.append(name)
        elif known is None:
            if caps is not None:
                plan.imports[name] = (key, caps)
                plan.after[name] = {"caps": caps}
            elif not bare:
                plan.faults.append(f"{name} does not exist in the cluster: give caps or cephfs to create it.")
        elif key and key != known.key:
            if replace_keys:
                plan.imports[name] = (key, known.caps)
                plan.before[name] = {"caps": known.caps, "key": "the cluster's"}
                plan.after[name] = {"caps": known.caps, "key": "the given one"}
            else:
                plan.faults.append(
                    f"{name} has another key in the cluster than the given one: leave key out to keep the cluster's, "
                    "or set replace_keys to give it the new one (who uses the old one is locked out)."
                )
        if known and entity["state"] == "present" and caps not in (None, known.caps):
            plan.recaps[name] = caps
            plan.after[name] = {**plan.after[name], "caps": caps}
    return plan


def bad_caps(health: t.Mapping[str, t.Any], names: t.Container[str]) -> dict[str, str]:
    """Return which of these entities C(ceph health detail -f json) says have caps that no daemon understands.

    C(auth import) takes any text as caps (Ceph 18.2.7); the monitors' health check AUTH_BAD_CAPS names it at once.
    """
    details = health["checks"].get("AUTH_BAD_CAPS", {}).get("detail", [])
    found = (detail["message"].partition(" ") for detail in details)
    return {name: words for name, _blank, words in found if name in names}
