#!/usr/bin/python
# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: condor_pool_info
short_description: Tell what an HTCondor pool has and does
version_added: 0.1.0
description:
  - Returns the daemons and slots of a pool as its collector knows them, and their totals. One command reads all of it.
  - A partitionable slot is counted once, with all of its resources, however many dynamic slots were carved out of it.
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
  absent:
    description:
      - Whether to return the slots, too, that the collector hears of no more, and remembers. RV(totals) never count
        them.
      - The role C(condor) has the collector remember them for 30 days.
    type: bool
    default: false
  constraint:
    description:
      - Only daemons and slots for whose ads this ClassAd expression is true, for example V(Memory < 1024).
    type: str
  hosts:
    description:
      - Only daemons and slots of these hosts. One without a domain means the host of that name in any domain.
    type: list
    elements: str
seealso:
  - module: sitewright.grid.condor_drain
"""

EXAMPLES = r"""
- name: Look at the pool
  sitewright.grid.condor_pool_info:
  register: pool

- name: Look at the slots of two hosts on which something runs
  sitewright.grid.condor_pool_info:
    hosts: [worker1, worker2]
    constraint: State == "Claimed"
  register: busy
"""

RETURN = r"""
now:
  description:
    - When this was, in seconds since 1970, by the clock of the host that asked.
  returned: success
  type: int
  sample: 1795578260
daemons:
  description:
    - The daemons, in the order of their types and names.
  returned: success
  type: list
  elements: dict
  contains:
    type:
      description: V(master), V(collector), V(negotiator), V(schedd) or V(startd).
      type: str
    name:
      description: Name of the daemon.
      type: str
    machine:
      description: Full name of its host.
      type: str
    address:
      description: Where it can be reached.
      type: str
    started:
      description: When it was started, in seconds since 1970. Null where its ad does not tell.
      type: int
    last_heard:
      description: When the collector has heard of it last, in seconds since 1970.
      type: int
    version:
      description: Version of HTCondor.
      type: str
    jobs:
      description: The number of jobs of a V(schedd) that are C(running), C(idle) and C(held). Null for other daemons.
      type: dict
  sample:
    - {type: startd, name: worker1.example.org, machine: worker1.example.org, address: "<192.0.2.21:9618>",
       started: 1795578221, last_heard: 1795578252, version: 23.9.6, jobs: null}
slots:
  description:
    - The slots, in the order of their hosts and names.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the slot.
      type: str
    machine:
      description: Full name of its host.
      type: str
    type:
      description: V(partitionable), V(dynamic) or V(static). A dynamic slot is a part of a partitionable one.
      type: str
    state:
      description: State in HTCondor's words, for example V(Claimed) or V(Drained).
      type: str
    activity:
      description: Activity in HTCondor's words, for example V(Busy) or V(Retiring).
      type: str
    draining:
      description: Whether the slot takes no new job because its host drains.
      type: bool
    drain_reason:
      description: Why it drains.
      type: str
    drain_request_id:
      description: The number of the request to drain.
      type: str
    job:
      description: Global id of the job that runs there.
      type: str
    owner:
      description: Whose job that is.
      type: str
    last_heard:
      description: When the collector has heard of it last, in seconds since 1970.
      type: int
    absent:
      description: Whether the collector hears of it no more.
      type: bool
    version:
      description: Version of HTCondor.
      type: str
    guests:
      description:
        - What a node of the virt queue tells of itself, null for others. C(able) says whether its jobs can boot
          virtual machines, C(accelerator) how (V(kvm) or V(tcg)), C(boot_seconds) how long its probe took to boot
          one, and C(reason) why KVM is not used.
      type: dict
    total:
      description: The slot's C(cpus), C(memory) (MiB), C(disk) (KiB) and C(gpus), with what was given to dynamic slots.
      type: dict
    left:
      description: The same without what was given to dynamic slots.
      type: dict
  sample:
    - {name: slot1@worker1.example.org, machine: worker1.example.org, type: partitionable, state: Unclaimed,
       activity: Idle, draining: false, drain_reason: null, drain_request_id: null, job: null, owner: null,
       last_heard: 1795578252, absent: false, version: 23.9.6, guests: null,
       total: {cpus: 4, memory: 24105, disk: 66037180, gpus: 0},
       left: {cpus: 2, memory: 23849, disk: 66033085, gpus: 0}}
totals:
  description:
    - Sums over RV(slots).
  returned: success
  type: dict
  contains:
    machines:
      description: Number of hosts with slots.
      type: int
    slots:
      description: Number of partitionable and static slots.
      type: int
    dynamic_slots:
      description: Number of dynamic slots.
      type: int
    claimed:
      description: Number of slots of any type that are claimed.
      type: int
    draining_machines:
      description: Number of hosts that drain.
      type: int
    total:
      description: The C(cpus), C(memory) (MiB), C(disk) (KiB) and C(gpus) of partitionable and static slots.
      type: dict
    left:
      description: What of these is not given to dynamic slots, and not to a static slot that is not unclaimed.
      type: dict
  sample:
    machines: 1
    slots: 1
    dynamic_slots: 2
    claimed: 2
    draining_machines: 0
    total: {cpus: 4, memory: 24105, disk: 66037180, gpus: 0}
    left: {cpus: 2, memory: 23849, disk: 66033085, gpus: 0}
"""

import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.sitewright.grid.plugins.module_utils._cli import Cli
from ansible_collections.sitewright.grid.plugins.module_utils._condor_pool import (
    ARGUMENTS,
    DAEMONS,
    Pool,
    check_host_names,
    is_slot,
    of_hosts,
    shape_daemon,
    shape_slot,
    sum_slots,
    with_absent,
)


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **ARGUMENTS,
            "absent": {"type": "bool", "default": False},
            "constraint": {"type": "str"},
            "hosts": {"type": "list", "elements": "str"},
        },
        supports_check_mode=True,
    )
    cli = Cli(module)
    pool = Pool(cli, module.params)
    hosts, constraint = module.params["hosts"], module.params["constraint"]
    if wrong := check_host_names(hosts or []):
        cli.fail(f"These are no host names: {', '.join(map(repr, wrong))}.")
    conditions = [
        *([with_absent()] if module.params["absent"] else []),
        *([of_hosts(hosts)] if hosts else []),
        *([f"({constraint})"] if constraint else []),
    ]
    nothing = hosts == [] or (module.check_mode and pool.is_bare)
    ads = [] if nothing else pool.read(" && ".join(conditions) or None)
    slots = [shape_slot(ad) for ad in ads if is_slot(ad)]
    daemons = [shape_daemon(ad) for ad in ads if ad.get("MyType") in DAEMONS]
    order = list(DAEMONS.values())
    module.exit_json(
        changed=False,
        now=int(time.time()),
        daemons=sorted(daemons, key=lambda daemon: (order.index(daemon["type"]), str(daemon["name"]))),
        slots=sorted(slots, key=lambda slot: (str(slot["machine"]), str(slot["name"]))),
        totals=sum_slots(slots),
    )


if __name__ == "__main__":
    main()
