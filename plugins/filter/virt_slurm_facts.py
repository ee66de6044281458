# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ansible_collections.sitewright.grid.plugins.module_utils._virt_queue import slurm_facts

DOCUMENTATION = r"""
name: virt_slurm_facts
short_description: What is known of a Slurm node whose jobs boot virtual machines
version_added: 0.1.0
author:
  - The sitewright.grid contributors (@sitewright)
description:
  - Adds the feature C(kvm) and the generic resource C(vm) to the facts of a node that can boot guests.
options:
  _input:
    description:
      - What C(facts) of M(sitewright.grid.slurm_host_info) are.
    type: dict
    required: true
  probe:
    description:
      - What M(sitewright.grid.virt_probe) has returned.
    type: dict
    required: true
  emulation:
    description:
      - Whether a host where KVM does not work is in the queue all the same.
    type: bool
    default: false
  guests:
    description:
      - How many jobs the host runs at once. Without it, one on each CPU.
    type: int
seealso:
  - module: sitewright.grid.slurm_config
"""

EXAMPLES = r"""
- name: Show what the host is as a node of the queue
  ansible.builtin.debug:
    msg: "{{ slurm_host.facts | sitewright.grid.virt_slurm_facts(probe, guests=4) }}"
"""

RETURN = r"""
_value:
  description:
    - The facts, for M(sitewright.grid.slurm_config).
  type: dict
"""


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return it by its name."""
        return {"virt_slurm_facts": slurm_facts}
