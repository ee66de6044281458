# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: the CephX entities of a site's daemons and clients, and their caps."""

from __future__ import annotations

import typing as t

# Ceph's own caps for its daemons (the manual's "Manual deployment" and what cephadm gives its daemons).
MGR_CAPS = {"mon": "profile mgr", "osd": "allow *", "mds": "allow *"}
MDS_CAPS = {"mon": "profile mds", "mgr": "profile mds", "mds": "allow *", "osd": "allow rw tag cephfs *=*"}
# The monitors make this one by themselves, with the first cap. The second lets OSD hosts ask for ok-to-stop.
BOOTSTRAP_OSD = "client.bootstrap-osd"
BOOTSTRAP_OSD_CAPS = {"mon": "profile bootstrap-osd", "mgr": "allow r"}


def list_entities(site: t.Mapping[str, t.Any], hosts: t.Iterable[str]) -> list[dict[str, t.Any]]:
    """Return the entities that the daemons and clients of these hosts need, as options of the module ceph_auth.

    site is the model that the action plugin site_model returns; hosts are inventory names.
    """
    entities: dict[str, dict[str, t.Any]] = {}
    for host in hosts:
        serves = site["hosts"][host]["ceph"]
        if serves["mgr"]:
            entities["mgr." + serves["mgr"]] = {"caps": MGR_CAPS}
        if serves["mds"]:
            entities["mds." + serves["mds"]] = {"caps": MDS_CAPS}
        if serves["osd_devices"]:
            entities[BOOTSTRAP_OSD] = {"caps": BOOTSTRAP_OSD_CAPS}
        if serves["client"]:
            access = {"filesystem": site["ceph"]["filesystem"]["name"], **site["ceph"]["client"]}
            entities[serves["client"]["entity"]] = {"cephfs": [access]}
    return [{"name": name, **entity} for name, entity in sorted(entities.items())]
