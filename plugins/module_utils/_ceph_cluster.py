# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: what the monitor hosts hold, and which cluster follows from it.

The rules keep the promise that nothing ever makes a second fsid or a second mon. key for a cluster that has one.
"""

from __future__ import annotations

import typing as t
import uuid
from dataclasses import asdict, dataclass

if t.TYPE_CHECKING:
    Evidence = t.Mapping[str, t.Optional[t.Mapping[str, t.Any]]]


class ClusterError(Exception):
    """The monitor hosts contradict one another, or too little is known to go on."""


@dataclass(frozen=True)
class Cluster:
    """The cluster that this run works on."""

    fsid: str
    forming: bool  # its first monitors are not all made yet
    admin_host: str  # the monitor host that is asked for keys and state
    unreachable: list[str]


def decide_cluster(hosts: list[str], evidence: Evidence, wanted_fsid: str | None, limited: bool) -> dict[str, t.Any]:
    """Tell which cluster the monitors' hosts hold, or that a new one is to be formed.

    hosts are the monitors' hosts in inventory order. evidence maps each to what ceph_host_info returned of it, or to
    None (or to a result without C(mon_stores)) where it did not answer. wanted_fsid is the operator's, if any. limited
    tells that not every monitor's host is in the run. Returns the fields of Cluster as a dictionary; raises
    ClusterError with a message for the operator.
    """
    seen = {host: dict(found) for host, found in evidence.items() if found and "mon_stores" in found}
    silent = [host for host in hosts if host not in seen]
    stores = [host for host in hosts if host in seen and seen[host]["mon_stores"]]
    staging = [host for host in hosts if host in seen and seen[host]["staging"]]

    fsid = _agreed_fsid(hosts, seen, wanted_fsid)
    if not seen:
        raise ClusterError("no monitor's host answers: bring one of them back: " + ", ".join(hosts))
    forming = bool(staging) or not stores
    if forming:
        _check_forming(hosts, seen, silent, stores, staging, limited)
    admin_host = (staging or stores or hosts)[0]
    return asdict(Cluster(fsid or str(uuid.uuid4()), forming, admin_host, silent))


def _agreed_fsid(hosts: list[str], seen: dict[str, t.Any], wanted: str | None) -> str | None:
    claims = {host: seen[host]["fsid"] for host in hosts if host in seen and seen[host]["fsid"]}
    if len(set(claims.values())) > 1:
        table = ", ".join(f"{host}: {fsid}" for host, fsid in claims.items())
        raise ClusterError(
            f"the monitors' hosts belong to different clusters ({table}): remove the wrong ceph.conf, "
            "or take that host out of ceph_mons"
        )
    found = next(iter(claims.values()), None)
    if found and wanted and found != wanted:
        raise ClusterError(
            f"ceph_fsid is {wanted}, but the cluster on {', '.join(claims)} is {found}: "
            "correct ceph_fsid, or leave it out"
        )
    return found or wanted


def _check_forming(
    hosts: list[str],
    seen: dict[str, t.Any],
    silent: list[str],
    stores: list[str],
    staging: list[str],
    limited: bool,
) -> None:
    if silent:
        raise ClusterError(
            f"a cluster can be formed only while every monitor's host answers; silent: {', '.join(silent)}. "
            "One of them might hold the cluster already"
        )
    if not staging:
        orphans = [host for host in hosts if seen[host]["admin_keyring"]]
        if orphans:
            raise ClusterError(
                f"{', '.join(orphans)} has the key of client.admin, but no monitor's host has a monitor's store: a "
                "cluster was here. Bring a store back, or run the purge playbook before a new cluster is formed"
            )
    if limited:
        raise ClusterError(
            "the cluster's first monitors are not all made yet: run once without --limit (or with all of ceph_mons)"
        )
