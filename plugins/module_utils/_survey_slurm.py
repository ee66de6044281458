# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: the hosts as Slurm's controller sees them."""

from __future__ import annotations

from ansible_collections.sitewright.grid.plugins.module_utils._survey_source import Json, Sighting, Source

_SERVICES = {"controller": "slurm_controllers", "node": "slurm_nodes"}


def expect_slurm(site: Json) -> dict[str, list[str]]:
    """Return what the hosts of a site model run of Slurm."""
    return {
        name: [_SERVICES[daemon] for daemon in host["slurm"]["runs"]]
        for name, host in site["hosts"].items()
        if host.get("slurm")
    }


def sight_slurm(answer: Json) -> list[Sighting]:
    """Return what the module slurm_info tells, which knows since when a node is missed, not when it was heard last."""
    now = answer["now"]
    sightings = [
        Sighting(one["name"], "slurm_controllers", now, now if one["responds"] else None, one["responds"])
        for one in answer["controllers"]
    ]
    sightings += [
        Sighting(
            node["hostname"],
            "slurm_nodes",
            now,
            now if node["responds"] else node["reason_since"],
            node["responds"],
            node["version"],
        )
        for node in answer["nodes"]
    ]
    return sightings


SLURM = Source("slurm", "nodes", expect_slurm, sight_slurm)
