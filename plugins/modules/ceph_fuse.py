#!/usr/bin/python
# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ceph_fuse
short_description: Mount CephFS with ceph-fuse, so that the mount comes back
version_added: 0.1.0
author:
  - the sitewright.grid contributors (@sitewright)
description:
  - Writes the client's keyring and the systemd unit C(cephfs.service), enables the unit, and mounts. The mount comes
    back after a reboot, and after an outage of the cluster.
  - A mount whose unit is as it should be is left alone. A changed unit mounts anew, which interrupts those who use the
    mount; a changed owner or mode of the keyring does not.
  - With O(replace_key), a second C(ceph-fuse) with the new key takes over without an interruption. Who has a file open
    keeps the first one, which ends when the last of them has gone. The kernel (Linux 6.5 or later) puts the new
    mount beneath the old one; with an older kernel there is no mount for an instant.
extends_documentation_fragment:
  - sitewright.grid.attributes
  - sitewright.grid.attributes.full
requirements:
  - C(ceph-fuse) on the host (package C(ceph-fuse)), and a C(/etc/ceph/ceph.conf) that names the monitors.
options:
  name:
    description:
      - The client's entity, for example V(client.grid.worker1).
    type: str
    required: true
  key:
    description:
      - The key of the entity, as the cluster has it. A key that the keyring has is never replaced by another one,
        unless O(replace_key) says so.
      - In check mode it may be left out, for a cluster that is not there yet.
    type: str
  replace_key:
    description:
      - Whether a key that the keyring has is replaced by O(key). Give it one that the cluster takes beside the old one,
        see M(sitewright.grid.ceph_pending_keys). A C(ceph-fuse) that has started before the key was written hands over.
    type: bool
    default: false
  keyring:
    description:
      - Path of the keyring that O(key) is written to. The default is where C(ceph-fuse) looks for it,
        C(/etc/ceph/ceph.NAME.keyring).
    type: path
  cephx:
    description:
      - Whether the client needs a key. With V(false) no keyring is written.
    type: bool
    default: true
  filesystem:
    description:
      - The file system to mount.
    type: str
    required: true
  path:
    description:
      - The directory of the file system to mount.
    type: str
    default: /
  mount:
    description:
      - Where it is mounted. The directory is made where it is missing.
    type: path
    required: true
  access:
    description:
      - Whether the mount can be written to (V(rw)) or not (V(r)).
    type: str
    choices: [rw, r]
    default: rw
  timeout:
    description:
      - How many seconds the mount may take.
    type: int
    default: 300
seealso:
  - module: ansible.posix.mount
    description: For the kernel's client.
"""

EXAMPLES = r"""
- name: Mount the file system
  sitewright.grid.ceph_fuse:
    name: client.grid.worker1
    key: "{{ keys.entity_keys['client.grid.worker1'] }}"
    filesystem: cephfs
    mount: /cephfs
"""

RETURN = r"""
commands:
  description:
    - The commands that were run, or would be run in check mode, quoted for pasting.
  returned: success
  type: list
  elements: str
  sample: [systemctl daemon-reload, systemctl enable cephfs.service, systemctl restart cephfs.service]
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_fuse import UNIT, Mount, plan_mount, render_unit
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_fuse_handover import Handover, started_at
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_key_file import KeyFile, read_key_files
from ansible_collections.sitewright.grid.plugins.module_utils._cli import Cli, Completed
from ansible_collections.sitewright.grid.plugins.module_utils._plan import Plan
from ansible_collections.sitewright.grid.plugins.module_utils._systemd import Systemd
from ansible_collections.sitewright.grid.plugins.module_utils._text_file import PlannedFile, TextFile, write_files

UNIT_FILE = f"/etc/systemd/system/{UNIT}"
UNIT_MODE = 0o644
USER = "root"


def why_unread(name: str, keys: list[KeyFile]) -> str | None:
    """Return why no running ceph-fuse of this client has read the key, None where one has."""
    since = started_at("ceph-fuse", name.partition(".")[2])
    return next((why for key in keys if (why := key.why_unread(since))), None)


def hand_over(cli: Cli, mounts: Handover) -> None:
    """Put a second mount, where there is one, in the place of the first."""
    if mounts.is_begun:
        try:
            mounts.finish()
        except OSError as error:
            cli.fail(f"The new mount did not take the place of {mounts.path}, which goes on: {error}")


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "key": {"type": "str", "no_log": True},
            "replace_key": {"type": "bool", "default": False, "no_log": False},
            "keyring": {"type": "path", "no_log": False},
            "cephx": {"type": "bool", "default": True},
            "filesystem": {"type": "str", "required": True},
            "path": {"type": "str", "default": "/"},
            "mount": {"type": "path", "required": True},
            "access": {"type": "str", "choices": ["rw", "r"], "default": "rw"},
            "timeout": {"type": "int", "default": 300},
        },
        supports_check_mode=True,
    )
    params = module.params
    cli = Cli(module)
    systemd = Systemd(cli)
    keyring = params["keyring"] or f"/etc/ceph/ceph.{params['name']}.keyring"
    wanted_keys = [(keyring, params["name"], params["key"])] if params["cephx"] else []
    keys = read_key_files(cli, wanted_keys, USER, params["replace_key"])
    options = ("name", "filesystem", "path", "mount", "access", "timeout")
    unit_file = TextFile(
        UNIT_FILE, render_unit(Mount(**{option: params[option] for option in options})), USER, UNIT_MODE
    )
    files: list[PlannedFile] = [*keys, unit_file]
    unit = systemd.units([UNIT])[UNIT]
    # A killed run may have written the file and gone no further.
    is_outdated = not unit_file.is_current or os.stat(UNIT_FILE).st_mtime > unit.started_at

    mounts = Handover(params["mount"])
    unread = why_unread(params["name"], keys) if params["replace_key"] and unit.running else None

    plan = Plan(commands=plan_mount(unit, is_outdated, unread is not None))
    for file in files:
        file.note(plan)
    if plan.commands:
        plan.before[UNIT] = {"enabled": unit.enabled, "running": unit.running, "outdated": is_outdated}
        plan.after[UNIT] = {"enabled": True, "running": True, "outdated": False}
    if unread or mounts.is_begun:
        plan.before["mount"], plan.after["mount"] = unread or "a handover was cut short", "handed over"

    def explain(done: Completed) -> str:
        return f"{UNIT} does not mount {params['mount']}: {done.stderr.strip()}\n{systemd.last_words(UNIT)}"

    if not module.check_mode:
        write_files(cli, files)
        if plan.commands:
            mounts.drop()  # what a run that was cut short has mounted has read an older key
        for argv in plan.commands:
            cli.run(argv, explain=explain)
        hand_over(cli, mounts)
    module.exit_json(**plan.result())


if __name__ == "__main__":
    main()
