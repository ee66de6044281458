#!/usr/bin/python
# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ceph_fs
short_description: Manage the pools and file systems of a Ceph cluster
version_added: 0.1.0
description:
  - Sees to it that pools and CephFS file systems exist with the wanted settings.
  - Everything is read with one command. Settings that are not given are left alone.
  - Nothing is deleted unless O(yes_i_really_mean_it) confirms it.
author:
  - The sitewright.grid contributors (@sitewright)
extends_documentation_fragment:
  - sitewright.grid.attributes
  - sitewright.grid.attributes.full
  - sitewright.grid.ceph_cli
attributes:
  check_mode:
    details:
      - On a host without Ceph, the plan is made for an empty cluster.
options:
  pools:
    description:
      - The pools to look after. Others are left alone.
      - They can be made before the first OSD is up.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description:
          - Name of the pool.
        type: str
        required: true
      state:
        description:
          - Whether the pool has to exist. A pool is deleted with its data, and only while the cluster's option
            C(mon_allow_pool_delete) is set.
        type: str
        choices: [present, absent]
        default: present
      size:
        description:
          - How many copies are kept of each object.
        type: int
      min_size:
        description:
          - How many copies have to be there for an object to be used.
        type: int
      pg_num:
        description:
          - The number of placement groups.
          - Where the autoscaler is on it is the number to start with only.
        type: int
      pg_autoscale_mode:
        description:
          - What the autoscaler does about the number of placement groups.
        type: str
        choices: ["on", "off", warn]
      bulk:
        description:
          - Whether the pool is expected to be big, so that the autoscaler starts with all its placement groups.
        type: bool
      application:
        description:
          - What uses the pool, for example V(rbd). C(fs new) marks the pools of a file system by itself.
        type: str
      crush_rule:
        description:
          - Name of the CRUSH rule that places the copies.
        type: str
  filesystems:
    description:
      - The file systems to look after. Others are left alone.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description:
          - Name of the file system.
        type: str
        required: true
      state:
        description:
          - Whether the file system has to exist. An absent one is failed and removed; its pools stay.
        type: str
        choices: [present, absent]
        default: present
      metadata_pool:
        description:
          - The pool of its metadata. Required when present.
        type: str
      data_pools:
        description:
          - Its data pools, the default one first. Required when present.
          - Further pools are added when they are named here, and never taken away.
        type: list
        elements: str
      max_mds:
        description:
          - How many metadata servers are active at the same time.
        type: int
      standby_count_wanted:
        description:
          - How many metadata servers have to stand by for the cluster to be healthy.
        type: int
  yes_i_really_mean_it:
    description:
      - Confirms that what is absent may be deleted with all its data.
    type: bool
    default: false
seealso:
  - module: sitewright.grid.ceph_auth
  - module: sitewright.grid.ceph_config
"""

EXAMPLES = r"""
- name: Have a file system with its pools
  sitewright.grid.ceph_fs:
    pools:
      - {name: cephfs_metadata, size: 3, pg_num: 16}
      - {name: cephfs_data, size: 3, bulk: true}
    filesystems:
      - name: cephfs
        metadata_pool: cephfs_metadata
        data_pools: [cephfs_data]

- name: Delete a file system and its pools with everything in them
  sitewright.grid.ceph_fs:
    filesystems:
      - {name: scratch, state: absent}
    pools:
      - {name: scratch_metadata, state: absent}
      - {name: scratch_data, state: absent}
    yes_i_really_mean_it: true
"""

RETURN = r"""
commands:
  description:
    - The commands that were run, or would be in check mode, quoted for pasting.
  returned: success
  type: list
  elements: str
  sample:
    - ceph --conf /etc/ceph/ceph.conf --name client.admin --connect-timeout 30 osd pool create cephfs_data --size 3
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_cli import ARGUMENTS, Ceph
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_fs import State, parse_report, plan_fs
from ansible_collections.sitewright.grid.plugins.module_utils._cli import Cli
from ansible_collections.sitewright.grid.plugins.module_utils._plan import Plan

ITEM: dict[str, t.Any] = {
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}
POOL: dict[str, t.Any] = {
    **ITEM,
    "size": {"type": "int"},
    "min_size": {"type": "int"},
    "pg_num": {"type": "int"},
    "pg_autoscale_mode": {"type": "str", "choices": ["on", "off", "warn"]},
    "bulk": {"type": "bool"},
    "application": {"type": "str"},
    "crush_rule": {"type": "str"},
}
FILESYSTEM: dict[str, t.Any] = {
    **ITEM,
    "metadata_pool": {"type": "str"},
    "data_pools": {"type": "list", "elements": "str"},
    "max_mds": {"type": "int"},
    "standby_count_wanted": {"type": "int"},
}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **ARGUMENTS,
            "pools": {"type": "list", "elements": "dict", "default": [], "options": POOL},
            "filesystems": {"type": "list", "elements": "dict", "default": [], "options": FILESYSTEM},
            "yes_i_really_mean_it": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    cli = Cli(module)
    ceph = Ceph(cli, module.params)
    have = State() if module.check_mode and ceph.is_bare else parse_report(ceph.read_json("report"))
    plan = plan_fs(have, module.params["pools"], module.params["filesystems"], module.params["yes_i_really_mean_it"])
    if plan.faults:
        cli.fail("\n".join(plan.faults))
    if not module.check_mode:
        for words in plan.words:
            ceph.run(*words)
    module.exit_json(**Plan(plan.before, plan.after, [ceph.argv(*words) for words in plan.words]).result())


if __name__ == "__main__":
    main()
