#!/usr/bin/python
# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ceph_host_info
short_description: Tell what a host holds of Ceph, without asking the cluster
version_added: 0.1.0
author:
  - the sitewright.grid contributors (@sitewright)
description:
  - Reads the host's own files and its package database only, so that it works where no cluster exists yet, and where
    the cluster does not answer.
extends_documentation_fragment:
  - sitewright.grid.attributes
  - sitewright.grid.attributes.info
options:
  root:
    description:
      - The directory below which everything is looked up. Another one than V(/) serves images and tests.
    type: path
    default: /
seealso:
  - plugin: sitewright.grid.ceph_cluster
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Look for Ceph on the host
  sitewright.grid.ceph_host_info:
  register: found

- name: Show which Ceph packages it has
  ansible.builtin.debug:
    var: found.packages
"""

RETURN = r"""
fsid:
  description:
    - The fsid in C(/etc/ceph/ceph.conf), V(null) where there is none.
  returned: success
  type: str
  sample: 8a0e8f0e-2e34-4b4b-8d54-0a1b0e4ed1c4
conf:
  description:
    - The SHA-1 checksum, owner, group and mode of C(/etc/ceph/ceph.conf), V(null) where there is none.
  returned: success
  type: dict
  sample: {checksum: 2c9f6d3be41cf3a5d7ef2b8f9ad6c1c4dbd1f9a7, owner: root, group: root, mode: "0644"}
mon_stores:
  description:
    - The ids of the monitors that have a finished store on the host.
  returned: success
  type: list
  elements: str
  sample: [store1]
daemons:
  description:
    - The names of the Ceph daemons that have a data directory on the host, except the monitors.
  returned: success
  type: list
  elements: str
  sample: [mgr.store1, osd.0]
staging:
  description:
    - Whether the monitors' keyring of a cluster that is still being formed is on the host.
  returned: success
  type: bool
  sample: false
joining:
  description:
    - Whether the monitors' keyring of a monitor that is still joining the cluster is on the host.
  returned: success
  type: bool
  sample: false
admin_keyring:
  description:
    - Whether the keyring of C(client.admin) is on the host.
  returned: success
  type: bool
  sample: true
packages:
  description:
    - The installed packages whose names start with C(ceph), and their versions.
  returned: success
  type: dict
  sample: {ceph-common: 18.2.7+ds-1, ceph-mon: 18.2.7+ds-1}
os:
  description:
    - The C(ID), the C(VERSION_ID) and the family (C(debian), C(rhel) or V(null)) of the system, as C(/etc/os-release)
      has them.
  returned: success
  type: dict
  sample: {id: debian, version: "13", family: debian}
kernel_client:
  description:
    - Whether the running kernel can mount CephFS by itself.
  returned: success
  type: bool
  sample: false
"""

import hashlib
import os
import typing as t
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_conf import parse_conf
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_host import (
    parse_os_release,
    parse_packages,
    provides_filesystem,
)
from ansible_collections.sitewright.grid.plugins.module_utils._cli import Cli
from ansible_collections.sitewright.grid.plugins.module_utils._text_file import file_state

PACKAGE_QUERIES = {
    "dpkg-query": ["--show", "--showformat", "${Package} ${Version} ${db:Status-Status}\\n", "ceph*"],
    "rpm": ["--query", "--all", "--queryformat", "%{NAME} %{VERSION}-%{RELEASE} installed\\n", "ceph*"],
}


def read(path: str) -> str:
    """Return the text of a file, nothing for a missing one."""
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8", errors="replace") as stream:
        return stream.read()


def describe(path: str) -> dict[str, str] | None:
    """Return the checksum, owner, group and mode of a file."""
    state = file_state(path)
    if state is None:
        return None
    with open(path, "rb") as stream:
        return {"checksum": hashlib.sha1(stream.read(), usedforsecurity=False).hexdigest(), **state}


def query_packages(cli: Cli, root: str) -> dict[str, str]:
    """Return the installed Ceph packages of the host, name to version."""
    for program, words in PACKAGE_QUERIES.items():
        if cli.has(program):
            # dpkg-query ends with 1 when no package matches.
            return parse_packages(cli.read([program, "--root", root, *words], ok=(0, 1)).stdout)
    return {}


def main() -> None:
    """Read and return."""
    module = AnsibleModule(argument_spec={"root": {"type": "path", "default": "/"}}, supports_check_mode=True)
    root = module.params["root"]

    def below(*parts: str) -> str:
        return os.path.join(root, *parts)

    mon_base = below("var/lib/ceph/mon")
    stores = [
        name[len("ceph-") :]
        for name in (sorted(os.listdir(mon_base)) if os.path.isdir(mon_base) else [])
        if name.startswith("ceph-") and os.path.exists(os.path.join(mon_base, name, "store.db"))
    ]
    daemons = [
        f"{kind}.{directory.name[len('ceph-') :]}"
        for kind in ("mgr", "osd", "mds")
        for directory in sorted(Path(below("var/lib/ceph", kind)).glob("ceph-*"))
    ]
    release = os.uname().release
    result: dict[str, t.Any] = {
        "fsid": parse_conf(read(below("etc/ceph/ceph.conf"))).get("global", {}).get("fsid"),
        "conf": describe(below("etc/ceph/ceph.conf")),
        "mon_stores": stores,
        "daemons": daemons,
        "staging": os.path.exists(below("var/lib/ceph/mkcephfs/keyring.mon")),
        "joining": os.path.exists(below("var/lib/ceph/mkcephfs-join/keyring.mon")),
        "admin_keyring": os.path.exists(below("etc/ceph/ceph.client.admin.keyring")),
        "packages": query_packages(Cli(module), root),
        "os": parse_os_release(read(below("etc/os-release"))),
        "kernel_client": provides_filesystem(
            "ceph",
            read("/proc/filesystems"),
            read(f"/lib/modules/{release}/modules.dep") + read(f"/lib/modules/{release}/modules.builtin"),
        ),
    }
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
