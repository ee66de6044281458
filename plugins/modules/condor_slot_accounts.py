#!/usr/bin/python
# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: condor_slot_accounts
short_description: Manage the accounts in which the slots of an execution point run their jobs
version_added: 0.1.0
description:
  - Makes all accounts with one command (C(systemd-sysusers)). They are accounts of the system, each with a group of its
    own, with which nobody can log in.
  - An account that exists is left as it is.
author:
  - The sitewright.grid contributors (@sitewright)
extends_documentation_fragment:
  - sitewright.grid.attributes
  - sitewright.grid.attributes.full
options:
  accounts:
    description:
      - Names of the accounts, as M(sitewright.grid.condor_isolation_info) returns them. Required when present.
    type: list
    elements: str
  prefix:
    description:
      - Begins the names of the accounts. All local ones go that are named like those of slots, such as C(slot1_3), and
        with which nobody can log in. Required when absent.
    type: str
  state:
    description:
      - Whether the accounts have to be there.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: sitewright.grid.condor_isolation_info
"""

EXAMPLES = r"""
- name: Make the accounts of four slots
  sitewright.grid.condor_slot_accounts:
    accounts: [slot1_1, slot1_2, slot1_3, slot1_4]

- name: Remove the accounts of all slots
  sitewright.grid.condor_slot_accounts:
    prefix: slot
    state: absent
"""

RETURN = r"""
commands:
  description:
    - The commands that were run, or would be in check mode, quoted for pasting.
  returned: success
  type: list
  elements: str
  sample:
    - "systemd-sysusers --inline 'u slot1_3 - \"HTCondor slot\"' 'u slot1_4 - \"HTCondor slot\"'"
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.sitewright.grid.plugins.module_utils._cli import Cli
from ansible_collections.sitewright.grid.plugins.module_utils._condor_slots import (
    check_name,
    parse_accounts,
    plan_accounts,
    plan_removal,
    read_accounts,
)

ACCOUNTS = "/etc/passwd"
PREFIX = 16  # characters at most, for the slot's number has to follow


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "accounts": {"type": "list", "elements": "str"},
            "prefix": {"type": "str"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        required_if=[("state", "present", ["accounts"]), ("state", "absent", ["prefix"])],
        supports_check_mode=True,
    )
    cli = Cli(module)
    if module.params["state"] == "present":
        accounts = module.params["accounts"]
        if wrong := [fault for fault in map(check_name, accounts) if fault]:
            cli.fail(f"accounts: {wrong[0]}")
        plan = plan_accounts(read_accounts(accounts), accounts)
    else:
        if fault := check_name(module.params["prefix"], PREFIX):
            cli.fail(f"prefix: {fault}")
        with open(ACCOUNTS, encoding="utf-8") as file:
            plan = plan_removal(parse_accounts(file.read()), module.params["prefix"])
    if not module.check_mode:
        for argv in plan.commands:
            cli.run(argv)
    module.exit_json(**plan.result())


if __name__ == "__main__":
    main()
