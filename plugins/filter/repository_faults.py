# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ansible_collections.sitewright.grid.plugins.module_utils._package_origin import judge_repositories

DOCUMENTATION = r"""
name: repository_faults
short_description: Tell what is wrong with excludes and priorities of repositories
version_added: 0.1.0
author:
  - the sitewright.grid contributors (@sitewright)
description:
  - Turns what the module M(sitewright.grid.package_origin_info) has found
    with O(sitewright.grid.package_origin_info#module:guard) into sentences, each with what to do.
positional: _input, ours, accepted
options:
  _input:
    description:
      - The result of the module.
    type: dict
    required: true
  ours:
    description:
      - The ids of the repositories that the site has configured; they may outrank a guarded one.
    type: list
    elements: str
    required: true
  accepted:
    description:
      - The ids of others that may, too.
    type: list
    elements: str
seealso:
  - module: sitewright.grid.package_origin_info
"""

EXAMPLES = r"""
- name: Refuse what bites
  ansible.builtin.assert:
    that: (origins | sitewright.grid.repository_faults(['osg', 'epel'])).refused == []
"""

RETURN = r"""
_value:
  description:
    - What is to be C(refused), and what is to be C(warned) of.
  type: dict
  sample:
    refused: []
    warned: ["The exclude globus* of epel matches nothing there: correct it, or take it out."]
"""


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters by name."""
        return {"repository_faults": judge_repositories}
