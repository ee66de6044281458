# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: the pool as its collector knows it (C(condor_status -any -json))."""

from __future__ import annotations

import json
import re
import typing as t

from ansible_collections.sitewright.grid.plugins.module_utils._cli import Cli
from ansible_collections.sitewright.grid.plugins.module_utils._virt_queue import SAID

Ad = t.Mapping[str, t.Any]

ARGUMENTS: dict[str, dict[str, t.Any]] = {
    "pool": {"type": "str"},
    "command_timeout": {"type": "int", "default": 60},
}
# The types of ads (MyType), in HTCondor's words, to the daemons that they are of. Slots are ads of the type Machine.
DAEMONS = {
    "DaemonMaster": "master",
    "Collector": "collector",
    "Negotiator": "negotiator",
    "Scheduler": "schedd",
    "StartD": "startd",
}
SLOT = "Machine"
# Key of a returned slot to the attribute of its ad.
_SLOT_KEYS = {
    "name": "Name",
    "machine": "Machine",
    "state": "State",
    "activity": "Activity",
    "draining": "Draining",
    "drain_reason": "DrainReason",
    "drain_request_id": "DrainingRequestId",
    "job": "GlobalJobId",
    "owner": "RemoteOwner",
    "last_heard": "LastHeardFrom",
}
# The collector keeps the ads of slots that it hears of no more (ABSENT_REQUIREMENTS), and returns them to those who ask
# for this attribute.
ABSENT = "Absent"
_DAEMON_KEYS = {
    "name": "Name",
    "machine": "Machine",
    "address": "MyAddress",
    "started": "DaemonStartTime",
    "last_heard": "LastHeardFrom",
}
# The jobs of an access point, by what they do.
_JOB_KEYS = {"running": "TotalRunningJobs", "idle": "TotalIdleJobs", "held": "TotalHeldJobs"}
# How much of a resource a slot has: all of it (TotalSlotCpus, and so on) and what is not given to dynamic slots (Cpus).
RESOURCES = {"cpus": "Cpus", "memory": "Memory", "disk": "Disk", "gpus": "GPUs"}
_OF_SLOTS = ("SlotType", *RESOURCES.values(), *(f"TotalSlot{name}" for name in RESOURCES.values()))
_SHARED = ("MyType", "CondorVersion", ABSENT)
ATTRIBUTES = tuple(
    dict.fromkeys(
        [
            *_SHARED,
            *_SLOT_KEYS.values(),
            *SAID.values(),
            *_DAEMON_KEYS.values(),
            *_OF_SLOTS,
            *_JOB_KEYS.values(),
        ]
    )
)


class Pool:
    """The command that asks a pool."""

    def __init__(self, cli: Cli, params: t.Mapping[str, t.Any]) -> None:
        self.cli = cli
        self.timeout: int = params["command_timeout"]
        self.to = ["-pool", params["pool"]] if params["pool"] else []

    @property
    def is_bare(self) -> bool:
        """Tell whether this host has no HTCondor yet."""
        return not self.cli.has("condor_status")

    def read(self, constraint: str | None = None, attributes: t.Sequence[str] = ATTRIBUTES) -> list[Ad]:
        """Return the ads of all types for which an expression is true, with these attributes; one command."""
        argv = ["condor_status", *self.to, "-any", "-json", "-attributes", ",".join(attributes)]
        done = self.cli.read([*argv, *(["-constraint", constraint] if constraint else [])], timeout=self.timeout)
        return parse_ads(done.stdout)


def parse_ads(printed: str) -> list[Ad]:
    """Return what C(condor_status -json) has printed, which is nothing where no ad was found."""
    return t.cast("list[Ad]", json.loads(printed)) if printed.strip() else []


def with_absent() -> str:
    """Return the expression that is true for every ad, those of absent slots too, as it names their attribute."""
    return f"({ABSENT} =?= true || {ABSENT} =!= true)"


def is_slot(ad: Ad) -> bool:
    """Tell whether an ad is a slot's."""
    return bool(ad.get("MyType") == SLOT)


def of_hosts(names: t.Iterable[str]) -> str:
    """Return the expression that is true for the ads of these hosts; a short name means the host of any domain."""
    either = "|".join(name.replace(".", "[.]") for name in names)
    return f'regexp("^({either})([.].*)?$", Machine, "i")'


def check_host_names(names: t.Iterable[str]) -> list[str]:
    """Return those that are no host names."""
    return [name for name in names if re.fullmatch(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?", name) is None]


def is_of(ad: Ad, host: str) -> bool:
    """Tell whether an ad is of this host, which may be named without its domain."""
    machine = str(ad.get("Machine", "")).lower()
    return machine == host.lower() or machine.startswith(f"{host.lower()}.")


def version_of(ad: Ad) -> str | None:
    """Return the version of the daemon that has sent an ad."""
    found = re.search(r"CondorVersion: (\d+(?:\.\d+)*)", str(ad.get("CondorVersion", "")))
    return found[1] if found else None


def shape_slot(ad: Ad) -> dict[str, t.Any]:
    """Return a slot as modules return it; what its ad has not is null."""
    total = {name: _whole(ad.get(f"TotalSlot{attribute}", ad.get(attribute))) for name, attribute in RESOURCES.items()}
    # What a collector remembers over its own restart is little more than the slot's name.
    machine = ad.get("Machine") or str(ad.get("Name") or "").rpartition("@")[2] or None
    return {
        **{key: ad.get(attribute) for key, attribute in _SLOT_KEYS.items()},
        "machine": machine,
        # Only slots that were carved out of another one are always told apart.
        "type": str(ad.get("SlotType", "Static")).lower(),
        "draining": bool(ad.get("Draining", False)),
        "absent": bool(ad.get(ABSENT, False)),
        "version": version_of(ad),
        "guests": {key: ad.get(attribute) for key, attribute in SAID.items()} if SAID["able"] in ad else None,
        "total": total,
        "left": {name: _whole(ad.get(attribute)) for name, attribute in RESOURCES.items()},
    }


def _whole(number: t.Any) -> t.Any:
    """Return a number without decimals where it has none to tell."""
    return int(number) if isinstance(number, float) and number.is_integer() else number


def shape_daemon(ad: Ad) -> dict[str, t.Any]:
    """Return a daemon as modules return it."""
    shaped = {key: ad.get(attribute) for key, attribute in _DAEMON_KEYS.items()}
    jobs = {state: ad.get(attribute, 0) for state, attribute in _JOB_KEYS.items()}
    kind = DAEMONS[ad["MyType"]]
    return {"type": kind, **shaped, "version": version_of(ad), "jobs": jobs if kind == "schedd" else None}


def sum_slots(slots: t.Iterable[t.Mapping[str, t.Any]]) -> dict[str, t.Any]:
    """Return the totals of shaped slots, without those that are absent.

    A dynamic slot is a part of its partitionable one: resources are those of the partitionable and static slots alone.
    """
    slots = [slot for slot in slots if not slot["absent"]]
    whole = [slot for slot in slots if slot["type"] != "dynamic"]
    # What is left of a static slot is all of it or nothing.
    free = [slot for slot in whole if slot["type"] == "partitionable" or slot["state"] == "Unclaimed"]
    return {
        "machines": len({slot["machine"] for slot in slots}),
        "slots": len(whole),
        "dynamic_slots": len(slots) - len(whole),
        "claimed": sum(slot["state"] == "Claimed" for slot in slots),
        "draining_machines": len({slot["machine"] for slot in slots if slot["draining"]}),
        "total": {name: sum(slot["total"][name] or 0 for slot in whole) for name in RESOURCES},
        "left": {name: sum(slot["left"][name] or 0 for slot in free) for name in RESOURCES},
    }
