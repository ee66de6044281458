#!/usr/bin/python
# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: osg_environment
short_description: Give login shells the environment of a worker node of OSG
version_added: 0.1.0
author:
  - the sitewright.grid contributors (@sitewright)
description:
  - Writes C(setup.sh) below O(directory), which C(OSG_GRID) names, and a file in C(/etc/profile.d) with which every
    login shell reads it.
  - Jobs of HTCondor read no such file; M(sitewright.grid.osg_client_info) returns the knob that gives them the same.
extends_documentation_fragment:
  - sitewright.grid.attributes
  - sitewright.grid.attributes.full
options:
  environment:
    description:
      - The variables, in the order in which they are set. Required when present.
    type: dict
  directory:
    description:
      - Where C(setup.sh) is.
    type: path
    default: /etc/osg/wn-client
  csh:
    description:
      - Whether shells like C(csh) get it, too, which read C(/etc/profile.d) on EL only.
    type: bool
    default: false
  state:
    description:
      - Whether the files have to be there.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: sitewright.grid.osg_client_info
"""

EXAMPLES = r"""
- name: Tell login shells where the CA certificates are
  sitewright.grid.osg_environment:
    environment:
      OSG_GRID: /etc/osg/wn-client
      X509_CERT_DIR: /etc/grid-security/certificates
"""

RETURN = r"""
commands:
  description:
    - Always empty, as no command is needed.
  returned: success
  type: list
  elements: str
  sample: []
"""

import contextlib
import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.sitewright.grid.plugins.module_utils._cli import Cli
from ansible_collections.sitewright.grid.plugins.module_utils._osg_environment import (
    DIRECTORY,
    all_files,
    check_environment,
    environment_files,
)
from ansible_collections.sitewright.grid.plugins.module_utils._plan import Plan
from ansible_collections.sitewright.grid.plugins.module_utils._private_file import read_text
from ansible_collections.sitewright.grid.plugins.module_utils._text_file import TextFile, file_state, write_files

PROFILE = "/etc/profile.d"


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "environment": {"type": "dict"},
            "directory": {"type": "path", "default": DIRECTORY},
            "csh": {"type": "bool", "default": False},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        required_if=[("state", "present", ["environment"])],
        supports_check_mode=True,
    )
    cli = Cli(module)
    present, directory = module.params["state"] == "present", module.params["directory"]
    environment = {name: str(value) for name, value in (module.params["environment"] or {}).items()}
    if fault := check_environment(environment):
        cli.fail(f"environment: {fault}.")
    texts = environment_files(environment, directory, PROFILE, module.params["csh"]) if present else {}
    wanted = [TextFile(path, text) for path, text in texts.items()]
    unwanted = [path for path in all_files(directory, PROFILE) if path not in texts and file_state(path)]
    plan = Plan()
    for file in wanted:
        file.note(plan)
    for path in unwanted:
        plan.before[path] = {"content": read_text(path)}
        plan.after[path] = None
    if not module.check_mode:
        write_files(cli, wanted)
        for path in unwanted:
            os.unlink(path)
        if not present:
            # What others have put there keeps it.
            with contextlib.suppress(OSError):
                os.rmdir(directory)
    module.exit_json(**plan.result())


if __name__ == "__main__":
    main()
