# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: the hosts as the Ceph cluster sees them. Clients are not among them."""

from __future__ import annotations

import typing as t

from ansible_collections.sitewright.grid.plugins.module_utils._survey_source import Json, Sighting, Source

# What the module ceph_info has to gather.
SUBJECTS = ("mon", "mgr", "osd", "mds")


def expect_ceph(site: Json) -> dict[str, list[str]]:
    """Return what the hosts of a site model run of Ceph."""
    expected = {}
    for name, host in site["hosts"].items():
        serves = host.get("ceph") or {}
        services = [f"ceph_{kind}s" for kind in ("mon", "mgr", "mds") if serves.get(kind)]
        services += ["ceph_osds"] if serves.get("osd_devices") else []
        if services:
            expected[name] = services
    return expected


def sight_ceph(answer: Json) -> list[Sighting]:
    """Return what the module ceph_info tells of the daemons."""
    now: int = answer["now"]

    def sight(
        host: str, service: str, is_there: bool, since: int | None = None, version: str | None = None
    ) -> Sighting:
        return Sighting(host, service, now, now if is_there else since, is_there, version)

    sightings = [sight(name, "ceph_mons", mon["in_quorum"]) for name, mon in answer["mon"].items()]
    managers: t.Iterable[str | None] = [answer["mgr"]["active"], *answer["mgr"]["standbys"]]
    sightings += [sight(name, "ceph_mgrs", True) for name in managers if name]
    sightings += [sight(name, "ceph_mdss", mds["state"].startswith("up:")) for name, mds in answer["mds"].items()]
    sightings += [
        sight(osd["hostname"], "ceph_osds", osd["up"], osd["down_since"], osd["version"])
        for osd in answer["osd"].values()
        if osd["hostname"]
    ]
    return sightings


CEPH = Source("ceph", "osd", expect_ceph, sight_ceph)
