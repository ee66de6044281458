#!/usr/bin/python
# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pool_utilization_info
short_description: Tell how much of an HTCondor pool can be used, and is
version_added: 0.1.0
description:
  - Returns, for slots and their resources, what is unavailable, what is available, and how much of that is used.
  - Unavailable are slots whose state is C(Owner), C(Drained) or C(Delete), or that drain, and those that O(unavailable)
    names. Used are slots whose state is C(Claimed) or C(Preempting).
  - A partitionable slot is one slot, with all of its resources. Used are those of its resources that are given to
    dynamic slots; the slot itself is used where some CPUs or memory are. Dynamic slots are not counted again.
author:
  - The sitewright.grid contributors (@sitewright)
extends_documentation_fragment:
  - sitewright.grid.attributes
  - sitewright.grid.attributes.info
  - sitewright.grid.condor_cli
attributes:
  check_mode:
    details:
      - It changes nothing in any mode. In check mode on a host without HTCondor, the pool is empty.
options:
  unavailable:
    description:
      - Slots for which this ClassAd expression is true are counted as unavailable, for example V(Memory < 1024).
      - For a partitionable slot, C(Memory) is what is left of it, and C(TotalSlotMemory) all of it.
      - It costs a second command, so what happens between the two may be counted either way.
    type: str
    aliases: [constraint]
  resources:
    description:
      - The resources to count beside slots. The unit of V(memory) is MiB, that of V(disk) is KiB.
    type: list
    elements: str
    choices: [cpus, memory, disk, gpus]
    default: [cpus, memory]
seealso:
  - module: sitewright.grid.condor_pool_info
"""

EXAMPLES = r"""
- name: Look at how busy the pool is
  sitewright.grid.pool_utilization_info:
  register: pool

- name: Show it as a table
  ansible.builtin.debug:
    var: pool.table

- name: Count slots that are too small for the site's jobs as unavailable
  sitewright.grid.pool_utilization_info:
    unavailable: TotalSlotMemory < 1024
  register: pool_for_jobs
"""

RETURN = r"""
utilization:
  description:
    - What there is of C(slots) and of each of O(resources).
  returned: success
  type: dict
  contains:
    unavailable:
      description: How much takes no job.
      type: int
    available:
      description: How much takes jobs, or runs them.
      type: int
    total:
      description: Both together.
      type: int
    used:
      description: How much of the available is used.
      type: int
    available_percent:
      description: Used in percent of available, cut off after two decimals. Null where nothing is available.
      type: float
    total_percent:
      description: Used in percent of the total, cut off after two decimals. Null where there is nothing.
      type: float
  sample:
    slots: {unavailable: 1, available: 3, total: 4, used: 2, available_percent: 66.66, total_percent: 50.0}
    cpus: {unavailable: 8, available: 24, total: 32, used: 15, available_percent: 62.5, total_percent: 46.87}
    memory:
      unavailable: 16384
      available: 49152
      total: 65536
      used: 20480
      available_percent: 41.66
      total_percent: 31.25
table:
  description:
    - The same as lines of text.
  returned: success
  type: list
  elements: str
  sample:
    - "          Unavailable    Available        Total         Used      Avail %      Total %"
    - "Slots               1            3            4            2        66.66        50.00"
    - "Cpus                8           24           32           15        62.50        46.87"
    - "Memory          16384        49152        65536        20480        41.66        31.25"
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.sitewright.grid.plugins.module_utils._cli import Cli
from ansible_collections.sitewright.grid.plugins.module_utils._condor_pool import (
    ARGUMENTS,
    RESOURCES,
    SLOT,
    Pool,
    shape_slot,
)
from ansible_collections.sitewright.grid.plugins.module_utils._condor_utilization import (
    render_utilization,
    sum_utilization,
)


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **ARGUMENTS,
            "unavailable": {"type": "str", "aliases": ["constraint"]},
            "resources": {"type": "list", "elements": "str", "choices": list(RESOURCES), "default": ["cpus", "memory"]},
        },
        supports_check_mode=True,
    )
    pool = Pool(Cli(module), module.params)
    slots_only = f'MyType == "{SLOT}"'
    expression = module.params["unavailable"]
    nothing = module.check_mode and pool.is_bare
    ads = [] if nothing else pool.read(slots_only)
    named = [] if nothing or not expression else pool.read(f"{slots_only} && ({expression})", ["Name"])
    rows = sum_utilization(
        [shape_slot(ad) for ad in ads],
        list(dict.fromkeys(module.params["resources"])),
        {ad["Name"] for ad in named},
    )
    module.exit_json(changed=False, utilization=rows, table=render_utilization(rows))


if __name__ == "__main__":
    main()
