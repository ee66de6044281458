# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ansible_collections.sitewright.grid.plugins.module_utils._condor_pool_config import pool_sections

DOCUMENTATION = r"""
name: condor_sections
short_description: Write the configuration of a host of an HTCondor pool
version_added: 0.1.0
author:
  - the sitewright.grid contributors (@sitewright)
description:
  - Returns the O(sitewright.grid.condor_config#module:sections) of a host. First who may do what, then the daemons, the
    pool, knobs that were computed, and the operator's; what comes later wins.
  - Everything is encrypted and authenticated, between hosts by tokens alone, and no address is trusted.
positional: _input, collectors, trust_domain, uid_domain
options:
  _input:
    description:
      - What the host runs, any of V(manager), V(submit) and V(execute).
    type: list
    elements: str
    required: true
  collectors:
    description:
      - The addresses of the central managers.
    type: list
    elements: str
    required: true
  trust_domain:
    description:
      - The C(TRUST_DOMAIN), which issues the pool's tokens.
    type: str
    required: true
  uid_domain:
    description:
      - The C(UID_DOMAIN), in which a user is the same person on every host.
    type: str
    required: true
  address:
    description:
      - The address that the host's daemons use. Without it HTCondor chooses one.
    type: str
  templates:
    description:
      - Further templates, for example V(FEATURE:GPUs).
    type: list
    elements: str
  retirement:
    description:
      - How many seconds a job may go on when its execution point is drained. Without it HTCondor evicts it at once.
    type: int
  computed:
    description:
      - Knobs that follow from the host, below the operator's.
    type: dict
  knobs:
    description:
      - The operator's knobs. One whose value is V(null) is left out.
    type: dict
seealso:
  - module: sitewright.grid.condor_config
"""

EXAMPLES = r"""
- name: Configure an execution point
  sitewright.grid.condor_config:
    sections: "{{ ['execute'] | sitewright.grid.condor_sections(['192.0.2.10'], 'blueberry', 'blueberry') }}"
"""

RETURN = r"""
_value:
  description:
    - The sections, each with C(title), C(use) and C(knobs).
  type: list
  elements: dict
  sample:
    - title: The daemons, and features of the site
      use: [ROLE:Execute]
      knobs: {}
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters by name."""
        return {"condor_sections": pool_sections}
