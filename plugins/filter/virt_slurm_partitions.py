# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ansible_collections.sitewright.grid.plugins.module_utils._virt_queue import slurm_partitions

DOCUMENTATION = r"""
name: virt_slurm_partitions
short_description: The partitions of Slurm with that of jobs that boot virtual machines
version_added: 0.1.0
author:
  - The sitewright.grid contributors (@sitewright)
description:
  - Returns the partitions of the site. Where jobs of Slurm boot guests, the partition C(virt) has those nodes,
    and no other partition has a node that is for guests alone. What the operator says of a partition C(virt) stays.
options:
  _input:
    description:
      - The site model.
    type: dict
    required: true
seealso:
  - module: sitewright.grid.slurm_config
"""

EXAMPLES = r"""
- name: Show the partitions
  ansible.builtin.debug:
    msg: "{{ grid.site | sitewright.grid.virt_slurm_partitions }}"
"""

RETURN = r"""
_value:
  description:
    - The partitions, for M(sitewright.grid.slurm_config).
  type: dict
"""


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return it by its name."""
        return {"virt_slurm_partitions": slurm_partitions}
