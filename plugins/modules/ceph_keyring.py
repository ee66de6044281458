#!/usr/bin/python
# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ceph_keyring
version_added: 0.1.0
short_description: Manage a keyring file of Ceph
description:
  - Makes a keyring file and keeps its entities, their capabilities, its owner, group and mode as described.
  - A key is taken from O(entities[].key), from the file O(import_from), or from the keyring itself where the entity is
    there already; only for an entity that has none of these a new key is generated, by C(ceph-authtool).
  - Both types of keys are understood, aes (40 characters) and aes256k (60 characters).
  - The file is replaced in one step, so a run that is killed leaves the old file or the new one.
  - Keys are never part of a command line, of the result or of the diff.
  - It works on files only and needs no running cluster; entities of a cluster are managed with
    M(sitewright.grid.ceph_auth).
requirements:
  - C(ceph-authtool) on the host (package C(ceph-common)), where a key has to be generated.
extends_documentation_fragment:
  - sitewright.grid.attributes
  - sitewright.grid.attributes.full
options:
  path:
    description:
      - Path of the keyring file.
      - A missing directory of the file, such as the data directory of a daemon, is made with the same owner and group
        and with mode V(0750); the one above it has to be there.
      - A symbolic link is refused, since the file is replaced and not written through a link.
    type: path
    required: true
  entities:
    description:
      - The entities that are looked after. Other entities of the file are kept as they are.
      - Required with O(state=present).
    type: list
    elements: dict
    suboptions:
      name:
        description:
          - The name of the entity, for example V(client.admin), V(osd.3), or V(mon.) for the monitors.
        type: str
        required: true
      key:
        description:
          - The key in base64.
        type: str
      caps:
        description:
          - Exactly these capabilities, a dictionary of service to capability. An empty dictionary means none.
          - Without it, the capabilities are those of O(import_from), else those that the file has already.
          - C(ceph-authtool) and this module do not check what they mean; the monitors do, when they are told.
        type: dict
  import_from:
    description:
      - Path of a keyring file on the host that has keys for all those O(entities) for which no key is given.
      - In check mode, a file that is not there is expected to be there in time.
    type: path
  state:
    description:
      - With V(present), the entities are in the file.
      - With V(absent), the entities are not in the file; a file without any entity left is removed. Without
        O(entities), the file is removed, whatever it holds.
    type: str
    choices: [present, absent]
    default: present
  generate_keys:
    description:
      - Whether a key is generated for an entity that has none. V(false) is for keys that are the cluster's to make.
      - In check mode, a key that is not given is then expected to be given in time.
    type: bool
    default: true
  replace_keys:
    description:
      - Whether a key in the file may be replaced by another one that is given or imported.
      - Otherwise, a different key in the file is an error.
    type: bool
    default: false
  owner:
    description:
      - Name or number of the user that owns the file.
    type: str
  group:
    description:
      - Name or number of the group of the file.
    type: str
  mode:
    description:
      - The permissions of the file, as in M(ansible.builtin.file).
    type: raw
    default: '0600'
  executable:
    description:
      - The program that generates keys, by name or path.
      - For C(cauthtool) of Ceph before 0.26, the options of that time are used.
    type: str
    default: ceph-authtool
seealso:
  - module: sitewright.grid.ceph_auth
  - module: sitewright.grid.mkcephfs
author:
  - the sitewright.grid contributors (@sitewright)
"""

EXAMPLES = r"""
- name: Make the keyring with which the monitors of a new cluster start
  sitewright.grid.ceph_keyring:
    path: /var/lib/ceph/mkcephfs/keyring.mon
    entities:
      - name: mon.
        caps:
          mon: allow *
      - name: client.admin
        caps:
          mon: allow *
          osd: allow *
          mds: allow *
          mgr: allow *

- name: Give the administrator a keyring of their own
  sitewright.grid.ceph_keyring:
    path: /etc/ceph/ceph.client.admin.keyring
    import_from: /var/lib/ceph/mkcephfs/keyring.mon
    entities:
      - name: client.admin

- name: Bring a client's key to this host
  sitewright.grid.ceph_keyring:
    path: /etc/ceph/ceph.client.grid.keyring
    entities:
      - name: client.grid
        key: "{{ client_grid_key }}"
    group: grid
    mode: "0640"

- name: Take an entity out of a keyring
  sitewright.grid.ceph_keyring:
    path: /etc/ceph/keyring
    entities:
      - name: client.grid
    state: absent
"""

RETURN = r"""
path:
  description: The path of the keyring file.
  returned: success
  type: str
  sample: /etc/ceph/ceph.client.admin.keyring
entities:
  description: The entities that were asked for, in their order, without their keys. Empty with O(state=absent).
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The name of the entity.
      type: str
      sample: client.admin
    key_type:
      description: The type of the key, V(aes) or V(aes256k); null in check mode for a key that is still to be made.
      type: str
      sample: aes
    caps:
      description: The capabilities, service to capability.
      type: dict
      sample: {mon: allow *}
    created:
      description: Whether the entity was not in the file before.
      type: bool
      sample: true
    changed:
      description: Whether the entity is new, or has another key or other capabilities than before.
      type: bool
      sample: true
  sample: [{name: client.admin, key_type: aes, caps: {mon: allow *}, created: true, changed: true}]
commands:
  description: The commands that were run, or would be in check mode.
  returned: success
  type: list
  elements: str
  sample: [ceph-authtool --gen-print-key]
"""

import os
import stat
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.sitewright.grid.plugins.module_utils import _ceph_keyring as keyrings
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_keyring import Keyring, KeyringError, Wanted
from ansible_collections.sitewright.grid.plugins.module_utils._cli import Cli
from ansible_collections.sitewright.grid.plugins.module_utils._plan import Plan
from ansible_collections.sitewright.grid.plugins.module_utils._private_file import read_text, write_private


def check_entities(entities: list[dict[str, t.Any]]) -> None:
    """Raise KeyringError for names, keys and capabilities that no keyring can hold."""
    names = [entity["name"] for entity in entities]
    for name in names:
        if not keyrings.ENTITY_NAME.fullmatch(name):
            raise KeyringError(f"'{name}' is no entity: write TYPE.ID, for example client.admin or mon.")
        if names.count(name) > 1:
            raise KeyringError(f"{name} is named twice in entities: name it once")
    for entity in entities:
        if entity["key"] is not None:
            try:
                keyrings.key_type(entity["key"])
            except KeyringError as error:
                raise KeyringError(f"{error} (given for {entity['name']} in entities)") from None
        for service, caps in (entity["caps"] or {}).items():
            if not isinstance(caps, str) or "\n" in caps or not service.isalpha():
                raise KeyringError(f"the caps of {entity['name']} for '{service}' are not one line of text")


def wanted_entities(entities: list[dict[str, t.Any]], import_from: str | None, may_be_late: bool) -> list[Wanted]:
    """Return what the entities have to be, with the keys and caps of the file import_from filled in.

    may_be_late is for check mode, where an earlier task would have made that file.
    """
    imported: Keyring = {}
    if import_from is not None:
        imported = keyrings.read_keyring(import_from)
        if not imported and may_be_late:
            import_from = None
    wanted = []
    for entity in entities:
        name, key, caps = entity["name"], entity["key"], entity["caps"]
        if key is None and import_from is not None:
            if name not in imported:
                held = ", ".join(imported) or "nothing"
                raise KeyringError(f"{name} is not in the keyring {import_from}, which holds {held}")
            key = imported[name].key
            caps = imported[name].caps if caps is None else caps
        wanted.append(Wanted(name, key, caps))
    return wanted


def check_given(after: Keyring) -> None:
    """Raise KeyringError where a key would have to be generated."""
    for name, entity in after.items():
        if entity.key is None:
            raise KeyringError(f"no key is given for {name}, and generate_keys is false: give the cluster's key")


def plan_file(have: Keyring, params: dict[str, t.Any], check_mode: bool) -> Keyring:
    """Return the keyring that the parameters ask for, given the one that is there."""
    entities = params["entities"] or []
    check_entities(entities)
    if params["state"] == "present":
        wanted = wanted_entities(entities, params["import_from"], may_be_late=check_mode)
        return keyrings.plan_keyring(have, wanted, params["replace_keys"])
    gone = {entity["name"] for entity in entities} or set(have)
    return {name: entity for name, entity in have.items() if name not in gone}


def shape_entities(names: list[str], have: Keyring, after: Keyring) -> list[dict[str, t.Any]]:
    """Return the entities of these names for the module's result."""
    return [
        {
            "name": name,
            "key_type": keyrings.key_type(key) if (key := after[name].key) else None,
            "caps": after[name].caps,
            "created": name not in have,
            "changed": after[name] != have.get(name),
        }
        for name in names
    ]


def set_attributes(
    module: AnsibleModule, file: str, diff: dict[str, t.Any] | None = None, mode: str | None = None
) -> bool:
    """Give the file the owner, group and mode of the parameters (or this mode) and tell whether it had others."""
    params = module.params if mode is None else {**module.params, "mode": mode}
    arguments = module.load_file_common_arguments(params, path=file)
    return bool(module.set_fs_attributes_if_different(arguments, False, diff))


def make_directory(module: AnsibleModule, directory: str) -> None:
    """Make the directory where it is missing, in one step."""
    if os.path.isdir(directory):
        return
    unfinished = f"{directory}.new"
    if not os.path.isdir(unfinished):
        os.mkdir(unfinished, 0o700)
    set_attributes(module, unfinished, mode="0750")
    os.rename(unfinished, directory)


def take_over(module: AnsibleModule, path: str, new: str) -> None:
    """Give the new file what the old one at path has, and then what the parameters say."""
    if os.path.exists(path):
        old = os.stat(path)
        os.chown(new, old.st_uid, old.st_gid)
    set_attributes(module, new)


def manage(module: AnsibleModule, cli: Cli) -> dict[str, t.Any]:
    path, executable = module.params["path"], module.params["executable"]
    present = module.params["state"] == "present"
    exists = os.path.lexists(path)
    if exists and not stat.S_ISREG(os.lstat(path).st_mode):
        raise KeyringError(f"{path} is no regular file: give the path of the keyring itself")

    # A file that is to be removed whole need not be readable.
    remove_unread = not present and not module.params["entities"]
    text = "" if remove_unread else read_text(path) or ""
    have = {} if remove_unread else keyrings.read_keyring(path)
    after = plan_file(have, module.params, module.check_mode)
    if not (module.params["generate_keys"] or module.check_mode):
        check_given(after)
    # Ceph refuses a file whose last line does not end.
    rewrite = after != have or (present and not text.endswith("\n"))
    remove = exists and not present and not after
    plan = Plan(
        before={"state": "file" if exists else "absent", "entities": keyrings.describe(have)},
        after={
            "state": "absent" if remove or (not exists and not present) else "file",
            "entities": keyrings.describe(after, have),
        },
        commands=keyrings.generation_commands(after, executable),
    )

    drift = False
    if exists and not remove:
        attributes: dict[str, t.Any] = {"before": {}, "after": {}}
        drift = set_attributes(module, path, attributes)
        plan.before.update(attributes["before"])
        plan.after.update(attributes["after"])
    if not module.check_mode:
        if remove:
            os.unlink(path)
        elif rewrite:
            make_directory(module, os.path.dirname(os.path.abspath(path)))
            after = keyrings.complete(cli, after, executable)
            write_private(path, keyrings.render_keyring(after), prepare=lambda new: take_over(module, path, new))
    names = [entity["name"] for entity in module.params["entities"]] if present else []
    return {
        **plan.result(),
        "changed": rewrite or remove or drift,
        "path": path,
        "entities": shape_entities(names, have, after),
    }


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "entities": {
                "type": "list",
                "elements": "dict",
                "options": {
                    "name": {"type": "str", "required": True},
                    "key": {"type": "str", "no_log": True},
                    "caps": {"type": "dict"},
                },
            },
            "import_from": {"type": "path"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "generate_keys": {"type": "bool", "default": True, "no_log": False},
            "replace_keys": {"type": "bool", "default": False, "no_log": False},
            "owner": {"type": "str"},
            "group": {"type": "str"},
            "mode": {"type": "raw", "default": "0600"},
            "executable": {"type": "str", "default": "ceph-authtool"},
        },
        required_if=[("state", "present", ["entities"])],
        supports_check_mode=True,
    )
    cli = Cli(module)
    try:
        result = manage(module, cli)
    except KeyringError as error:
        cli.fail(f"{error}.")
    except OSError as error:
        cli.fail(f"{module.params['path']} cannot be managed: {error.strerror} ({error.filename}).")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
