# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ansible_collections.sitewright.grid.plugins.module_utils._virt_queue import condor_knobs

DOCUMENTATION = r"""
name: virt_condor_knobs
short_description: The knobs of an execution point of HTCondor whose jobs boot virtual machines
version_added: 0.1.0
author:
  - The sitewright.grid contributors (@sitewright)
description:
  - Returns the knobs with which an execution point says that it can run virtual machines (C(CAN_RUN_VIRTUAL_MACHINE)),
    and takes jobs that ask for them (C(+RequiresVirtualization = True)).
options:
  _input:
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
      - How many jobs the host runs at once. Without it, as many as fit.
    type: int
  guest_memory:
    description:
      - How many MiB of memory a job that boots a guest may ask for. Without it, as many as fit.
    type: int
  exclusive:
    description:
      - Whether the host runs such jobs only; otherwise it prefers them.
    type: bool
    default: true
  vm_universe:
    description:
      - Whether HTCondor's own VM universe boots guests there, too.
    type: bool
    default: false
seealso:
  - module: sitewright.grid.virt_probe
"""

EXAMPLES = r"""
- name: Show the knobs of this host
  ansible.builtin.debug:
    msg: "{{ probe | sitewright.grid.virt_condor_knobs(emulation=true, guests=4) }}"
"""

RETURN = r"""
_value:
  description:
    - The knobs.
  type: dict
"""


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return it by its name."""
        return {"virt_condor_knobs": condor_knobs}
