# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: the hosts as HTCondor's collector sees them."""

from __future__ import annotations

from ansible_collections.sitewright.grid.plugins.module_utils._survey_source import (
    Json,
    Sighting,
    Source,
    expect_groups,
)

_LISTS = {"managers": "condor_managers", "submits": "condor_submits", "executes": "condor_executes"}
_SERVICES = {"collector": "condor_managers", "schedd": "condor_submits", "startd": "condor_executes"}


def expect_condor(site: Json) -> dict[str, list[str]]:
    """Return what the hosts of a site model run of HTCondor."""
    return expect_groups(site, "condor", _LISTS)


def sight_condor(answer: Json) -> list[Sighting]:
    """Return what the module condor_pool_info tells with absent: true."""
    now = answer["now"]
    sightings = [
        Sighting(
            daemon["machine"],
            _SERVICES[daemon["type"]],
            now,
            # The collector hears itself every 15 minutes only, but it has answered.
            now if daemon["type"] == "collector" else daemon["last_heard"],
            version=daemon["version"],
        )
        for daemon in answer["daemons"]
        if daemon["type"] in _SERVICES
    ]
    # An older execution point has no ad of its startd: its slots are what is known, and what the collector remembers.
    sightings += [
        Sighting(slot["machine"], "condor_executes", now, slot["last_heard"], not slot["absent"], slot["version"])
        for slot in answer["slots"]
        if slot["type"] != "dynamic"
    ]
    return [sighting for sighting in sightings if sighting.host]


CONDOR = Source("condor", "slots", expect_condor, sight_condor)
