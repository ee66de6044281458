#!/usr/bin/python
# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: slurm_drain
short_description: Drain nodes of Slurm
version_added: 0.1.0
description:
  - Lets nodes take no new jobs and waits, for a bounded time, until those that run there have ended. It kills none.
  - With O(state=down) it tells the controller of nodes that are gone for good, which ends or queues again the jobs that
    had run there.
  - It works on the controller.
author:
  - The sitewright.grid contributors (@sitewright)
extends_documentation_fragment:
  - sitewright.grid.attributes
  - sitewright.grid.attributes.full
attributes:
  check_mode:
    details:
      - In check mode it waits for nothing. On a host without Slurm it knows no node.
options:
  nodes:
    description:
      - The names of the nodes. Those that the cluster does not have are passed over, and returned as RV(unknown).
    type: list
    elements: str
    required: true
  state:
    description:
      - V(drained) lets the nodes take no new jobs. One that is down, or that drains for another reason, stays as it is.
      - V(held) does the same, and does not wait for the jobs that run there.
      - V(down) is for nodes that are gone; Slurm treats their jobs as it does when a node fails.
      - V(resumed) takes back what was ordered with the same O(reason), and leaves nodes alone that drain for another
        one.
    type: str
    choices: [drained, held, down, resumed]
    default: drained
  reason:
    description:
      - Why. C(sinfo -R) shows it, with C(sitewright.grid:) in front.
    type: str
    required: true
  timeout:
    description:
      - How many seconds to wait at most. When the time is up it fails, and the nodes go on draining.
    type: int
    default: 86400
  delay:
    description:
      - How many seconds to pause between two looks.
    type: float
    default: 2
  command_timeout:
    description:
      - How many seconds each command may take.
    type: int
    default: 60
seealso:
  - module: sitewright.grid.slurm_info
  - module: sitewright.grid.slurm_config
"""

EXAMPLES = r"""
- name: Drain two nodes, and wait up to a day for their jobs
  sitewright.grid.slurm_drain:
    nodes: [worker1, worker2]
    reason: new memory
  delegate_to: head1

- name: Let them take jobs again
  sitewright.grid.slurm_drain:
    nodes: [worker1, worker2]
    state: resumed
    reason: new memory
  delegate_to: head1
"""

RETURN = r"""
commands:
  description:
    - The commands that were run, or would be in check mode, quoted for pasting.
  returned: always
  type: list
  elements: str
  sample: ["scontrol update nodename=worker1 state=drain 'reason=sitewright.grid: new memory'"]
nodes:
  description:
    - The nodes in the end, each in words.
  returned: always
  type: dict
  sample: {worker1: "draining (sitewright.grid: new memory)"}
unknown:
  description:
    - The nodes that the cluster does not have.
  returned: always
  type: list
  elements: str
  sample: []
progress:
  description:
    - What was still missing after so many seconds, one entry for each change.
  returned: always
  type: list
  elements: dict
  sample: [{seconds: 0.1, missing: ["1 jobs (17 on worker1)"]}]
seconds:
  description:
    - How many seconds it waited.
  returned: always
  type: float
  sample: 12.4
"""

import json

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.sitewright.grid.plugins.module_utils._cli import Cli
from ansible_collections.sitewright.grid.plugins.module_utils._drain import Wait
from ansible_collections.sitewright.grid.plugins.module_utils._slurm_drain import (
    Node,
    argv_of_jobs,
    find_missing,
    find_nodes,
    plan_orders,
)
from ansible_collections.sitewright.grid.plugins.module_utils._slurm_info import shape_node


class Drainer:
    """The looks at the nodes, and the wait for their jobs."""

    def __init__(self, module: AnsibleModule) -> None:
        self.params = module.params
        self.cli = Cli(module)
        self.bare = module.check_mode and not self.cli.has("scontrol")
        self.waiting = Wait(module.params["timeout"], module.params["delay"])

    def look(self) -> list[Node]:
        """Return the nodes that the cluster has."""
        names, timeout = self.params["nodes"], self.params["command_timeout"]
        if self.bare or not names:
            return []
        answer = json.loads(self.cli.read(["scontrol", "show", "nodes", "--json"], timeout=timeout).stdout)
        shaped = [shape_node(node) for node in answer["nodes"]]
        known = [node["name"] for node in shaped if node["name"] in names]
        jobs = self.cli.read(argv_of_jobs(known), timeout=timeout).stdout.splitlines() if known else []
        return find_nodes(names, shaped, jobs)

    def find_missing(self, nodes: list[Node]) -> list[str]:
        """Return what is missing until they are as they are wanted."""
        return find_missing(nodes, self.params["state"], self.params["reason"])


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "nodes": {"type": "list", "elements": "str", "required": True},
            "state": {"type": "str", "choices": ["drained", "held", "down", "resumed"], "default": "drained"},
            "reason": {"type": "str", "required": True},
            "timeout": {"type": "int", "default": 86400},
            "delay": {"type": "float", "default": 2},
            "command_timeout": {"type": "int", "default": 60},
        },
        supports_check_mode=True,
    )
    drainer = Drainer(module)
    nodes = drainer.look()
    plan = plan_orders(nodes, module.params["state"], module.params["reason"])
    missing: list[str] = []
    if not module.check_mode:
        for argv in plan.commands:
            drainer.cli.run(argv, timeout=module.params["command_timeout"])
        if plan.commands:
            nodes = drainer.look()
        nodes, missing = drainer.waiting.until_nothing_is_missing(nodes, drainer.find_missing, drainer.look)
    known = {node.name: node.describe() for node in nodes}
    result = {
        **plan.result(),
        "nodes": known,
        "unknown": [name for name in module.params["nodes"] if name not in known],
        "progress": drainer.waiting.progress,
        "seconds": drainer.waiting.seconds,
    }
    if missing:
        drainer.cli.fail(
            f"After {result['seconds']:.0f} s: {'; '.join(missing)}. The nodes go on draining. Wait longer (timeout), "
            "or end jobs (scancel).",
            **result,
        )
    module.exit_json(**result)


if __name__ == "__main__":
    main()
