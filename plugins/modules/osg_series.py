#!/usr/bin/python
# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: osg_series
short_description: Bring what is installed of OSG to one series, in one transaction
version_added: 0.1.0
author:
  - The sitewright.grid contributors (@sitewright)
description:
  - Looks for installed packages of another series of OSG, which their release tells (C(osg24)). What the resolver has
    in their place now takes it, also if its version is lower, as for what a series leaves to EPEL.
  - The package C(osg-release) of another series is removed with them, as its files of repositories are not used.
  - Packages of the right series are left as they are, whatever updates there may be.
extends_documentation_fragment:
  - sitewright.grid.attributes
  - sitewright.grid.attributes.full
requirements:
  - dnf 4 with its Python bindings, as on EL 8 to 10.
options:
  series:
    description:
      - The series that is wanted, for example V(25).
    type: int
    required: true
  files:
    description:
      - Files of repositories that are going to be there, in the form of
        O(sitewright.grid.dnf_repositories#module:files). In check mode they are not, and the plan is made with these.
    type: list
    elements: dict
    default: []
  enable:
    description:
      - The host's own repositories that are going to be enabled, as for
        O(sitewright.grid.dnf_repositories#module:enable).
    type: list
    elements: list
    default: []
  enable_baseurl:
    description:
      - From where those come.
    type: str
seealso:
  - module: sitewright.grid.dnf_repositories
"""

EXAMPLES = r"""
- name: Leave OSG 24 behind
  sitewright.grid.osg_series:
    series: 25
"""

RETURN = r"""
transaction:
  description:
    - What the transaction installs and removes; V(null) where there is none. A package that takes another's place is in
      both.
  returned: success
  type: dict
  sample:
    possible: true
    problems: []
    install:
      - {package: osg-wn-client, version: 25-1.osg25.el9, repository: osg}
    remove:
      - {package: osg-wn-client, version: 24-1.osg24.el9, repository: osg}
commands:
  description: Always empty.
  returned: success
  type: list
  elements: str
  sample: []
"""

import re
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.sitewright.grid.plugins.module_utils._cli import Cli
from ansible_collections.sitewright.grid.plugins.module_utils._dnf_files import read_foreign
from ansible_collections.sitewright.grid.plugins.module_utils._dnf_repositories import plan_enabled
from ansible_collections.sitewright.grid.plugins.module_utils._dnf_resolver import ask_dnf
from ansible_collections.sitewright.grid.plugins.module_utils._plan import Plan


def packages(listed: list[dict[str, t.Any]]) -> dict[str, str]:
    """Return versions and repositories by package, for the diff."""
    return {one["package"]: f"{one['version']} ({one['repository']})" for one in listed}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "series": {"type": "int", "required": True},
            "files": {"type": "list", "elements": "dict", "default": []},
            "enable": {"type": "list", "elements": "list", "default": []},
            "enable_baseurl": {"type": "str"},
        },
        supports_check_mode=True,
    )
    cli = Cli(module)
    series = module.params["series"]
    other = rf"(^|\.)osg(?!{series}\b)\d+\b"
    listed = cli.read(["rpm", "--query", "--all", "--queryformat", "%{NAME} %{VERSION} %{RELEASE}\n"]).stdout
    if not any(re.search(other, line.split()[2]) for line in listed.splitlines()):
        module.exit_json(**Plan().result(), transaction=None)
    request = {"sync": other, "remove": ["osg-release"], "keep": rf"{series}\b", "comment": f"OSG {series}"}
    changes = {"baseurl": module.params["enable_baseurl"]} if module.params["enable_baseurl"] else {}
    copies, _lacking = plan_enabled(read_foreign(cli), module.params["enable"], changes)
    files = [*(file["repositories"] for file in module.params["files"]), *([copies] if copies else [])]
    answer = ask_dnf(cli, request, files)
    transaction = answer["transaction"]
    if answer["down"]:
        cli.fail(f"{', '.join(answer['down'])} does not answer, so nothing of another series is replaced.")
    if not transaction["possible"]:
        cli.fail(f"What is of another series cannot be replaced: {' '.join(transaction['problems'])}")
    plan = Plan(packages(transaction["remove"]), packages(transaction["install"]))
    if plan.changed and not module.check_mode:
        ask_dnf(cli, {**request, "apply": True}, files, changes=True)
    module.exit_json(**plan.result(), transaction=transaction)


if __name__ == "__main__":
    main()
