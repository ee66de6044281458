# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ansible_collections.sitewright.grid.plugins.module_utils._package_origin import describe_unexpected

DOCUMENTATION = r"""
name: origin_sentences
short_description: Tell which packages are not from where they should be
version_added: 0.1.0
author:
  - the sitewright.grid contributors (@sitewright)
description:
  - Turns what the module M(sitewright.grid.package_origin_info) has found of its expected origins into sentences.
options:
  _input:
    description:
      - The result of the module.
    type: dict
    required: true
seealso:
  - module: sitewright.grid.package_origin_info
"""

EXAMPLES = r"""
- name: Show what comes from elsewhere
  ansible.builtin.debug:
    msg: "{{ origins | sitewright.grid.origin_sentences }}"
"""

RETURN = r"""
_value:
  description:
    - The sentences.
  type: list
  elements: str
  sample:
    - "condor would come from htcondor, and is expected from osg; there it has lost by: priority."
"""


def origin_sentences(answer: t.Mapping[str, t.Any]) -> list[str]:
    """Return the sentences; see DOCUMENTATION."""
    return describe_unexpected(answer["unexpected"], answer["origins"])


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters by name."""
        return {"origin_sentences": origin_sentences}
