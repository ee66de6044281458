# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: draining hosts of a pool, and whose drain it is (C(condor_drain)).

A machine's slots tell why they drain and by which request. The numbers of requests begin anew with each start of the
startd, so a drain is known as ours by its reason, and the number only keeps another one from being cancelled meanwhile.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.sitewright.grid.plugins.module_utils._condor_pool import is_of, is_slot, shape_slot
from ansible_collections.sitewright.grid.plugins.module_utils._drain import MARK


@dataclass(frozen=True)
class Drain:
    """Whether a host drains, for whom, and how far that is.

    target is the name by which condor_drain finds its startd without asking a name server; it is None where the
    collector knows no slot of the host.
    """

    host: str
    target: str | None
    reason: str | None
    request_id: str | None
    is_draining: bool
    is_drained: bool
    jobs: list[str]

    def is_ours(self, reason: str) -> bool:
        """Tell whether the drain was ordered with this reason by a module."""
        return self.is_draining and self.reason == MARK + reason

    def describe(self) -> str:
        """Return the state in words, as a diff shows it."""
        if self.target is None:
            return "not in the pool"
        return f"draining ({self.reason})" if self.is_draining else "not draining"


def find_drain(host: str, ads: t.Iterable[t.Mapping[str, t.Any]]) -> Drain:
    """Return the state of a host by its ads.

    A partitionable slot is drained and idle only when all of its dynamic slots have gone.
    """
    slots = [shape_slot(ad) for ad in ads if is_slot(ad) and is_of(ad, host)]
    whole = sorted((slot for slot in slots if slot["type"] != "dynamic"), key=lambda slot: str(slot["name"]))
    draining = [slot for slot in whole if slot["draining"]]
    drained = [slot for slot in draining if (slot["state"], slot["activity"]) == ("Drained", "Idle")]
    return Drain(
        host=host,
        target=whole[0]["name"] if whole else None,
        reason=draining[0]["drain_reason"] if draining else None,
        request_id=draining[0]["drain_request_id"] if draining else None,
        is_draining=bool(draining),
        is_drained=bool(whole) and len(drained) == len(whole),
        jobs=[f"{slot['job']} of {slot['owner']}" for slot in slots if slot["job"]],
    )


def plan_words(drain: Drain, state: str, schedule: str, reason: str) -> list[str] | None:
    """Return the words for C(condor_drain) that a host needs, or None where nothing is to be done."""
    if drain.target is None:
        return None
    if state == "drained" and not drain.is_draining:
        return [f"-{schedule}", "-reason", MARK + reason, drain.target]
    if state == "cancelled" and drain.is_ours(reason):
        return ["-cancel", "-request-id", str(drain.request_id), drain.target]
    return None


def find_missing(drains: t.Iterable[Drain], state: str, reason: str) -> list[str]:
    """Return what is missing until all hosts are in the wanted state, one phrase each."""
    missing = []
    for drain in drains:
        if state == "cancelled" and drain.is_ours(reason):
            missing.append(f"{drain.host} still drains")
        if state == "drained" and drain.target is not None and not drain.is_drained:
            jobs = f": {len(drain.jobs)} jobs ({', '.join(drain.jobs[:3])})" if drain.jobs else ""
            missing.append(f"{drain.host} {'still drains' if drain.is_draining else 'does not drain'}{jobs}")
    return missing


def shape_drain(drain: Drain, reason: str) -> dict[str, t.Any]:
    """Return the state of a host as the module returns it."""
    return {
        "known": drain.target is not None,
        "draining": drain.is_draining,
        "drained": drain.is_drained,
        "reason": drain.reason,
        "request_id": drain.request_id,
        "ours": drain.is_ours(reason),
        "jobs": drain.jobs,
    }
