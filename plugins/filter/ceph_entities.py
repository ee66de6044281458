# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ansible_collections.sitewright.grid.plugins.module_utils._ceph_entities import list_entities

DOCUMENTATION = r"""
name: ceph_entities
short_description: List the CephX entities that hosts of a site need
version_added: 0.1.0
author:
  - the sitewright.grid contributors (@sitewright)
description:
  - Turns the site model into the O(sitewright.grid.ceph_auth#module:entities) of the daemons and clients on the given
    hosts, with the caps that each of them needs.
positional: _input, hosts
options:
  _input:
    description:
      - The site model, as M(sitewright.grid.site_model) returns it.
    type: dict
    required: true
  hosts:
    description:
      - The hosts, by their names in the inventory.
    type: list
    elements: str
    required: true
seealso:
  - module: sitewright.grid.ceph_auth
  - module: sitewright.grid.site_model
"""

EXAMPLES = r"""
- name: Make the entities of all hosts of the play
  sitewright.grid.ceph_auth:
    entities: "{{ grid.site | sitewright.grid.ceph_entities(ansible_play_hosts) }}"
"""

RETURN = r"""
_value:
  description:
    - One dictionary for each entity, in the order of their names.
  type: list
  elements: dict
  sample:
    - name: client.bootstrap-osd
      caps: {mon: profile bootstrap-osd, mgr: allow r}
    - name: mgr.store1
      caps: {mon: profile mgr, osd: allow *, mds: allow *}
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters by name."""
        return {"ceph_entities": list_entities}
