# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ansible_collections.sitewright.grid.plugins.module_utils._proofs import judge_guests

DOCUMENTATION = r"""
name: guest_proofs
short_description: Judge the jobs by which verify.yml proves the virt queue
version_added: 0.1.0
author:
  - the sitewright.grid contributors (@sitewright)
description:
  - Tells of each node of the virt queue whether its job has booted a virtual machine.
positional: _input, site, machines, reason
options:
  _input:
    description:
      - The lines of the jobs' files, each of the form C(./MACHINE.out:LINE) or C(./MACHINE.err:LINE), as C(grep) shows
        them.
    type: list
    elements: str
    required: true
  site:
    description:
      - The site model, as M(sitewright.grid.site_model) returns it.
    type: dict
    required: true
  machines:
    description:
      - The machines that say of themselves that they can boot guests, as HTCondor calls them.
    type: list
    elements: str
    required: true
  reason:
    description:
      - Why there are no lines at all.
    type: str
seealso:
  - module: sitewright.grid.site_proofs
"""

EXAMPLES = r"""
- name: Judge the jobs
  ansible.builtin.set_fact:
    notes: "{{ output.stdout_lines | sitewright.grid.guest_proofs(grid.site, ['worker37']) }}"
"""

RETURN = r"""
_value:
  description:
    - Notes for M(sitewright.grid.site_proofs).
  type: list
  elements: dict
  sample:
    - {promise: guests, host: worker37, state: ok, words: ""}
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters by name."""
        return {"guest_proofs": judge_guests}
