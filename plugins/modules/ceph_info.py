#!/usr/bin/python
# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ceph_info
short_description: Return what a Ceph cluster is and does, as data
version_added: 0.1.0
description:
  - Returns the state of a cluster in as few commands as can be. Monitors, OSDs, metadata servers, file systems and
    pools come from one.
  - It never returns a key.
  - It fails, and says who did not answer, when the cluster cannot be reached.
author:
  - The sitewright.grid contributors (@sitewright)
extends_documentation_fragment:
  - sitewright.grid.attributes
  - sitewright.grid.attributes.info
  - sitewright.grid.ceph_cli
attributes:
  check_mode:
    details:
      - It changes nothing in any mode. In check mode on a host without Ceph, each subject is null.
options:
  gather:
    description:
      - What to return. Each is a return value of its own.
    type: list
    elements: str
    choices: [status, health, mon, mgr, osd, osd_usage, mds, fs, pool, pool_usage, auth, config, versions]
    default: [status, health]
seealso:
  - module: sitewright.grid.ceph_wait
"""

EXAMPLES = r"""
- name: Look at the cluster
  sitewright.grid.ceph_info:
    gather: [status, health, osd]
  register: ceph_now

- name: Refuse to go on with an OSD that is down
  ansible.builtin.assert:
    that: ceph_now.osd.values() | rejectattr('up') | length == 0
"""

RETURN = r"""
now:
  description:
    - When this was, in seconds since 1970, by the clock of the host that asked.
  returned: success
  type: int
  sample: 1795578260
status:
  description:
    - The cluster in numbers. Sizes are in bytes; C(pgs) has the number of placement groups by state.
  returned: when gathered
  type: dict
  sample:
    fsid: 7a3c1c3e-3c5f-4d1f-9a53-9e9a1f1c0b11
    health: HEALTH_OK
    quorum: [store1, store2, store3]
    mgr_available: true
    osds: {total: 6, up: 6, in: 6}
    pgs: {active+clean: 49}
    bytes: {used: 173015040, avail: 64239960064, total: 64412975104}
health:
  description:
    - The health and its checks by code.
  returned: when gathered
  type: dict
  sample:
    status: HEALTH_WARN
    checks:
      OSD_DOWN:
        severity: HEALTH_WARN
        message: 1 osds down
        detail: ["osd.0 (root=default,host=store1) is down"]
        muted: false
mon:
  description:
    - The monitors by id.
  returned: when gathered
  type: dict
  sample:
    store1: {rank: 0, addresses: ["v2:198.51.100.11:3300", "v1:198.51.100.11:6789"], in_quorum: true}
mgr:
  description:
    - The managers. C(active) is null where none is.
  returned: when gathered
  type: dict
  sample: {available: true, active: store1, standbys: [store2, store3]}
osd:
  description:
    - The OSDs by id. C(class), C(hostname) and C(version) are null while an OSD has never been up. C(down_since) is in
      seconds since 1970, null for one that is up.
  returned: when gathered
  type: dict
  sample:
    "0":
      uuid: f50e6f88-b425-4754-94e5-6af459c7ad92
      up: true
      in: true
      class: ssd
      hostname: store1
      version: 18.2.7
      down_since: null
osd_usage:
  description:
    - Per OSD, by id, its size and what is used of it, in bytes, and the number of its placement groups.
  returned: when gathered
  type: dict
  sample:
    "0": {total: 6442450944, used: 28258304, pgs: 145}
mds:
  description:
    - The metadata servers by id. C(filesystem) and C(rank) are null for one that stands by.
  returned: when gathered
  type: dict
  sample:
    store1: {state: "up:active", filesystem: cephfs, rank: 0}
    store2: {state: "up:standby", filesystem: null, rank: null}
fs:
  description:
    - The file systems by name.
  returned: when gathered
  type: dict
  sample:
    cephfs: {metadata_pool: cephfs_metadata, data_pools: [cephfs_data], max_mds: 1, standby_count_wanted: 1}
pool:
  description:
    - The pools by name. C(pg_num) is the number that the pool is on its way to.
  returned: when gathered
  type: dict
  sample:
    cephfs_data:
      size: 3
      min_size: 2
      pg_num: 32
      pg_autoscale_mode: "on"
      bulk: true
      application: [cephfs]
      crush_rule: replicated_rule
pool_usage:
  description:
    - Per pool, by name, the bytes that are stored in it, that these use with all copies, and that can still be stored;
      and the number of objects.
  returned: when gathered
  type: dict
  sample:
    cephfs_data: {stored: 104857600, used: 314572800, avail: 6092069888, objects: 25}
auth:
  description:
    - The caps of the entities, by entity and service. C(mon.) is not among them.
  returned: when gathered
  type: dict
  sample:
    client.admin: {mon: allow *, mgr: allow *, osd: allow *, mds: allow *}
config:
  description:
    - The options of the central configuration. Values of options that hold secrets are C(<hidden>).
  returned: when gathered
  type: list
  elements: dict
  sample:
    - {who: osd/class:ssd, option: osd_max_backfills, value: "3"}
versions:
  description:
    - The number of running daemons by kind (and C(overall)) and version.
  returned: when gathered
  type: dict
  sample:
    mon: {"ceph version 18.2.7 (6b0e988052ec84cf2d4a54ff9bbbc5e720b621ad) reef (stable)": 3}
"""

import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_cli import ARGUMENTS, Ceph
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_info import SUBJECTS, list_commands, shape
from ansible_collections.sitewright.grid.plugins.module_utils._cli import Cli


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **ARGUMENTS,
            "gather": {"type": "list", "elements": "str", "choices": SUBJECTS, "default": ["status", "health"]},
        },
        supports_check_mode=True,
    )
    ceph = Ceph(Cli(module), module.params)
    commands = list_commands(module.params["gather"])
    if module.check_mode and ceph.is_bare:
        module.exit_json(changed=False, now=int(time.time()), **dict.fromkeys(commands))
    answers = {words: ceph.read_json(*words) for words in dict.fromkeys(commands.values())}
    subjects = {subject: shape(subject, answers[words]) for subject, words in commands.items()}
    module.exit_json(changed=False, now=int(time.time()), **subjects)


if __name__ == "__main__":
    main()
