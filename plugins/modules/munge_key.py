#!/usr/bin/python
# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: munge_key
short_description: Keep the key with which MUNGE proves who a process is
version_added: 0.1.0
author:
  - The sitewright.grid contributors (@sitewright)
description:
  - Without O(key) a random key is made where there is none. One that is there is never made anew, whoever has made it,
    unless O(older_than) says so.
  - With O(key) the host gets that key in the place of its own. So the key of one host is handed to others, through
    memory; the example shows it.
  - The file belongs to C(munge), which alone can read it. Keys are in no output but where O(return_key) asks for it.
extends_documentation_fragment:
  - sitewright.grid.attributes
  - sitewright.grid.attributes.full
attributes:
  check_mode:
    details:
      - No key is made in check mode, so there may be none to return.
options:
  path:
    description:
      - The file of the key.
    type: path
    default: /etc/munge/munge.key
  owner:
    description:
      - The account, and the group of the same name, that the file belongs to.
    type: str
    default: munge
  key:
    description:
      - The key, in base64. An empty one counts as none.
    type: str
  older_than:
    description:
      - Without O(key), a key that was written more than so many seconds ago is replaced by a new one. All hosts that
        are to understand each other need the new one then.
    type: int
  return_key:
    description:
      - Whether to return the key.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Have a key on the controller
  sitewright.grid.munge_key:
    return_key: true
  delegate_to: head1
  run_once: true
  register: munge
  no_log: true

- name: Give it to the nodes
  sitewright.grid.munge_key:
    key: "{{ munge.key }}"
  no_log: true
"""

RETURN = r"""
key:
  description:
    - The key, in base64; V(null) where check mode has made none.
  returned: when O(return_key=true)
  type: str
unread:
  description:
    - Whether C(munge.service) runs, and has not read the key that the file has now, or would have in check mode.
  returned: success
  type: bool
  sample: false
commands:
  description:
    - Empty, for it runs none.
  returned: success
  type: list
  elements: str
"""

import base64
import binascii
import os
import secrets
import shutil
import time
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.sitewright.grid.plugins.module_utils._cli import Cli
from ansible_collections.sitewright.grid.plugins.module_utils._plan import Plan
from ansible_collections.sitewright.grid.plugins.module_utils._private_file import write_private
from ansible_collections.sitewright.grid.plugins.module_utils._systemd import Systemd
from ansible_collections.sitewright.grid.plugins.module_utils._text_file import file_state

BYTES = 128  # of a new key
LEAST = 32  # bytes that MUNGE takes, and no fewer
MOST = 1024  # and no more
UNIT = "munge.service"


def read_key(path: str) -> bytes | None:
    """Return the key, or None where there is none; an empty file is none."""
    try:
        with open(path, "rb") as file:
            return file.read() or None
    except FileNotFoundError:
        return None


def decode_key(cli: Cli, text: str | None) -> bytes | None:
    """Return the bytes of a key in base64."""
    if not text:
        return None
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        cli.fail("key is not in base64. It was not installed.")


def age_of(path: str) -> float:
    """Return how many seconds ago a file was written; 0 where there is none."""
    try:
        return time.time() - os.stat(path).st_mtime
    except FileNotFoundError:
        return 0.0


def plan_key(path: str, owner: str, have: bytes | None, wanted: bytes | None, is_due: bool) -> Plan:
    """Return what is to be done about the file, without the key in it; is_due tells that it is to be a new one."""
    state = file_state(path)
    kept = have is not None and wanted in (None, have) and not is_due
    before: dict[str, t.Any] = {"key": "none"}
    if have is not None and state is not None:
        private = int(state["mode"], 8) & 0o077 == 0
        before = {"key": "the wanted one" if kept else "another", "owner": state["owner"], "private": private}
    return Plan(before, {"key": "the wanted one", "owner": owner, "private": True})


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "default": "/etc/munge/munge.key"},
            "owner": {"type": "str", "default": "munge"},
            "key": {"type": "str", "no_log": True},
            "older_than": {"type": "int"},
            "return_key": {"type": "bool", "default": False, "no_log": False},
        },
        mutually_exclusive=[("key", "older_than")],
        supports_check_mode=True,
    )
    cli = Cli(module)
    path, owner = module.params["path"], module.params["owner"]
    have, given = read_key(path), decode_key(cli, module.params["key"])
    for key, where in ((given, "The key that was given"), (have if given is None else None, path)):
        if key is not None and not LEAST <= len(key) <= MOST:
            cli.fail(f"{where} has {len(key)} bytes, but MUNGE takes {LEAST} to {MOST}. Nothing was changed.")
    limit = module.params["older_than"]
    is_due = have is not None and limit is not None and age_of(path) > limit
    plan = plan_key(path, owner, have, given, is_due)
    key = given or (None if is_due else have)
    unit = Systemd(cli).units([UNIT])[UNIT]
    if plan.changed and not module.check_mode:
        key = key or secrets.token_bytes(BYTES)

        def dress(temporary: str) -> None:
            shutil.chown(temporary, owner, owner)
            os.chmod(temporary, 0o400)

        try:
            write_private(path, key.decode("utf-8", "surrogateescape"), dress)
        except (OSError, LookupError) as error:
            cli.fail(f"{path} cannot be written: {error}. Is MUNGE installed?")
    # A run that was cut short may have written the key and gone no further.
    is_new = key is not None and key != have
    unread = unit.running and (is_new or is_due or time.time() - age_of(path) > unit.started_at)
    returned = {"key": key and base64.b64encode(key).decode()} if module.params["return_key"] else {}
    module.exit_json(**plan.result(), unread=unread, **returned)


if __name__ == "__main__":
    main()
