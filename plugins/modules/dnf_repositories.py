#!/usr/bin/python
# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dnf_repositories
short_description: Keep repositories of dnf in files of their own, and their keys by fingerprint
version_added: 0.1.0
author:
  - The sitewright.grid contributors (@sitewright)
description:
  - Writes whole files of repositories, which dnf reads before all others, so that of several definitions of one
    repository these win.
  - A file of others, for example of a package, with a repository of the same id is moved away as a whole and can be
    moved back; its lines are never edited. One that a package update has brought back is moved again, and told of.
  - A key is fetched once, and kept only if it has the given fingerprint, so that dnf takes no other.
extends_documentation_fragment:
  - sitewright.grid.attributes
  - sitewright.grid.attributes.full
requirements:
  - gpg, where there are O(keys).
options:
  files:
    description:
      - The files. Those of ours that are not named here are removed.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: The name of the file; it has to start with C(00-sitewright-) and to end with C(.repo).
        type: str
        required: true
      repositories:
        description: The repositories in it.
        type: list
        elements: dict
        required: true
        suboptions:
          id:
            description: The id of the repository.
            type: str
            required: true
          name:
            description: What it is called for people.
            type: str
          baseurl:
            description: Its URL.
            type: str
          mirrorlist:
            description: The URL of a list of its mirrors.
            type: str
          metalink:
            description: The URL of its metalink.
            type: str
          enabled:
            description: Whether it is used.
            type: bool
            default: true
          priority:
            description: Its priority, V(1) is the best; V(99) is what dnf takes without one.
            type: int
          gpgcheck:
            description: Whether packages have to be signed.
            type: bool
            default: true
          gpgkey:
            description: The URL of the key, for example of a file of O(keys).
            type: str
          exclude:
            description: Packages, or patterns of them, that it is not to give.
            type: list
            elements: str
            default: []
          include:
            description: The only packages, or patterns of them, that it is to give.
            type: list
            elements: str
            default: []
          skip_if_unavailable:
            description: Whether dnf goes on without it when it does not answer. Without it, as C(dnf.conf) has it.
            type: bool
          module_hotfixes:
            description: Whether modules do not hide its packages.
            type: bool
  keys:
    description:
      - The keys. Other files in their directories are removed.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: Where the key is kept, below C(/etc/pki/rpm-gpg/sitewright).
        type: path
        required: true
      url:
        description: Where it is fetched from, if the file is not there.
        type: str
        required: true
      fingerprints:
        description: The fingerprints of the keys that may be in it, without blanks.
        type: list
        elements: str
        required: true
  enable:
    description:
      - The host's own repositories that have to be enabled, each as the list of its names on different systems. One
        that is not is copied, with C(sitewright-) before its id, as that can be done without editing its file.
    type: list
    elements: list
    default: []
  enable_baseurl:
    description:
      - From where the copies come, in place of their own mirrors.
    type: str
  state:
    description:
      - V(absent) removes our files and keys, and moves those of others back.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: sitewright.grid.package_origin_info
  - module: ansible.builtin.yum_repository
"""

EXAMPLES = r"""
- name: Have OSG's repository
  sitewright.grid.dnf_repositories:
    files:
      - name: 00-sitewright-osg.repo
        repositories:
          - id: osg
            name: OSG 25
            mirrorlist: https://repo.osg-htc.org/mirror/osg/25-main/el9/release/$basearch
            priority: 98
            gpgkey: file:///etc/pki/rpm-gpg/sitewright/OSG-25-developer
    keys:
      - path: /etc/pki/rpm-gpg/sitewright/OSG-25-developer
        url: https://repo.osg-htc.org/osg/RPM-GPG-KEY-OSG-25-developer
        fingerprints: [962A9BCDD330245F2703C88B74E5BE22D4E9B1FC]
    enable:
      - [crb, powertools]
"""

RETURN = r"""
moved:
  description: The files of others that were moved away.
  returned: success
  type: list
  elements: str
  sample: [osg.repo]
returned:
  description: Those of them that had been moved away before, and that a package has brought back.
  returned: success
  type: list
  elements: str
  sample: []
left_by_updates:
  description: What package updates have left beside edited files; dnf does not read it.
  returned: success
  type: list
  elements: str
  sample: [epel.repo.rpmnew]
lacking:
  description: The repositories of O(enable) that the host has not.
  returned: success
  type: list
  elements: str
  sample: []
commands:
  description: Always empty.
  returned: success
  type: list
  elements: str
  sample: []
"""

import os
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.text.converters import to_text
from ansible.module_utils.urls import fetch_url
from ansible_collections.sitewright.grid.plugins.module_utils._cli import Cli
from ansible_collections.sitewright.grid.plugins.module_utils._dnf_files import (
    DIRECTORY,
    fingerprints_of,
    read_files,
    read_foreign,
    why_untrusted,
)
from ansible_collections.sitewright.grid.plugins.module_utils._dnf_repositories import (
    MOVED,
    PREFIX,
    plan_enabled,
    plan_foreign,
    render_file,
)
from ansible_collections.sitewright.grid.plugins.module_utils._plan import Plan
from ansible_collections.sitewright.grid.plugins.module_utils._private_file import read_text
from ansible_collections.sitewright.grid.plugins.module_utils._text_file import TextFile, write_files

KEYS = "/etc/pki/rpm-gpg/sitewright"
OWNER = "root"
TIMEOUT = 30


def fetch(cli: Cli, url: str) -> str:
    """Return what is at a URL; a failure ends the module."""
    if url.startswith("file://"):
        text = read_text(url[len("file://") :])
        if text is None:
            cli.fail(f"The key {url} is not there.")
        return text
    response, info = fetch_url(cli.module, url, timeout=TIMEOUT)
    if response is None or info["status"] != 200:
        cli.fail(f"The key {url} cannot be fetched: {info['msg']} Nothing was changed.")
    return str(to_text(response.read(), errors="surrogate_or_strict"))


def have_keys(cli: Cli, keys: t.Sequence[t.Mapping[str, t.Any]]) -> list[TextFile]:
    """Return the files of the keys: as they are where they can be trusted, else fetched, and trusted then."""
    files = []
    for key in keys:
        text = read_text(key["path"])
        if text is None or why_untrusted(fingerprints_of(cli, text), key["fingerprints"]):
            text = fetch(cli, key["url"])
            fault = why_untrusted(fingerprints_of(cli, text), key["fingerprints"])
            if fault:
                cli.fail(f"The key {key['url']} {fault}: it is not to be trusted. Nothing was changed.")
        files.append(TextFile(key["path"], text, OWNER))
    return files


def present(cli: Cli) -> dict[str, t.Any]:
    """Have the files and keys, and nothing that disagrees with them."""
    params = cli.module.params
    foreign = read_foreign(cli, DIRECTORY)
    changes = {"baseurl": params["enable_baseurl"]} if params["enable_baseurl"] else {}
    copies, lacking = plan_enabled(foreign, params["enable"], changes)
    wanted = {file["name"]: file["repositories"] for file in params["files"]}
    if copies:
        wanted[f"{PREFIX}enabled.repo"] = copies
    ours = {repository["id"] for repositories in wanted.values() for repository in repositories}
    decided = plan_foreign(foreign, ours)
    files = have_keys(cli, params["keys"])
    files += [TextFile(os.path.join(DIRECTORY, name), render_file(wanted[name]), OWNER) for name in sorted(wanted)]
    here = read_files(DIRECTORY)
    kept = {file.path for file in files}
    obsolete = [
        os.path.join(directory, name)
        for directory, names in (
            (DIRECTORY, [name for name in here if name.startswith(PREFIX)]),
            (KEYS, read_files(KEYS)),
        )
        for name in names
        if os.path.join(directory, name) not in kept
    ]
    return {
        **apply(cli, files, obsolete, {name: name + MOVED for name in decided.moved}),
        "moved": decided.moved,
        "returned": [name for name in decided.moved if name + MOVED in here],
        "left_by_updates": [name for name in here if name.endswith((".repo.rpmnew", ".repo.rpmsave"))],
        "lacking": lacking,
        "warnings": decided.warnings,
    }


def absent(cli: Cli) -> dict[str, t.Any]:
    """Remove our files and keys, and move those of others back."""
    here = read_files(DIRECTORY)
    obsolete = [os.path.join(DIRECTORY, name) for name in here if name.startswith(PREFIX)]
    obsolete += [os.path.join(KEYS, name) for name in read_files(KEYS)]
    back = [name for name in here if name.endswith(MOVED)]
    # Where a package has brought its file back, that one is the newer.
    obsolete += [os.path.join(DIRECTORY, name) for name in back if name[: -len(MOVED)] in here]
    moves = {name: name[: -len(MOVED)] for name in back if name[: -len(MOVED)] not in here}
    return {
        **apply(cli, [], obsolete, moves),
        "moved": sorted(moves.values()),
        "returned": [],
        "left_by_updates": [],
        "lacking": [],
    }


def apply(cli: Cli, files: list[TextFile], obsolete: list[str], moves: dict[str, str]) -> dict[str, t.Any]:
    """Write, remove and rename; return the result of the plan."""
    plan = Plan()
    for file in files:
        file.note(plan)
    for path in obsolete:
        plan.before[path], plan.after[path] = {"content": read_text(path)}, None
    for old, new in moves.items():
        plan.before[old], plan.after[old] = "here", f"moved to {new}"
    if not cli.module.check_mode:
        write_files(cli, files)
        try:
            for path in obsolete:
                os.unlink(path)
            for old, new in moves.items():
                os.replace(os.path.join(DIRECTORY, old), os.path.join(DIRECTORY, new))
        except OSError as error:
            cli.fail(f"{error.filename} cannot be removed or renamed: {error.strerror}.")
    return plan.result()


def main() -> None:
    repository = {
        "id": {"type": "str", "required": True},
        "name": {"type": "str"},
        "baseurl": {"type": "str"},
        "mirrorlist": {"type": "str"},
        "metalink": {"type": "str"},
        "enabled": {"type": "bool", "default": True},
        "priority": {"type": "int"},
        "gpgcheck": {"type": "bool", "default": True},
        "gpgkey": {"type": "str", "no_log": False},
        "exclude": {"type": "list", "elements": "str", "default": []},
        "include": {"type": "list", "elements": "str", "default": []},
        "skip_if_unavailable": {"type": "bool"},
        "module_hotfixes": {"type": "bool"},
    }
    key = {
        "path": {"type": "path", "required": True},
        "url": {"type": "str", "required": True},
        "fingerprints": {"type": "list", "elements": "str", "required": True},
    }
    module = AnsibleModule(
        argument_spec={
            "files": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "name": {"type": "str", "required": True},
                    "repositories": {"type": "list", "elements": "dict", "required": True, "options": repository},
                },
            },
            "keys": {"type": "list", "elements": "dict", "default": [], "options": key, "no_log": False},
            "enable": {"type": "list", "elements": "list", "default": []},
            "enable_baseurl": {"type": "str"},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        supports_check_mode=True,
    )
    cli = Cli(module)
    for file in module.params["files"]:
        if not (file["name"].startswith(PREFIX) and file["name"].endswith(".repo")):
            cli.fail(f"The file {file['name']} has to be named {PREFIX}NAME.repo, so that dnf reads it first.")
    result = present(cli) if module.params["state"] == "present" else absent(cli)
    for warning in result.pop("warnings", []):
        module.warn(warning)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
