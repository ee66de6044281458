#!/usr/bin/python
# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: slurm_info
short_description: Tell what Slurm has and does
version_added: 0.1.0
description:
  - Returns the controllers and nodes of a Slurm cluster as its controller knows them, and the number of its jobs.
author:
  - The sitewright.grid contributors (@sitewright)
extends_documentation_fragment:
  - sitewright.grid.attributes
  - sitewright.grid.attributes.info
attributes:
  check_mode:
    details:
      - It changes nothing in any mode. In check mode on a host without Slurm, there is no node.
options:
  command_timeout:
    description:
      - How many seconds each command may take.
    type: int
    default: 60
seealso:
  - module: sitewright.grid.slurm_host_info
"""

EXAMPLES = r"""
- name: Look at Slurm
  sitewright.grid.slurm_info:
  register: slurm_now

- name: Name the nodes that do not respond
  ansible.builtin.debug:
    msg: "{{ slurm_now.nodes | rejectattr('responds') | map(attribute='name') }}"
"""

RETURN = r"""
now:
  description:
    - When this was, in seconds since 1970, by the clock of the host that asked.
  returned: success
  type: int
  sample: 1795578260
controllers:
  description:
    - The controllers, and whether each C(responds).
  returned: success
  type: list
  elements: dict
  sample:
    - {name: head1, responds: true, mode: primary}
nodes:
  description:
    - The nodes, by name. C(states) are in Slurm's words; C(memory) is in MiB; C(reason_since) is in seconds since 1970.
  returned: success
  type: list
  elements: dict
  sample:
    - name: worker1
      hostname: worker1
      states: [IDLE, DRAIN]
      responds: true
      drains: true
      reason: new disk
      reason_since: 1795578100
      partitions: [work]
      cpus: {total: 64, used: 0}
      memory: {total: 257000, used: 0}
      version: 24.11.5
jobs:
  description:
    - The number of jobs in the queue by state.
  returned: success
  type: dict
  sample: {pending: 12, running: 40}
"""

import json
import time
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.sitewright.grid.plugins.module_utils._cli import Cli
from ansible_collections.sitewright.grid.plugins.module_utils._slurm_info import (
    count_jobs,
    shape_controllers,
    shape_node,
)


def main() -> None:
    module = AnsibleModule(argument_spec={"command_timeout": {"type": "int", "default": 60}}, supports_check_mode=True)
    cli = Cli(module)
    now = int(time.time())
    if module.check_mode and not cli.has("scontrol"):
        module.exit_json(changed=False, now=now, controllers=[], nodes=[], jobs={})

    def read(*argv: str) -> str:
        return cli.read(list(argv), timeout=module.params["command_timeout"]).stdout

    def ask(*words: str) -> t.Any:
        return json.loads(read("scontrol", *words, "--json"))

    nodes = sorted((shape_node(node) for node in ask("show", "nodes")["nodes"]), key=lambda node: str(node["name"]))
    module.exit_json(
        changed=False,
        now=now,
        controllers=shape_controllers(ask("ping")),
        nodes=nodes,
        jobs=count_jobs(read("squeue", "--noheader", "--all", "--format=%T")),
    )


if __name__ == "__main__":
    main()
