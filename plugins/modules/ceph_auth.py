#!/usr/bin/python
# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ceph_auth
short_description: Manage the CephX entities of a cluster
version_added: 0.1.0
description:
  - Sees to it that entities exist in the cluster with exactly the wanted caps, or do not exist, and writes their keys
    to keyring files on the host.
  - All entities are read with one command and all missing ones are created with one more, so a call may have hundreds.
  - A key that the cluster has is never replaced, unless O(replace_keys) says so.
  - Keys travel through standard input and files only, never over a command line.
author:
  - The sitewright.grid contributors (@sitewright)
extends_documentation_fragment:
  - sitewright.grid.attributes
  - sitewright.grid.attributes.full
  - sitewright.grid.ceph_cli
attributes:
  check_mode:
    details:
      - Keys of entities that would be created are not known, so RV(entity_keys) lacks them.
      - On a host without Ceph, the plan is made for an empty cluster.
options:
  entities:
    description:
      - The entities to look after. Others are left alone.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description:
          - Name of the entity, for example V(client.grid.worker1) or V(mds.store1).
          - For V(mon.) and V(client.bootstrap-osd), which the monitors make themselves, give neither caps nor cephfs.
        type: str
        required: true
      state:
        description:
          - Whether the entity has to exist.
          - V(client.admin) and V(mon.) are never removed.
        type: str
        choices: [present, absent]
        default: present
      caps:
        description:
          - The caps, service (V(mon), V(osd), V(mds), V(mgr)) to string. Other caps are taken away.
          - Without caps and cephfs, the entity has to exist and its caps are left alone.
        type: dict
      cephfs:
        description:
          - Accesses to CephFS. The caps are those that C(ceph fs authorize) makes for them; other caps are taken away.
        type: list
        elements: dict
        suboptions:
          filesystem:
            description:
              - Name of the file system.
            type: str
            required: true
          path:
            description:
              - The directory that may be used, as seen from the file system's root.
            type: str
            default: /
          access:
            description:
              - What may be done there, in the letters of C(ceph fs authorize), where V(r) is reading, V(w) writing,
                V(p) setting layouts and quotas, and V(s) making snapshots.
            type: str
            choices: [r, rw, rwp, rws, rwps]
            default: rw
      key:
        description:
          - The key that the entity has to have. Without it Ceph makes one.
        type: str
      path:
        description:
          - A keyring file to hold the entity's key (no caps). Its directory has to exist.
        type: path
      owner:
        description:
          - Owner of the file. Without it, that of a file that exists, or the user who runs the module.
        type: str
      group:
        description:
          - Group of the file. Without it, that of a file that exists, or the group of the user who runs the module.
        type: str
      mode:
        description:
          - Mode of the file.
        type: raw
        default: "0600"
  replace_keys:
    description:
      - Give an entity the given key even if it has another one. Whoever uses the old one is locked out.
    type: bool
    default: false
  return_keys:
    description:
      - Return the keys of the entities in RV(entity_keys). Set C(no_log) on the task when you do.
    type: bool
    default: false
notes:
  - When two hosts create the same entity in the same instant, the later key wins. Create an entity from one host.
seealso:
  - module: sitewright.grid.ceph_keyring
"""

EXAMPLES = r"""
- name: Have the keys of the metadata servers and the clients
  sitewright.grid.ceph_auth:
    entities:
      - name: mds.store1
        caps:
          mon: profile mds
          mgr: profile mds
          mds: allow *
          osd: allow rw tag cephfs *=*
      - name: client.grid.worker1
        cephfs:
          - {filesystem: cephfs, path: /}
      - name: client.grid.worker2
        state: absent
    return_keys: true
  register: ceph_keys
  no_log: true

- name: Write the key that ceph-volume needs to this host
  sitewright.grid.ceph_auth:
    entities:
      - name: client.bootstrap-osd
        path: /var/lib/ceph/bootstrap-osd/ceph.keyring
        owner: ceph
        group: ceph
"""

RETURN = r"""
entity_keys:
  description:
    - The key of each present entity. It lacks those that were given as an option (Ansible would mask them), and in
      check mode those that would be created.
  returned: when O(return_keys) is true
  type: dict
  sample:
    client.grid.worker1: "..."
commands:
  description:
    - The commands that were run, or would be in check mode, quoted for pasting. Keys are no part of them.
  returned: success
  type: list
  elements: str
  sample:
    - ceph --conf /etc/ceph/ceph.conf --name client.admin --connect-timeout 30 auth import -i -
"""

import os
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_auth import (
    ACCESS,
    MON,
    AuthPlan,
    Known,
    bad_caps,
    check_entities,
    parse_auth,
    plan_auth,
)
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_cli import ARGUMENTS, Ceph
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_keyring import Entity, complete, render_keyring
from ansible_collections.sitewright.grid.plugins.module_utils._cli import Cli
from ansible_collections.sitewright.grid.plugins.module_utils._plan import Plan
from ansible_collections.sitewright.grid.plugins.module_utils._private_file import read_text, write_private

ENTITY: dict[str, t.Any] = {
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "caps": {"type": "dict"},
    "cephfs": {
        "type": "list",
        "elements": "dict",
        "options": {
            "filesystem": {"type": "str", "required": True},
            "path": {"type": "str", "default": "/"},
            "access": {"type": "str", "choices": list(ACCESS), "default": "rw"},
        },
    },
    "key": {"type": "str", "no_log": True},
    "path": {"type": "path"},
    "owner": {"type": "str"},
    "group": {"type": "str"},
    "mode": {"type": "raw", "default": "0600"},
}


def read_entities(ceph: Ceph, with_mon: bool) -> dict[str, Known]:
    """Return the cluster's entities; mon., which `auth ls` leaves out, only with a second command."""
    have = parse_auth(ceph.read_json("auth", "ls"))
    if with_mon:
        have.update(parse_auth({"auth_dump": ceph.read_json("auth", "get", MON)}))
    return have


def apply(ceph: Ceph, plan: AuthPlan) -> dict[str, str]:
    """Carry the plan out and return the keys of what was imported."""
    keyring = complete(ceph.cli, {n: Entity(key, caps) for n, (key, caps) in plan.imports.items()}, "ceph-authtool")
    for words in plan.words():
        ceph.run(*words, stdin=render_keyring(keyring) if words[1] == "import" else None)
    created = [name for name in plan.imports if plan.before[name] is None]
    if created:
        refuse_bad_caps(ceph, created)
    return {name: str(entity.key) for name, entity in keyring.items()}


def refuse_bad_caps(ceph: Ceph, created: list[str]) -> None:
    """Take back what was created with caps that no daemon understands, and end the module."""
    bad = bad_caps(ceph.read_json("health", "detail"), created)
    for name in bad:
        ceph.run("auth", "rm", name)
    if bad:
        words = "; ".join(f"{name}: {why}" for name, why in bad.items())
        ceph.cli.fail(f"Correct these caps (their entities were not created): {words}")


def keep_keyring(module: AnsibleModule, entity: dict[str, t.Any], key: str | None) -> dict[str, dict[str, t.Any]]:
    """Bring the entity's keyring file to hold this key (None: not known yet), with its owner and mode.

    Returns the file's difference: before and after, both empty where the file is as it has to be. No key is in it.
    """
    path = entity["path"]
    content = render_keyring({entity["name"]: Entity(key)}) if key else None
    have = read_text(path)
    diff: dict[str, dict[str, t.Any]] = {"before": {}, "after": {}}

    def set_attributes(file: str) -> None:
        module.set_fs_attributes_if_different(module.load_file_common_arguments(entity, path=file), False, diff=diff)

    def take_over(file: str) -> None:
        if have is not None:
            status = os.stat(path)
            os.chown(file, status.st_uid, status.st_gid)
        set_attributes(file)

    if content is not None and have == content:
        set_attributes(path)
    elif content and not module.check_mode:
        write_private(path, content, take_over)
    diff["before"].pop("path", None)
    diff["after"].pop("path", None)
    if content is None or have != content:
        diff["before"] = {"content": None if have is None else "something else"}
        diff["after"] = {**diff["after"], "content": f"the key of {entity['name']}"}
    return diff


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **ARGUMENTS,
            "entities": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": ENTITY,
                "mutually_exclusive": [("caps", "cephfs")],
            },
            "replace_keys": {"type": "bool", "default": False, "no_log": False},
            "return_keys": {"type": "bool", "default": False, "no_log": False},
        },
        supports_check_mode=True,
    )
    cli = Cli(module)
    ceph = Ceph(cli, module.params)
    entities: list[dict[str, t.Any]] = module.params["entities"]
    present = [entity for entity in entities if entity["state"] == "present"]
    stop_on(cli, check_entities(entities))

    bare = module.check_mode and ceph.is_bare
    have = {} if bare else read_entities(ceph, any(entity["name"] == MON for entity in present))
    plan = plan_auth(have, entities, module.params["replace_keys"], bare)
    stop_on(cli, plan.faults)

    keys = {name: known.key for name, known in have.items()}
    keys.update({name: key for name, (key, _caps) in plan.imports.items() if key})
    if not module.check_mode:
        keys.update(apply(ceph, plan))
    files = {}
    for entity in present:
        if entity["path"]:
            try:
                files[entity["path"]] = keep_keyring(module, entity, keys.get(entity["name"]))
            except OSError as error:
                cli.fail(f"{entity['path']} cannot be written: {error.strerror} ({error.filename}).")

    outcome = Plan(
        before={"entities": plan.before, "files": {path: diff["before"] for path, diff in files.items()}},
        after={"entities": plan.after, "files": {path: diff["after"] for path, diff in files.items()}},
        commands=[ceph.argv(*words) for words in plan.words()],
    )
    result = outcome.result()
    if module.params["return_keys"]:
        result["entity_keys"] = {e["name"]: keys[e["name"]] for e in present if e["name"] in keys and not e["key"]}
    module.exit_json(**result)


def stop_on(cli: Cli, faults: list[str]) -> None:
    """End the module with all of these faults at once, if there are any."""
    if faults:
        cli.fail("\n".join(faults))


if __name__ == "__main__":
    main()
