#!/usr/bin/python
# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ceph_osd_weight
short_description: Give new OSDs of Ceph their weight step by step
version_added: 0.1.0
description:
  - For OSDs that were made with C(osd_crush_initial_weight) V(0), so that no data moves to them at once. Each step
    gives all of them some more of the weight that they have by their size, and the next one waits until all data is in
    its place.
  - It takes OSDs that are up and in, and have neither weight nor data. A note in the monitors' own store tells which of
    them are on their way, so that it can be interrupted, and a weight that somebody has chosen stays.
author:
  - The sitewright.grid contributors (@sitewright)
extends_documentation_fragment:
  - sitewright.grid.attributes
  - sitewright.grid.attributes.full
  - sitewright.grid.ceph_cli
attributes:
  check_mode:
    details:
      - In check mode it waits for nothing, and tells the next step.
options:
  step:
    description:
      - How many TiB each OSD gets more in a step. Without it, all at once.
    type: float
  wait:
    description:
      - How many seconds to go on at most. It does not fail when the time is up, see RV(done).
    type: int
    default: 60
  delay:
    description:
      - How many seconds to pause between two looks.
    type: float
    default: 3
seealso:
  - module: sitewright.grid.ceph_osd
  - module: sitewright.grid.ceph_wait
"""

EXAMPLES = r"""
- name: Give the new OSDs their weight, half a TiB at a time, and say once in a minute how far that is
  sitewright.grid.ceph_osd_weight:
    step: 0.5
  loop: "{{ range(1440) | list }}"
  loop_control:
    label: "{{ weighing.text }}"
    break_when: weighing.done
  register: weighing
"""

RETURN = r"""
done:
  description:
    - Whether all have their weight, and all data is in its place.
  returned: success
  type: bool
weights:
  description:
    - The weight in CRUSH that each OSD on its way has after this call, or would have after the next step in check mode.
  returned: success
  type: dict
  sample: {osd.3: 0.5}
text:
  description:
    - How far that is, in words.
  returned: success
  type: str
  sample: 2 OSDs have 25 % of the weight; 31 placement groups are active+remapped+backfilling
commands:
  description:
    - The commands that were run, or would be in check mode, quoted for pasting.
  returned: success
  type: list
  elements: str
  sample: [ceph osd crush reweight osd.3 0.5]
"""

import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_cli import ARGUMENTS, Ceph
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_note import read_note
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_wait import missing_pgs
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_weight import (
    NOTE,
    WeightPlan,
    parse_osds,
    plan_weights,
    show_progress,
)
from ansible_collections.sitewright.grid.plugins.module_utils._cli import Cli
from ansible_collections.sitewright.grid.plugins.module_utils._plan import Plan


class Weighing:
    """The steps, and the looks at the cluster between them."""

    def __init__(self, module: AnsibleModule) -> None:
        self.step = module.params["step"]
        self.ceph = Ceph(Cli(module), module.params)

    def plan(self) -> WeightPlan:
        """Return the next step."""
        noted = read_note(self.ceph, NOTE)
        osds = parse_osds(self.ceph.read_json("osd", "dump"), self.ceph.read_json("osd", "df"))
        return plan_weights(osds, noted, self.step)

    def missing(self) -> list[str]:
        """Return what data is not in its place."""
        return missing_pgs(self.ceph.read_json("status")["pgmap"].get("pgs_by_state", []))


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **ARGUMENTS,
            "step": {"type": "float"},
            "wait": {"type": "int", "default": 60},
            "delay": {"type": "float", "default": 3},
        },
        supports_check_mode=True,
    )
    weighing = Weighing(module)
    # There is no time for another look after this.
    deadline = time.monotonic() + module.params["wait"] - module.params["delay"]
    plan = weighing.plan()
    total = Plan(before=dict(plan.before), after=dict(plan.before))
    missing = weighing.missing()
    while not module.check_mode:
        if plan.words and not missing:
            for words in plan.words:
                weighing.ceph.run(*words)
            total.commands += plan.words
            total.after.update(plan.after)
            plan = weighing.plan()
        if not (plan.words or missing) or time.monotonic() >= deadline:
            break
        time.sleep(module.params["delay"])
        missing = weighing.missing()
    if module.check_mode:
        total.commands, total.after = plan.words, {**total.after, **plan.after}
    shown = Plan(total.before, total.after, [weighing.ceph.argv(*words) for words in total.commands])
    module.exit_json(
        **shown.result(),
        done=not (plan.words or missing),
        weights=total.after,
        text=show_progress(plan, missing),
    )


if __name__ == "__main__":
    main()
