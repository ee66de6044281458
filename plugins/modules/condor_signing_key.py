#!/usr/bin/python
# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: condor_signing_key
short_description: Replace the key that signs an HTCondor pool's tokens
version_added: 0.1.0
author:
  - The sitewright.grid contributors (@sitewright)
description:
  - A pool takes the tokens of every signing key that the central manager has. So a key is replaced in three stages,
    between which all hosts get new tokens. O(state=succeeding) makes a successor beside a key that is old.
    O(state=returning) replaces the key, once all hosts have tokens of the successor, and O(state=idle) removes the
    successor, once all have tokens of the key again. In the end names and configuration are what they were.
  - Which stage a rotation is in follows from the files alone, so that one that was cut short is finished by running
    again. A stage that is not reached yet, or is passed, is no error, and nothing is done.
  - Let the daemons of the host read their configuration again (C(condor_reconfig)) where something has changed.
  - Keys are neither shown nor given to a command.
extends_documentation_fragment:
  - sitewright.grid.attributes
  - sitewright.grid.attributes.full
options:
  directory:
    description:
      - HTCondor's C(SEC_PASSWORD_DIRECTORY).
    type: path
    default: /etc/condor/passwords.d
  key:
    description:
      - The name of the key.
    type: str
    default: POOL
  successor:
    description:
      - The name of the key that signs meanwhile.
    type: str
    default: sitewright-next
  state:
    description:
      - The stage that is wanted.
    type: str
    choices: [succeeding, returning, idle]
    required: true
  older_than:
    description:
      - A key that was written longer ago than so many seconds is old, and gets a successor.
    type: int
    default: 86400
seealso:
  - module: sitewright.grid.condor_token
"""

EXAMPLES = r"""
- name: Begin to replace a key that is older than a month
  sitewright.grid.condor_signing_key:
    state: succeeding
    older_than: 2592000
  register: signing_key

- name: Replace it, now that all hosts have tokens of its successor
  sitewright.grid.condor_signing_key:
    state: returning

- name: Remove the successor, now that all hosts have tokens of the new key
  sitewright.grid.condor_signing_key:
    state: idle
"""

RETURN = r"""
stage:
  description:
    - The stage that the rotation is in now, or would be in check mode, V(succeeding), V(returning) or V(idle).
  returned: success
  type: str
  sample: succeeding
key:
  description:
    - The name of the key that has to sign the tokens of all hosts in this stage.
  returned: success
  type: str
  sample: sitewright-next
made:
  description:
    - When the key was written, V(null) where there is none.
  returned: success
  type: str
  sample: "2026-11-27T22:00:00Z"
commands:
  description:
    - Always empty, as no command is run.
  returned: success
  type: list
  elements: str
  sample: []
"""

import os
import time
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.sitewright.grid.plugins.module_utils._condor_signing_key import (
    IDLE,
    RETURNING,
    SUCCEEDING,
    Ages,
    new_key,
    next_step,
    stage_of,
)
from ansible_collections.sitewright.grid.plugins.module_utils._plan import Plan
from ansible_collections.sitewright.grid.plugins.module_utils._private_file import write_private

# What the two files are after each step.
AFTER = {"make": SUCCEEDING, "replace": RETURNING, "remove": IDLE}


def written_at(path: str) -> float | None:
    """Return when a file was written, None where there is none."""
    try:
        return os.stat(path).st_mtime_ns / 1e9
    except FileNotFoundError:
        return None


def show_time(moment: float | None) -> str | None:
    """Return a moment in words that everybody reads alike."""
    return None if moment is None else time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))


def take(step: str, key: str, successor: str) -> None:
    """Take one step."""
    if step == "remove":
        os.unlink(successor)
        return
    path = successor if step == "make" else key
    # Bytes that are no text survive the way through it.
    write_private(path, new_key().decode("utf-8", errors="surrogateescape"))


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "directory": {"type": "path", "default": "/etc/condor/passwords.d"},
            "key": {"type": "str", "default": "POOL", "no_log": False},
            "successor": {"type": "str", "default": "sitewright-next"},
            "state": {"type": "str", "choices": [SUCCEEDING, RETURNING, IDLE], "required": True},
            "older_than": {"type": "int", "default": 86400},
        },
        supports_check_mode=True,
    )
    params: dict[str, t.Any] = module.params
    key, successor = (os.path.join(params["directory"], params[name]) for name in ("key", "successor"))
    ages = Ages(written_at(key), written_at(successor))
    if ages.key is None and not module.check_mode:
        module.fail_json(
            msg=f"{key} does not exist: this host signs no tokens. Run HTCondor there with site.yml first."
        )
    step = next_step(ages, params["state"], time.time(), params["older_than"])
    stage = AFTER[step] if step else stage_of(ages)
    plan = Plan()
    if step:
        plan.before["stage"], plan.after["stage"] = stage_of(ages), stage
        if not module.check_mode:
            take(step, key, successor)
    module.exit_json(
        **plan.result(),
        stage=stage,
        key=params["successor"] if stage == SUCCEEDING else params["key"],
        made=show_time(ages.key),
    )


if __name__ == "__main__":
    main()
