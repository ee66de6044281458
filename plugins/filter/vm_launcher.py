# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t
from pathlib import Path

from ansible_collections.sitewright.grid.plugins.module_utils._vm_assembly import assemble

DOCUMENTATION = r"""
name: vm_launcher
short_description: The text of a program that batch jobs boot virtual machines with
version_added: 0.1.0
author:
  - The sitewright.grid contributors (@sitewright)
description:
  - Returns one Python program that needs nothing of this collection. It is put together from the files that the
    collection's modules use, so that both see domain XML and images in the same way.
positional: _input, program
options:
  _input:
    description:
      - What the first lines of the program say of who manages the file.
    type: str
    required: true
  program:
    description:
      - V(grid-vm-run) is the launcher. V(grid-vm-xml) makes the domains of HTCondor's VM universe.
    type: str
    choices: [grid-vm-run, grid-vm-xml]
    default: grid-vm-run
seealso:
  - module: sitewright.grid.domain_xml
"""

EXAMPLES = r"""
- name: Install the launcher
  ansible.builtin.copy:
    content: "{{ 'Managed by Ansible' | sitewright.grid.vm_launcher }}"
    dest: /usr/local/bin/grid-vm-run
    mode: "0755"
"""

RETURN = r"""
_value:
  description:
    - The program.
  type: str
"""


# Each program's files, the last of which has its main(), and what it does.
PROGRAMS = {
    "grid-vm-run": (
        ("_domain_xml", "_vm_image", "_vm_job", "_vm_probe", "_vm_launcher"),
        "boots one virtual machine inside a batch job, and ends it with the job.",
    ),
    "grid-vm-xml": (
        ("_domain_xml", "_vm_image", "_vm_universe"),
        "prints the domain of a job of HTCondor's VM universe.",
    ),
}
DIRECTORY = Path(__file__).resolve().parents[1] / "module_utils"


def vm_launcher(managed: str, program: str = "grid-vm-run") -> str:
    """Return the text of a program; managed is for its heading."""
    names, purpose = PROGRAMS[program]
    sources = [(DIRECTORY / f"{name}.py").read_text(encoding="utf-8") for name in names]
    return assemble(sources, "raise SystemExit(main())", f'"""{program} {purpose}\n\n{managed}\n"""')


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return it by its name."""
        return {"vm_launcher": vm_launcher}
