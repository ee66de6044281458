#!/usr/bin/python
# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ceph_flag
short_description: Set flags of a Ceph cluster for a while, such as noout
version_added: 0.1.0
description:
  - Sets flags for the time of some work, and unsets those again that it has set itself.
  - A flag that was set before, by the operator or by another program, is left set. Ceph does not tell whose a flag is,
    so the monitors' store keeps a note of those that this module has set (the key C(sitewright.grid/flags)). It is
    written before the flag is set and removed after the flag is unset, so that what a killed run has left is known as
    its own.
author:
  - The sitewright.grid contributors (@sitewright)
extends_documentation_fragment:
  - sitewright.grid.attributes
  - sitewright.grid.attributes.full
  - sitewright.grid.ceph_cli
attributes:
  check_mode:
    details:
      - On a host without Ceph, the plan is made for a cluster without flags.
options:
  flags:
    description:
      - Names of flags as C(ceph osd set) takes them, for example V(noout).
      - Required with O(state=present). With O(state=absent) none means all that the note names.
    type: list
    elements: str
    default: []
  state:
    description:
      - V(present) sets those that are not set. V(absent) unsets those that this module has set.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: sitewright.grid.ceph_daemon
"""

EXAMPLES = r"""
- name: Keep the data where it is while a host restarts
  sitewright.grid.ceph_flag:
    flags: [noout]

- name: Unset noout, unless it was set before
  sitewright.grid.ceph_flag:
    flags: [noout]
    state: absent
"""

RETURN = r"""
flags:
  description:
    - All flags that are set in the end.
  returned: success
  type: list
  elements: str
  sample: [noout, pglog_hardlimit, sortbitwise]
ours:
  description:
    - The flags that are set by this module.
  returned: success
  type: list
  elements: str
  sample: [noout]
others:
  description:
    - The flags that are set by somebody else, and never unset by this module.
  returned: success
  type: list
  elements: str
  sample: [pglog_hardlimit, sortbitwise]
commands:
  description:
    - The commands that were run, or would be in check mode, quoted for pasting.
  returned: success
  type: list
  elements: str
  sample:
    - ceph --conf /etc/ceph/ceph.conf --name client.admin --connect-timeout 30 config-key set sitewright.grid/flags
      noout
    - ceph --conf /etc/ceph/ceph.conf --name client.admin --connect-timeout 30 osd set noout
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_cli import ARGUMENTS, Ceph
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_flag import NOTE, plan_flags
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_note import read_note
from ansible_collections.sitewright.grid.plugins.module_utils._cli import Cli
from ansible_collections.sitewright.grid.plugins.module_utils._plan import Plan


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **ARGUMENTS,
            "flags": {"type": "list", "elements": "str", "default": []},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        supports_check_mode=True,
    )
    cli = Cli(module)
    ceph = Ceph(cli, module.params)
    flags, state = list(dict.fromkeys(module.params["flags"])), module.params["state"]
    if state == "present" and not flags:
        cli.fail("No flag is named: write which ones to set in the option flags.")
    have: list[str] = []
    noted: list[str] = []
    if not (module.check_mode and ceph.is_bare):
        noted = read_note(ceph, NOTE)
        if flags or noted:
            have = ceph.read_json("osd", "dump")["flags_set"]
    plan = plan_flags(have, noted, flags, state)
    if not module.check_mode:
        for words in plan.words:
            ceph.run(*words)
    shown = Plan({"flags": plan.before}, {"flags": plan.after}, [ceph.argv(*words) for words in plan.words])
    module.exit_json(**shown.result(), flags=plan.after, ours=plan.ours, others=plan.others)


if __name__ == "__main__":
    main()
