#!/usr/bin/python
# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ceph_config
short_description: Manage the central configuration of a Ceph cluster
version_added: 0.1.0
description:
  - Sets and removes options that the monitors keep for the daemons and clients of a cluster.
  - All options are read with one command. Values are compared as Ceph understands them, so V(4G) and V(4294967296) are
    the same size.
  - An option that Ceph does not know, or a value that it does not take, fails with Ceph's own words.
author:
  - The sitewright.grid contributors (@sitewright)
extends_documentation_fragment:
  - sitewright.grid.attributes
  - sitewright.grid.attributes.full
  - sitewright.grid.ceph_cli
attributes:
  check_mode:
    details:
      - Values are checked by the cluster when they are set, so check mode does not find a wrong one.
      - On a host without Ceph, the plan is made for an empty cluster.
options:
  options:
    description:
      - The options to look after. Others are left alone.
    type: list
    elements: dict
    required: true
    suboptions:
      who:
        description:
          - For whom the option is, for example V(global), V(osd), V(osd.3), V(client.grid.worker1), with masks as in
            V(osd/class:ssd).
        type: str
        required: true
      option:
        description:
          - Name of the option, with underscores, for example V(osd_memory_target) or V(mgr/balancer/mode).
          - Passwords, keys and other secrets are refused. Whoever may read from the monitors can read all options.
        type: str
        required: true
      value:
        description:
          - The value, as C(ceph config set) takes it. Required when present.
        type: str
      state:
        description:
          - Whether the option has to be set there.
        type: str
        choices: [present, absent]
        default: present
seealso:
  - module: sitewright.grid.ceph_fs
"""

EXAMPLES = r"""
- name: Set options of the whole cluster
  sitewright.grid.ceph_config:
    options:
      - {who: mon, option: auth_allow_insecure_global_id_reclaim, value: false}
      - {who: osd, option: osd_memory_target, value: 4G}
      - {who: osd/class:ssd, option: osd_max_backfills, value: 3}
      - {who: osd.3, option: debug_osd, state: absent}
"""

RETURN = r"""
commands:
  description:
    - The commands that were run, or would be in check mode, quoted for pasting.
  returned: success
  type: list
  elements: str
  sample:
    - ceph --conf /etc/ceph/ceph.conf --name client.admin --connect-timeout 30 config set osd osd_memory_target 4G
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_cli import ARGUMENTS, Ceph
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_config import (
    check_options,
    parse_config,
    plan_config,
    unclear_options,
)
from ansible_collections.sitewright.grid.plugins.module_utils._cli import Cli
from ansible_collections.sitewright.grid.plugins.module_utils._plan import Plan


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **ARGUMENTS,
            "options": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "who": {"type": "str", "required": True},
                    "option": {"type": "str", "required": True},
                    "value": {"type": "str"},
                    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
                },
                "required_if": [("state", "present", ["value"])],
            },
        },
        supports_check_mode=True,
    )
    cli = Cli(module)
    ceph = Ceph(cli, module.params)
    options = module.params["options"]
    faults = check_options(options)
    if faults:
        # Ansible shows a module's options with -vvv: not these, one of which may be a secret.
        module.no_log_values.update(entry["value"] for entry in options if entry["value"])
        cli.fail("\n".join(faults))
    have = {} if module.check_mode and ceph.is_bare else parse_config(ceph.read_json("config", "dump"))
    kinds = {name: ceph.read_json("config", "help", name)["type"] for name in unclear_options(have, options)}
    plan = plan_config(have, options, kinds)
    if not module.check_mode:
        for words in plan.words:
            ceph.run(*words)
    module.exit_json(**Plan(plan.before, plan.after, [ceph.argv(*words) for words in plan.words]).result())


if __name__ == "__main__":
    main()
