# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ansible_collections.sitewright.grid.plugins.module_utils._survey import take_survey

DOCUMENTATION = r"""
name: site_survey
short_description: Compare the hosts that a site's systems see with those of its inventory
version_added: 0.1.0
author:
  - the sitewright.grid contributors (@sitewright)
description:
  - Tells of each host whether the inventory names it, what is expected of it, what the HTCondor pool and the Ceph
    cluster have heard of it, and when.
  - HTCondor's collector remembers silent execution points, but not silent access points. The Ceph cluster knows when
    OSDs went down.
positional: _input, answers
options:
  _input:
    description:
      - The site model, as M(sitewright.grid.site_model) returns it.
    type: dict
    required: true
  answers:
    description:
      - By source, the results of its module from each host that was asked; the first that has not failed counts.
      - C(condor) is M(sitewright.grid.condor_pool_info) with O(sitewright.grid.condor_pool_info#module:absent=true).
      - C(ceph) is M(sitewright.grid.ceph_info) for C(mon), C(mgr), C(osd) and C(mds).
    type: dict
    required: true
  silent_after:
    description:
      - After how many seconds a host of which nothing is heard counts as silent.
    type: int
    default: 900
seealso:
  - plugin: sitewright.grid.pool
    plugin_type: inventory
"""

EXAMPLES = r"""
- name: Show the hosts of which nothing is heard
  ansible.builtin.debug:
    msg: "{{ survey.hosts | dict2items | selectattr('value.state', '==', 'silent') | map(attribute='key') }}"
  vars:
    survey: "{{ grid.site | sitewright.grid.site_survey({'condor': [pool]}) }}"
"""

RETURN = r"""
_value:
  description:
    - C(sources) has those that were to be asked, whether they C(answered), and their C(error).
    - C(hosts) has a record for each host of the inventory, and for each other one that was seen.
    - The C(state) of a host is C(seen) where any of its services is, else C(unknown) where a source has not answered,
      C(silent) or C(never_seen), or C(unwatched) where no source knows such hosts.
    - C(missing) are its expected services of which nothing is heard, C(unexpected) those that the inventory does not
      name.
  type: dict
  sample:
    sources:
      condor: {answered: true, error: null}
    hosts:
      worker1:
        provisioned: true
        retiring: false
        state: silent
        last_heard: 1795578252
        hours_silent: 4.202
        missing: [condor_executes]
        unexpected: []
        versions: {condor: 23.9.6}
        services:
          condor_executes: {expected: true, state: silent, last_heard: 1795578252, silent_for: 15127}
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters by name."""
        return {"site_survey": take_survey}
