#!/usr/bin/python
# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: osg_app_mount
short_description: Let a worker only read a directory of the site's file system
version_added: 0.1.0
author:
  - the sitewright.grid contributors (@sitewright)
description:
  - Mounts a directory over itself so that nobody on the host can write there, root neither, by a unit of systemd. Other
    hosts that have the file system still can.
  - The unit follows the mount of the file system, of either M(sitewright.grid.ceph_fuse) or the kernel's client.
  - A unit that the module has made for another directory goes.
extends_documentation_fragment:
  - sitewright.grid.attributes
  - sitewright.grid.attributes.full
options:
  path:
    description:
      - The directory, which has to be there. Required when present.
    type: path
  state:
    description:
      - Whether there has to be such a directory.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: sitewright.grid.ceph_directories
"""

EXAMPLES = r"""
- name: Let jobs read OSG_APP only
  sitewright.grid.osg_app_mount:
    path: /cephfs/osg/app
"""

RETURN = r"""
commands:
  description:
    - The commands that were run, or would be in check mode, quoted for pasting.
  returned: success
  type: list
  elements: str
  sample: [systemctl daemon-reload, systemctl enable --now -- cephfs-osg-app.mount]
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.sitewright.grid.plugins.module_utils._cli import Cli, Completed
from ansible_collections.sitewright.grid.plugins.module_utils._osg_app_mount import (
    MARK,
    plan_mount,
    render_unit,
    unit_name,
)
from ansible_collections.sitewright.grid.plugins.module_utils._plan import Plan
from ansible_collections.sitewright.grid.plugins.module_utils._private_file import read_text
from ansible_collections.sitewright.grid.plugins.module_utils._systemd import Systemd
from ansible_collections.sitewright.grid.plugins.module_utils._text_file import TextFile, write_files

UNITS = "/etc/systemd/system"


def find_own_units() -> list[str]:
    """Return the units that this module has made."""
    names = os.listdir(UNITS) if os.path.isdir(UNITS) else []
    mounts = (name for name in names if name.endswith(".mount") and os.path.isfile(f"{UNITS}/{name}"))
    return sorted(name for name in mounts if (read_text(f"{UNITS}/{name}") or "").startswith(MARK))


def apply(
    cli: Cli, before: list[list[str]], files: list[TextFile], unwanted: list[str], after: list[list[str]]
) -> None:
    """Stop what is not to be, write and remove the units' files, and start what is to be."""

    def explain(done: Completed) -> str:
        words = Systemd(cli).last_words(os.path.basename(files[0].path)) if files else ""
        return f"The directory cannot be made read-only: {done.stderr.strip()}\n{words}"

    for argv in before:
        cli.run(argv)
    write_files(cli, files)
    for name in unwanted:
        os.unlink(f"{UNITS}/{name}")
    for argv in after:
        cli.run(argv, explain=explain)


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        required_if=[("state", "present", ["path"])],
        supports_check_mode=True,
    )
    cli = Cli(module)
    path = module.params["path"] if module.params["state"] == "present" else None
    if path is not None and not os.path.isdir(path) and not module.check_mode:
        cli.fail(f"{path} is not there: mount the file system, and have the directory made in it, first.")
    wanted = unit_name(path) if path else None
    files = [TextFile(f"{UNITS}/{unit_name(path)}", render_unit(path))] if path else []
    unwanted = [name for name in find_own_units() if name != wanted]
    units = Systemd(cli).units([*unwanted, *([wanted] if wanted else [])])
    before, after = plan_mount(wanted, units, any(not file.is_current for file in files))
    plan = Plan(commands=[*before, *after])
    for file in files:
        file.note(plan)
    for name in unwanted:
        plan.before[f"{UNITS}/{name}"] = {"content": read_text(f"{UNITS}/{name}")}
        plan.after[f"{UNITS}/{name}"] = None
    if not module.check_mode:
        apply(cli, before, files, unwanted, after)
    module.exit_json(**plan.result())


if __name__ == "__main__":
    main()
