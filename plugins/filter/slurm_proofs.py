# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ansible_collections.sitewright.grid.plugins.module_utils._slurm_proofs import prove_nodes

DOCUMENTATION = r"""
name: slurm_proofs
short_description: What the jobs of verify.yml prove of Slurm's nodes
version_added: 0.1.0
author:
  - The sitewright.grid contributors (@sitewright)
description:
  - Compares what a job in each partition wrote with what each of its nodes had to write.
options:
  _input:
    description:
      - The results of the loop over the partitions, each with C(item.key) and C(item.value.nodes).
    type: list
    elements: dict
    required: true
  site:
    description:
      - The site model.
    type: dict
    required: true
  drained:
    description:
      - The nodes that take no jobs.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Note what the jobs prove
  ansible.builtin.set_fact:
    verify_notes: "{{ jobs.results | sitewright.grid.slurm_proofs(grid.site, drained=[]) }}"
"""

RETURN = r"""
_value:
  description:
    - A note for each node, as M(sitewright.grid.site_proofs) takes it.
  type: list
  elements: dict
"""


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return it by its name."""
        return {"slurm_proofs": prove_nodes}
