#!/usr/bin/python
# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: condor_drain
short_description: Drain hosts of an HTCondor pool
version_added: 0.1.0
description:
  - Lets hosts take no new jobs and waits, for a bounded time, until those that run there have ended; or cancels that.
  - A drain that was not ordered by this module with the same O(reason) is never cancelled. A host that drains for
    another reason counts as draining and is waited for.
  - It works on a host whose configuration lets root administrate the pool, which the central manager's does, and on an
    execution point for itself.
  - The states of all hosts are read with one command.
author:
  - The sitewright.grid contributors (@sitewright)
extends_documentation_fragment:
  - sitewright.grid.attributes
  - sitewright.grid.attributes.full
  - sitewright.grid.condor_cli
attributes:
  check_mode:
    details:
      - In check mode it waits for nothing. On a host without HTCondor it knows no host of the pool.
options:
  hosts:
    description:
      - Names of the hosts. One without a domain means the host of that name in any domain.
    type: list
    elements: str
    required: true
  state:
    description:
      - V(drained) lets the hosts take no new jobs until the drain is cancelled, or their startd is restarted.
      - V(cancelled) ends a drain that was ordered with this O(reason), and lets the hosts take jobs again.
    type: str
    choices: [drained, cancelled]
    default: drained
  schedule:
    description:
      - How running jobs are treated. V(graceful) gives them the retirement time that C(MAXJOBRETIREMENTTIME) promises,
        which is none by default, and then time to end by themselves; V(quick) only the latter; V(fast) kills them.
      - Jobs that were evicted go back to their queue.
    type: str
    choices: [graceful, quick, fast]
    default: graceful
  reason:
    description:
      - Why the hosts drain. Their slots show it, with C(sitewright.grid:) in front.
      - It also tells the drains of different purposes apart, so use another one for each.
    type: str
    required: true
  wait:
    description:
      - Whether to wait until no job runs on the hosts any more, or until they take jobs again.
    type: bool
    default: true
  timeout:
    description:
      - How many seconds to wait at most. When the time is up it fails, and the hosts go on draining.
    type: int
    default: 3600
  delay:
    description:
      - How many seconds to pause between two looks.
    type: float
    default: 2
  unknown:
    description:
      - What to do about hosts of which the collector knows no slot. V(ignore) is for hosts that may have ended already.
    type: str
    choices: [fail, ignore]
    default: fail
seealso:
  - module: sitewright.grid.condor_pool_info
"""

EXAMPLES = r"""
- name: Drain two execution points, and wait up to a day for their jobs
  sitewright.grid.condor_drain:
    hosts: [worker1, worker2]
    reason: new memory
    timeout: 86400
  delegate_to: head1

- name: Let them take jobs again
  sitewright.grid.condor_drain:
    hosts: [worker1, worker2]
    reason: new memory
    state: cancelled
  delegate_to: head1
"""

RETURN = r"""
commands:
  description:
    - The commands that were run, or would be in check mode, quoted for pasting.
  returned: always
  type: list
  elements: str
  sample:
    - "condor_drain -graceful -reason 'sitewright.grid: new memory' slot1@worker1.example.org"
hosts:
  description:
    - The state of each host in the end.
  returned: always
  type: dict
  contains:
    known:
      description: Whether the collector knows slots of the host.
      type: bool
    draining:
      description: Whether the host takes no new jobs.
      type: bool
    drained:
      description: Whether it drains, and no job runs there any more.
      type: bool
    reason:
      description: Why it drains.
      type: str
    request_id:
      description: The number of the request, unique until the startd is restarted.
      type: str
    ours:
      description: Whether it was ordered with this O(reason).
      type: bool
    jobs:
      description: The jobs that run there, and whose they are.
      type: list
      elements: str
  sample:
    worker1:
      known: true
      draining: true
      drained: true
      reason: "sitewright.grid: new memory"
      request_id: "1"
      ours: true
      jobs: []
progress:
  description:
    - What was still missing after so many seconds, one entry for each change.
  returned: always
  type: list
  elements: dict
  sample: [{seconds: 0.1, missing: ["worker1 still drains: 1 jobs (head1#3.0#1795578480 of ann@example.org)"]}]
seconds:
  description:
    - How many seconds it waited.
  returned: always
  type: float
  sample: 12.4
"""


from ansible.module_utils.basic import AnsibleModule
from ansible_collections.sitewright.grid.plugins.module_utils._cli import Cli
from ansible_collections.sitewright.grid.plugins.module_utils._condor_drain import (
    Drain,
    find_drain,
    find_missing,
    plan_words,
    shape_drain,
)
from ansible_collections.sitewright.grid.plugins.module_utils._condor_pool import (
    ARGUMENTS,
    Pool,
    check_host_names,
    of_hosts,
)
from ansible_collections.sitewright.grid.plugins.module_utils._drain import MARK, Wait
from ansible_collections.sitewright.grid.plugins.module_utils._plan import Plan


class Drainer:
    """The looks at the hosts' slots, and the wait for them."""

    def __init__(self, module: AnsibleModule) -> None:
        self.params = module.params
        self.cli = Cli(module)
        self.pool = Pool(self.cli, module.params)
        self.bare = module.check_mode and self.pool.is_bare
        self.waiting = Wait(module.params["timeout"], module.params["delay"])

    def look(self) -> list[Drain]:
        """Return the state of each host."""
        hosts = self.params["hosts"]
        ads = [] if self.bare or not hosts else self.pool.read(of_hosts(hosts))
        return [find_drain(host, ads) for host in hosts]

    def plan(self, drains: list[Drain]) -> Plan:
        """Return what is to be done."""
        plan = Plan()
        for drain in drains:
            words = plan_words(drain, self.params["state"], self.params["schedule"], self.params["reason"])
            plan.before[drain.host] = plan.after[drain.host] = drain.describe()
            if words:
                plan.after[drain.host] = (
                    f"draining ({MARK}{self.params['reason']})" if self.params["state"] == "drained" else "not draining"
                )
                plan.commands.append(["condor_drain", *self.pool.to, *words])
        return plan

    def find_missing(self, drains: list[Drain]) -> list[str]:
        """Return what is missing until they are as they are wanted."""
        return find_missing(drains, self.params["state"], self.params["reason"])


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **ARGUMENTS,
            "hosts": {"type": "list", "elements": "str", "required": True},
            "state": {"type": "str", "choices": ["drained", "cancelled"], "default": "drained"},
            "schedule": {"type": "str", "choices": ["graceful", "quick", "fast"], "default": "graceful"},
            "reason": {"type": "str", "required": True},
            "wait": {"type": "bool", "default": True},
            "timeout": {"type": "int", "default": 3600},
            "delay": {"type": "float", "default": 2},
            "unknown": {"type": "str", "choices": ["fail", "ignore"], "default": "fail"},
        },
        supports_check_mode=True,
    )
    drainer = Drainer(module)
    if wrong := check_host_names(module.params["hosts"]):
        drainer.cli.fail(f"These are no host names: {', '.join(map(repr, wrong))}.")
    drains = drainer.look()
    unknown = [drain.host for drain in drains if drain.target is None]
    if unknown and module.params["unknown"] == "fail" and not drainer.bare:
        drainer.cli.fail(
            f"The collector knows no slot of {', '.join(unknown)}: correct the name, or start HTCondor there. Nothing "
            "was changed. Where such a host is to be passed over, set unknown to 'ignore'."
        )
    plan = drainer.plan(drains)
    missing: list[str] = []
    if not module.check_mode:
        for argv in plan.commands:
            drainer.cli.run(argv, timeout=module.params["command_timeout"])
        if plan.commands:
            drains = drainer.look()
        if module.params["wait"]:
            drains, missing = drainer.waiting.until_nothing_is_missing(drains, drainer.find_missing, drainer.look)
    result = {
        **plan.result(),
        "hosts": {drain.host: shape_drain(drain, module.params["reason"]) for drain in drains},
        "progress": drainer.waiting.progress,
        "seconds": drainer.waiting.seconds,
    }
    if missing:
        drainer.cli.fail(
            f"After {result['seconds']:.0f} s: {'; '.join(missing)}. Wait longer (timeout), or evict jobs (schedule).",
            **result,
        )
    module.exit_json(**result)


if __name__ == "__main__":
    main()
