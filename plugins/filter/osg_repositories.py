# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.sitewright.grid.plugins.module_utils._osg_repositories import plan_osg_repositories
from ansible_collections.sitewright.grid.plugins.module_utils._osg_series import UnknownSeriesError

DOCUMENTATION = r"""
name: osg_repositories
short_description: Write down the repositories of a worker of OSG
version_added: 0.1.0
author:
  - the sitewright.grid contributors (@sitewright)
description:
  - Returns the options of the module M(sitewright.grid.dnf_repositories) for the repositories of OSG and EPEL, with
    what the host's EL release and architecture make of them, and the packages of the client.
  - A series that OSG does not make for that release or architecture is an error, which tells what to set.
positional: _input, architecture
options:
  _input:
    description:
      - The major number of the EL release.
    type: int
    required: true
  architecture:
    description:
      - The architecture, for example V(x86_64).
    type: str
    required: true
  series:
    description:
      - The series of OSG. Without it, the newest that there is for the release.
    type: int
  priority:
    description:
      - The priority of OSG's repositories.
    type: int
    default: 98
  epel_priority:
    description:
      - The priority of EPEL.
    type: int
    default: 99
  exclude:
    description:
      - What OSG's repositories are not to give.
    type: list
    elements: str
  epel_exclude:
    description:
      - What EPEL is not to give.
    type: list
    elements: str
  overrides:
    description:
      - What is different of single repositories, by their ids.
    type: dict
  extra:
    description:
      - Further repositories, by their ids.
    type: dict
  mirror:
    description:
      - The URL of a mirror below which all of them are.
    type: str
seealso:
  - module: sitewright.grid.dnf_repositories
"""

EXAMPLES = r"""
- name: Show what an EL 9 host would get
  ansible.builtin.debug:
    msg: "{{ 9 | sitewright.grid.osg_repositories('x86_64', series=25) }}"
"""

RETURN = r"""
_value:
  description:
    - The C(series) and the C(release), C(files), C(keys), C(enable) and C(enable_baseurl) for the module, and the
      C(packages) of the client.
  type: dict
  sample:
    series: 25
    release: 9
    files: []
    keys: []
    enable: [[crb]]
    enable_baseurl: null
    packages: [osg-wn-client, gfal2-plugin-xrootd]
"""


def osg_repositories(release: t.Any, architecture: str, **choices: t.Any) -> dict[str, t.Any]:
    """Return the plan of the repositories; see DOCUMENTATION."""
    try:
        return plan_osg_repositories(int(release), architecture, **choices)
    except UnknownSeriesError as error:
        raise AnsibleFilterError(str(error)) from error


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters by name."""
        return {"osg_repositories": osg_repositories}
