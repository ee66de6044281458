#!/usr/bin/python
# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ceph_directories
short_description: Make the directories of a CephFS in which users may write
version_added: 0.1.0
author:
  - the sitewright.grid contributors (@sitewright)
description:
  - Makes directories below the mount of a CephFS, all by one call, and gives them their owner, group and mode. What is
    in them is left alone, and so are directories that are not named.
  - It does nothing where the file system is not mounted, so that nothing is written to the host's own disk, and follows
    no symbolic link, so that a user's link leads it nowhere.
extends_documentation_fragment:
  - sitewright.grid.attributes
  - sitewright.grid.attributes.full
options:
  mount:
    description:
      - Where the file system is mounted.
    type: path
    required: true
  directories:
    description:
      - The directories that have to be there.
    type: list
    elements: dict
    required: true
    suboptions:
      path:
        description:
          - Path as seen from O(mount), for example V(/home/ann). Directories above it that are missing are made, for
            root and with the mode V(0755).
        type: str
        required: true
      owner:
        description:
          - Name or number of the owner.
        type: str
        default: root
      group:
        description:
          - Name or number of the group.
        type: str
        default: root
      mode:
        description:
          - The mode in octal digits, in quotes.
        type: str
        default: '0755'
seealso:
  - module: sitewright.grid.ceph_fuse
"""

EXAMPLES = r"""
- name: Make the directories of Ann and of the physicists
  sitewright.grid.ceph_directories:
    mount: /cephfs
    directories:
      - {path: /home/ann, owner: ann, group: ann, mode: "0700"}
      - {path: /physics, group: physics, mode: "2770"}
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

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_directories import (
    make_directory,
    parse_directory,
    plan_directories,
    read_state,
)
from ansible_collections.sitewright.grid.plugins.module_utils._cli import Cli


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "mount": {"type": "path", "required": True},
            "directories": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "path": {"type": "str", "required": True},
                    "owner": {"type": "str", "default": "root"},
                    "group": {"type": "str", "default": "root"},
                    "mode": {"type": "str", "default": "0755"},
                },
            },
        },
        supports_check_mode=True,
    )
    cli = Cli(module)
    mount = module.params["mount"]
    # The ones above come first.
    given = sorted(module.params["directories"], key=lambda item: item["path"])
    is_mounted = os.path.ismount(mount)
    if not is_mounted and not module.check_mode:
        cli.fail(f"{mount} is no mount: mount the file system first, for its directories would be on the host's disk.")
    try:
        wanted = [parse_directory(item) for item in given]
        have = {item.path: read_state(mount, item.path) if is_mounted else None for item in wanted}
        plan = plan_directories(wanted, have)
        if not module.check_mode:
            for directory in wanted:
                if directory.path in plan.after:
                    make_directory(mount, directory)
    except ValueError as error:
        cli.fail(f"{error}.")
    except OSError as error:
        cli.fail(
            f"A directory below {mount} cannot be made or read: {error.strerror} ({error.filename}). Symbolic links "
            "are not followed: name the directories that they lead to."
        )
    module.exit_json(**plan.result())


if __name__ == "__main__":
    main()
