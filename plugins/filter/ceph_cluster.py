# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_cluster import ClusterError, decide_cluster

DOCUMENTATION = r"""
name: ceph_cluster
short_description: Decide which Ceph cluster the hosts of the monitors hold
version_added: 0.1.0
author:
  - the sitewright.grid contributors (@sitewright)
description:
  - Turns what M(sitewright.grid.ceph_host_info) found on the hosts of the monitors into the one cluster that a run
    works on, so that no run ever makes a new fsid or a new C(mon.) key for a cluster that has one.
  - A new cluster is formed only when every monitor's host has answered and none of them holds anything of a cluster.
positional: _input, hosts
options:
  _input:
    description:
      - What is known of each host, a dictionary of the host's name to the return values of
        M(sitewright.grid.ceph_host_info), or to V(null) for a host that does not answer.
    type: dict
    required: true
  hosts:
    description:
      - The hosts of the monitors, in the order of the inventory.
    type: list
    elements: str
    required: true
  fsid:
    description:
      - The fsid that the operator asks for. Without it a new cluster gets a random one.
    type: str
  limited:
    description:
      - Whether the run leaves out some of O(hosts), for example with C(--limit).
    type: bool
    default: false
seealso:
  - module: sitewright.grid.ceph_host_info
"""

EXAMPLES = r"""
- name: Decide which cluster the run works on
  ansible.builtin.set_fact:
    ceph_cluster: "{{ evidence | sitewright.grid.ceph_cluster(['store1', 'store2', 'store3']) }}"
  vars:
    evidence:
      store1: {fsid: 8a0e8f0e-2e34-4b4b-8d54-0a1b0e4ed1c4, mon_stores: [store1], staging: false, admin_keyring: true}
      store2: {fsid: 8a0e8f0e-2e34-4b4b-8d54-0a1b0e4ed1c4, mon_stores: [store2], staging: false, admin_keyring: true}
      store3: null
"""

RETURN = r"""
_value:
  description:
    - The cluster.
    - C(fsid) is its fsid, the found one, the wanted one, or a new one.
    - C(forming) tells whether its first monitors are still to be made.
    - C(admin_host) is the monitor's host to ask for keys and state.
    - C(unreachable) lists the hosts that did not answer.
  type: dict
  sample:
    fsid: 8a0e8f0e-2e34-4b4b-8d54-0a1b0e4ed1c4
    forming: false
    admin_host: store1
    unreachable: [store3]
"""


def ceph_cluster(
    evidence: t.Mapping[str, t.Any], hosts: list[str], fsid: str | None = None, limited: bool = False
) -> dict[str, t.Any]:
    """Return the cluster as decide_cluster() does; its refusals become errors of the task."""
    try:
        return decide_cluster(list(hosts), evidence, fsid, limited)
    except ClusterError as error:
        raise AnsibleFilterError(f"Ceph cluster: {error}") from error


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters by name."""
        return {"ceph_cluster": ceph_cluster}
