#!/usr/bin/python
# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ceph_pending_keys
short_description: Give CephX entities a second key that takes the place of the first
version_added: 0.1.0
description:
  - With O(state=present), gives every entity whose key is old a pending key beside it. The monitors accept both, until
    the pending key is used for the first time. Then it is the entity's only key.
  - Nothing is remembered anywhere else. A key says itself when it was made, and an entity that has a pending key is one
    that a run has begun with. So a run that was cut short is finished by the next one, with the same keys.
  - With O(state=used), waits until none of the entities has a pending key left, which is the proof that each of them
    uses its new key, and fails with the names of those that do not.
  - Keys are read from the output of commands, and are never part of one.
author:
  - The sitewright.grid contributors (@sitewright)
extends_documentation_fragment:
  - sitewright.grid.attributes
  - sitewright.grid.attributes.full
  - sitewright.grid.ceph_cli
attributes:
  check_mode:
    details:
      - Keys that would be made are not known, so they are V(null) in RV(entity_keys).
      - With O(state=used), check mode does not wait.
requirements:
  - Ceph 17 (Quincy) or a later release; pending keys begin there.
options:
  entities:
    description:
      - Names of the entities, for example V(osd.0) or V(client.grid.worker1). They have to exist.
      - V(mon.) can have no pending key.
    type: list
    elements: str
    required: true
  state:
    description:
      - Whether pending keys are made, or waited for to be used.
    type: str
    choices: [present, used]
    default: present
  older_than:
    description:
      - A key that was made longer ago than so many seconds is old.
    type: int
    default: 86400
  key_type:
    description:
      - A key of another type is old, too, and the monitors are told to make keys of this type from now on.
      - V(aes256k) exists in Squid 19.2.6, Tentacle 20.2.4, Umbrella 21.2.0 and later; kernels that mount CephFS
        themselves have to be Linux 7.0 or later for it. In other releases it is refused.
    type: str
    choices: [aes, aes256k]
  timeout:
    description:
      - How many seconds O(state=used) waits at most.
    type: int
    default: 60
  return_keys:
    description:
      - Return the keys of the entities in RV(entity_keys). Set C(no_log) on the task when you do.
    type: bool
    default: false
notes:
  - Whoever has only the old key of an entity is refused from the new one's first use on.
  - C(aes256k) was tried with stand-ins for the monitors only.
seealso:
  - module: sitewright.grid.ceph_auth
  - module: sitewright.grid.ceph_daemon
"""

EXAMPLES = r"""
- name: Give the OSDs' keys successors
  sitewright.grid.ceph_pending_keys:
    entities: [osd.0, osd.1]
    older_than: 2592000
    return_keys: true
  register: keys
  no_log: true

- name: Let the OSDs use them
  sitewright.grid.ceph_daemon:
    types: [osd]
    keys: "{{ keys.entity_keys }}"
    replace_keys: true
    state: current

- name: See that they do
  sitewright.grid.ceph_pending_keys:
    entities: [osd.0, osd.1]
    state: used
"""

RETURN = r"""
rotating:
  description:
    - The entities that have a pending key now, or would in check mode, in the order of O(entities).
  returned: O(state=present)
  type: list
  elements: str
  sample: [osd.0]
reasons:
  description:
    - Why each of them has one.
  returned: O(state=present)
  type: dict
  sample: {osd.0: it is old}
entity_keys:
  description:
    - The newest key of each entity, which is the pending one where it has one. V(null) in check mode where one would
      be made.
  returned: when O(return_keys) is true
  type: dict
  sample:
    osd.0: "..."
commands:
  description:
    - The commands that were run, or would be in check mode, quoted for pasting.
  returned: success
  type: list
  elements: str
  sample:
    - ceph --conf /etc/ceph/ceph.conf --name client.admin --connect-timeout 30 auth get-or-create-pending osd.0
"""

import json
import time
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_cli import ARGUMENTS, Ceph
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_rotation import (
    CIPHER,
    Keys,
    describe_age,
    parse_keys,
    plan_rotation,
)
from ansible_collections.sitewright.grid.plugins.module_utils._cli import Cli
from ansible_collections.sitewright.grid.plugins.module_utils._plan import Plan

PAUSE = 1.0  # seconds between two looks


def read_keys(ceph: Ceph) -> dict[str, Keys]:
    """Return the keys of all entities; C(auth ls) shows no pending ones (Ceph 18.2.7)."""
    return parse_keys(ceph.read_json("auth", "export"))


def make(ceph: Ceph, words: list[str]) -> dict[str, Keys]:
    """Run a command of the plan, and return the keys that it prints, by entity."""
    printed = ceph.run(*words, "--format", "json").stdout
    return parse_keys(json.loads(printed)) if words[0] == "auth" else {}


def wait_until_used(ceph: Ceph, names: list[str], timeout: int) -> None:
    """Wait until no entity has a pending key, and end the module if one keeps it."""
    deadline = time.monotonic() + timeout
    while True:
        keys = read_keys(ceph)
        left = [name for name in names if name in keys and keys[name].pending]
        if not left:
            return
        if time.monotonic() > deadline:
            ceph.cli.fail(
                f"In {timeout} s nobody has used the new key of {', '.join(left)}, so the old one is still good: see to"
                " it that the keyring holds the new key and that its daemon or mount has read it, and run again."
            )
        time.sleep(PAUSE)


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **ARGUMENTS,
            "entities": {"type": "list", "elements": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "used"], "default": "present"},
            "older_than": {"type": "int", "default": 86400},
            "key_type": {"type": "str", "choices": ["aes", "aes256k"], "no_log": False},
            "timeout": {"type": "int", "default": 60},
            "return_keys": {"type": "bool", "default": False, "no_log": False},
        },
        supports_check_mode=True,
    )
    params: dict[str, t.Any] = module.params
    cli = Cli(module)
    ceph = Ceph(cli, params)
    names: list[str] = params["entities"]
    if params["state"] == "used":
        if not module.check_mode:
            wait_until_used(ceph, names, params["timeout"])
        module.exit_json(**Plan().result())

    keys = read_keys(ceph)
    cipher = ceph.read_json("mon", "dump").get(CIPHER) if params["key_type"] else None
    made_before = time.time() - params["older_than"]
    plan = plan_rotation(keys, names, made_before, params["key_type"], cipher)
    if plan.faults:
        cli.fail("\n".join(plan.faults))
    if not module.check_mode:
        for words in plan.words():
            keys.update(make(ceph, words))
        lost = [name for name in plan.missing if not keys[name].pending]
        if lost:
            cli.fail(f"Ceph made no pending key for {', '.join(lost)}: Ceph 17 (Quincy) or later is needed.")
    shown = {name: describe_age(keys[name].key) for name in plan.missing}
    outcome = Plan(
        before={"keys": shown},
        after={"keys": {name: f"{age}; and a pending one" for name, age in shown.items()}},
        commands=[ceph.argv(*words) for words in plan.words()],
    ).result()
    if params["return_keys"]:
        unknown = plan.missing if module.check_mode else []
        outcome["entity_keys"] = {name: None if name in unknown else keys[name].newest for name in names}
    module.exit_json(**outcome, rotating=list(plan.reasons), reasons=plan.reasons)


if __name__ == "__main__":
    main()
