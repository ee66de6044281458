#!/usr/bin/python
# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: group_members
short_description: Have accounts in a group of the host
version_added: 0.1.0
description:
  - Makes accounts members of a group, or takes them out of it, all in one call. Other members stay.
author:
  - The sitewright.grid contributors (@sitewright)
extends_documentation_fragment:
  - sitewright.grid.attributes
  - sitewright.grid.attributes.full
options:
  group:
    description:
      - The group, which has to exist. In check mode it may be missing, as one that is going to be made.
    type: str
    required: true
  members:
    description:
      - The accounts, which have to exist. In check mode they may be missing. With O(state=absent) they may be, too.
    type: list
    elements: str
    required: true
  state:
    description:
      - Whether they are members.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: ansible.builtin.user
  - module: ansible.builtin.group
"""

EXAMPLES = r"""
- name: Let two people use KVM
  sitewright.grid.group_members:
    group: kvm
    members: [anna, ben]
"""

RETURN = r"""
commands:
  description:
    - The commands that were run, or would be in check mode.
  returned: success
  type: list
  elements: str
  sample: ["gpasswd --add anna kvm"]
"""

import grp

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.sitewright.grid.plugins.module_utils._cli import Cli
from ansible_collections.sitewright.grid.plugins.module_utils._plan import Plan


def read_members(group: str) -> list[str] | None:
    """Return the members that the host's files know, None where there is no such group."""
    try:
        return grp.getgrnam(group).gr_mem
    except KeyError:
        return None


def plan_members(group: str, have: list[str], members: list[str], present: bool) -> Plan:
    """Return how the accounts get into the group, or out of it."""
    touch = [name for name in dict.fromkeys(members) if (name in have) != present]
    after = [*have, *touch] if present else [name for name in have if name not in touch]
    if not touch:
        return Plan()
    option = "--add" if present else "--delete"
    return Plan(
        before={group: sorted(have)},
        after={group: sorted(after)},
        commands=[["gpasswd", option, name, group] for name in touch],
    )


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "group": {"type": "str", "required": True},
            "members": {"type": "list", "elements": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        supports_check_mode=True,
    )
    cli = Cli(module)
    group, present = module.params["group"], module.params["state"] == "present"
    have = read_members(group)
    if have is None and present and not module.check_mode:
        cli.fail(f"There is no group {group} on the host.")
    plan = plan_members(group, have or [], module.params["members"], present)
    if not module.check_mode:
        for argv in plan.commands:
            cli.run(argv)
    module.exit_json(**plan.result())


if __name__ == "__main__":
    main()
