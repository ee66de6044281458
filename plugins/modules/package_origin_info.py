#!/usr/bin/python
# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: package_origin_info
short_description: Tell from which repository the host's resolver would take packages, and why
version_added: 0.1.0
author:
  - The sitewright.grid contributors (@sitewright)
description:
  - Asks dnf, or apt on Debian, where each of the named packages would come from now, which candidates lose, and why.
    The answer is the resolver's own, for all names at once.
  - It can also ask as if repositories were configured that are not yet, and whether packages could be installed; this
    needs dnf.
extends_documentation_fragment:
  - sitewright.grid.attributes
  - sitewright.grid.attributes.info
requirements:
  - dnf 4 with its Python bindings, as on EL 8 to 10, or apt.
options:
  names:
    description:
      - The packages. With dnf these may also be what packages provide, for example the path of a command.
    type: list
    elements: str
    default: []
  expected:
    description:
      - From which repository packages have to come, as package to repository. What comes from elsewhere is in
        RV(unexpected). A package that is installed from elsewhere already is in there, too.
      - For apt, the repository is any part of what RV(origins) has for it, for example V(trixie/main).
    type: dict
    default: {}
  files:
    description:
      - Files of repositories, as if they were on the host; repositories of the same ids are passed over. Their form is
        that of O(sitewright.grid.dnf_repositories#module:files).
    type: list
    elements: dict
  enable:
    description:
      - The host's own repositories that are asked as if they were enabled, as for
        O(sitewright.grid.dnf_repositories#module:enable).
    type: list
    elements: list
    default: []
  enable_baseurl:
    description:
      - From where those would come.
    type: str
  enablerepo:
    description:
      - Repositories that are not enabled, but are for this question.
    type: list
    elements: str
    default: []
  install:
    description:
      - Packages of which is asked whether they could be installed, all in one transaction.
    type: list
    elements: str
    default: []
  guard:
    description:
      - Repositories of which is asked which of their packages come from better ranked ones. With it, excludes are
        looked at, too.
    type: list
    elements: str
seealso:
  - module: sitewright.grid.dnf_repositories
  - name: dnf.conf(5)
    description: What priority, excludepkgs and includepkgs mean.
    link: https://dnf.readthedocs.io/en/latest/conf_ref.html
"""

EXAMPLES = r"""
- name: See where HTCondor and XRootD would come from
  sitewright.grid.package_origin_info:
    names: [condor, xrootd-client, /usr/bin/xrdcp]
    expected:
      condor: osg
  register: origins

- name: Ask whether the client could be installed, with an exclude less
  sitewright.grid.package_origin_info:
    files:
      - name: 00-sitewright-epel.repo
        repositories:
          - id: epel
            baseurl: https://mirror.example.org/epel/9/Everything/$basearch
            priority: 99
    install: [osg-wn-client]
    guard: [osg]
"""

RETURN = r"""
origins:
  description:
    - Where each of the names would come from. For one that is installed, that is where an update would.
  returned: success
  type: dict
  contains:
    repository:
      description: The repository, V(null) where there is none.
      type: str
    package:
      description: The package, which may have another name where something that it provides was asked for.
      type: str
    version:
      description: Its version and release, with its epoch if it has one.
      type: str
    installed:
      description: The installed ones, each with C(version) and C(repository), which is V(null) where nobody knows.
      type: list
      elements: dict
    candidates:
      description:
        - All that there are, each with C(package), C(version), C(architecture), C(repository), C(priority) and C(lost).
        - C(lost) is V(null) for the one that is taken, else C(excluded), C(not included), C(modular), C(priority),
          C(version), C(same version), C(architecture) or C(dependencies).
      type: list
      elements: dict
    problem:
      description: The resolver's words where it cannot be installed.
      type: str
  sample:
    condor:
      repository: osg
      package: condor
      version: 25.0.3-1.osg25.el9
      installed: []
      candidates:
        - package: condor
          version: 25.0.3-1.osg25.el9
          architecture: x86_64
          repository: osg
          priority: 98
          lost: null
        - package: condor
          version: 26.1.0-1.el9
          architecture: x86_64
          repository: epel
          priority: 99
          lost: priority
      problem: null
unexpected:
  description:
    - What does not come from where it is expected, each with C(package), C(expected), and C(found), which is V(null)
      where it comes from nowhere, and C(installed) where it is the installed one that is from elsewhere.
  returned: success
  type: list
  elements: dict
  sample:
    - {package: condor, expected: osg, found: htcondor, installed: false}
repositories:
  description:
    - The repositories that were asked, each with its C(priority), its C(file), whether it is C(required), and the
      C(error) where it does not answer. Empty with apt.
  returned: success
  type: dict
  sample:
    osg: {priority: 98, file: /etc/yum.repos.d/00-sitewright-osg.repo, required: true, error: null}
down:
  description:
    - Those of them that are required and do not answer.
  returned: success
  type: list
  elements: str
  sample: []
transaction:
  description:
    - Whether O(install) is C(possible), the resolver's C(problems), and what it would C(install) and C(remove).
    - V(null) where nothing was asked.
  returned: success
  type: dict
  sample:
    possible: false
    problems: ["package osg-wn-client requires voms-clients-cpp, but none of the providers can be installed"]
    install: []
    remove: []
hidden:
  description:
    - Packages without which it is not possible, that an exclude hides, each with its C(repository), the packages that
      it is C(needed_by), and whether it is C(wanted) by its name.
  returned: success
  type: list
  elements: dict
  sample:
    - {package: voms-clients-cpp, repository: epel, needed_by: [osg-wn-client], wanted: false}
excludes:
  description:
    - Each C(pattern) of an exclude by its C(repository) (C(main) is that of C(dnf.conf)), the packages that it
      C(hides), and those that it C(leaves) though they are built from the same sources. With O(guard) only.
  returned: success
  type: list
  elements: dict
  sample:
    - {repository: epel, pattern: condor, hides: [condor], leaves: [condor-kbdd]}
outranked:
  description:
    - Of each guarded repository, the better ranked ones that have packages of the same names. With O(guard) only.
  returned: success
  type: dict
  sample: {osg: {htcondor: [condor]}}
messages:
  description: What dnf says of options that it does not know.
  returned: success
  type: list
  elements: str
  sample: []
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.sitewright.grid.plugins.module_utils._cli import Cli
from ansible_collections.sitewright.grid.plugins.module_utils._dnf_files import read_foreign
from ansible_collections.sitewright.grid.plugins.module_utils._dnf_repositories import plan_enabled
from ansible_collections.sitewright.grid.plugins.module_utils._dnf_resolver import ask_apt, ask_dnf
from ansible_collections.sitewright.grid.plugins.module_utils._package_origin import find_unexpected

NOTHING: dict[str, t.Any] = {
    "repositories": {},
    "down": [],
    "transaction": None,
    "hidden": [],
    "excludes": [],
    "outranked": {},
    "messages": [],
}


def ask(cli: Cli) -> dict[str, t.Any]:
    """Return the answer of dnf, or of apt where there is no dnf."""
    params = cli.module.params
    names = list(dict.fromkeys([*params["names"], *params["expected"]]))
    if cli.has("dnf"):
        files = params["files"] or []
        changes = {"baseurl": params["enable_baseurl"]} if params["enable_baseurl"] else {}
        foreign = read_foreign(cli) if params["enable"] else {}
        copies, _lacking = plan_enabled(foreign, params["enable"], changes)
        request = {key: params[key] for key in ("enablerepo", "install", "guard")}
        return ask_dnf(
            cli, {**request, "names": names}, [*(file["repositories"] for file in files), *([copies] if copies else [])]
        )
    if cli.has("apt-cache"):
        for option in ("files", "enable", "enablerepo", "install", "guard"):
            if params[option]:
                cli.fail(f"{option} needs dnf, and this host has apt: leave it out.")
        return {**NOTHING, "origins": ask_apt(cli, names)}
    cli.fail("neither dnf nor apt-cache is on this host, so nobody knows where packages would come from.")


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "names": {"type": "list", "elements": "str", "default": []},
            "expected": {"type": "dict", "default": {}},
            "files": {"type": "list", "elements": "dict"},
            "enable": {"type": "list", "elements": "list", "default": []},
            "enable_baseurl": {"type": "str"},
            "enablerepo": {"type": "list", "elements": "str", "default": []},
            "install": {"type": "list", "elements": "str", "default": []},
            "guard": {"type": "list", "elements": "str"},
        },
        supports_check_mode=True,
    )
    answer = ask(Cli(module))
    unexpected = find_unexpected(answer["origins"], module.params["expected"])
    module.exit_json(changed=False, unexpected=unexpected, **answer)


if __name__ == "__main__":
    main()
