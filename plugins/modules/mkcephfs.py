#!/usr/bin/python
# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mkcephfs
version_added: 0.1.0
short_description: Prepare the daemons of a Ceph cluster from ceph.conf, phase by phase
description:
  - Does what the historical C(mkcephfs) did, one phase at a time, each on its own host and never over ssh.
  - On today's Ceph it runs C(monmaptool), C(ceph-authtool), C(ceph-mon --mkfs) and C(ceph-osd --mkfs). Where
    O(executable) names a real C(mkcephfs) of an old Ceph, its options for the phases are used instead.
  - A phase that is done is left alone, without starting a process (C(monmaptool) apart, which reads a monmap). One that
    was cut short, at whatever moment, is finished by running it again.
  - A data directory that is not empty and belongs to something else, or to a cluster with another fsid, is refused. A
    monitor's store does not show its fsid, so the module leaves it in C(ceph_fsid) beside the store, as OSDs do; where
    that file is missing, the running monitor is asked.
  - No key is on a command line, in the result or in the diff.
  - All monitors of a new cluster need the same C(keyring.mon) in O(dir); make it on the first one, and bring its keys
    to the others with M(sitewright.grid.ceph_keyring). The monmap can be made on each of them.
requirements:
  - C(monmaptool) and C(ceph-authtool) (package C(ceph-common) or C(ceph-base)), C(ceph-mon) and C(ceph-osd) on the
    host, each where its phase runs.
extends_documentation_fragment:
  - sitewright.grid.attributes
  - sitewright.grid.attributes.full
options:
  phase:
    description:
      - V(prepare_monmap) makes C(monmap) in O(dir) from the fsid and the monitors of O(conf). These are the sections
        C([mon.X]) with C(public addr) or C(mon addr), else C(mon initial members) with the addresses of C(mon host).
        A monmap with another fsid is replaced only while none of its monitors was made on this host.
      - V(prepare_mon) makes C(keyring.mon) in O(dir) with the keys of C(mon.) and C(client.admin), and with every key
        that was brought there as C(key.osd.N) or C(key.mds.X). Keys that are there are kept.
      - V(init_daemon) makes the data directory of the daemon O(name). A monitor needs C(monmap) and C(keyring.mon), an
        OSD needs C(monmap). OSDs and metadata servers get a new key, which is also written to C(key.NAME) in O(dir).
      - Where cephx is switched off in O(conf), everything works without keys.
    type: str
    choices: [prepare_monmap, prepare_mon, init_daemon]
    required: true
  name:
    description:
      - The daemon, for example V(mon.store1), V(osd.0) or V(mds.store1). Required with O(phase=init_daemon).
    type: str
  join:
    description:
      - Whether the monitor O(name) joins a cluster that runs. Its monmap is then fetched from the cluster, with the key
        of C(mon.) in C(keyring.mon), instead of taken from O(dir).
    type: bool
    default: false
  conf:
    description:
      - Path of the cluster's C(ceph.conf).
      - In check mode it may still be to come; the defaults of Ceph are assumed then.
    type: path
    default: /etc/ceph/ceph.conf
  dir:
    description:
      - The staging directory, in which the phases leave what later ones need. It is made with mode 0700.
    type: path
    default: /var/lib/ceph/mkcephfs
  user:
    description:
      - The user that runs the daemons and owns their data. V(root) for releases before Infernalis.
    type: str
    default: ceph
  group:
    description:
      - The group of the daemons' data.
    type: str
    default: ceph
  timeout:
    description:
      - How many seconds one command may take, and how many seconds to wait for another run that is still at work in
        O(dir), such as that of a playbook that was killed.
    type: int
    default: 1800
  executable:
    description:
      - Path of a C(mkcephfs) of Ceph 0.25 to 0.67, whose options for the phases are used then.
      - It is started where its phase has not left its last product, which is C(conf) of V(prepare_monmap), all keys in
        C(keyring.mon) of V(prepare_mon), and C(key.NAME) of V(init_daemon). Its exit codes 1 and 255 are forgiven where
        that product is there.
      - For a monitor, the module writes C(done.NAME) to O(dir) when it has ended well; a data directory that is not
        empty is refused before that.
    type: path
seealso:
  - module: sitewright.grid.ceph_keyring
  - module: sitewright.grid.ceph_osd
author:
  - the sitewright.grid contributors (@sitewright)
"""

EXAMPLES = r"""
- name: Make the first monitor's map
  sitewright.grid.mkcephfs:
    phase: prepare_monmap

- name: Make the first keys of the cluster
  sitewright.grid.mkcephfs:
    phase: prepare_mon

- name: Make the monitor of this host
  sitewright.grid.mkcephfs:
    phase: init_daemon
    name: mon.store1

- name: Make a monitor that joins the cluster
  sitewright.grid.mkcephfs:
    phase: init_daemon
    name: mon.store4
    join: true

- name: Make an OSD of an old Ceph with its own mkcephfs
  sitewright.grid.mkcephfs:
    phase: init_daemon
    name: osd.0
    executable: /sbin/mkcephfs
"""

RETURN = r"""
phase:
  description: The phase.
  returned: success
  type: str
  sample: init_daemon
name:
  description: The daemon, null for the other phases.
  returned: success
  type: str
  sample: mon.store1
path:
  description: What the phase makes, the data directory of the daemon or a file in the staging directory.
  returned: success
  type: str
  sample: /var/lib/ceph/mon/ceph-store1
fsid:
  description: The fsid of the cluster in ceph.conf; null where that names none.
  returned: success
  type: str
  sample: 8c6a5c1e-5a6f-4a63-9f0c-3d6a1a0b7a11
commands:
  description: The commands that were run, or would be in check mode, as far as they are known.
  returned: success
  type: list
  elements: str
  sample:
    - ceph-mon --conf /etc/ceph/ceph.conf --setuser ceph --setgroup ceph --mkfs -i store1
      --mon-data /var/lib/ceph/mon/ceph-store1/.mkfs/store --monmap /var/lib/ceph/mon/ceph-store1/.mkfs/monmap
      --keyring /var/lib/ceph/mon/ceph-store1/.mkfs/keyring
"""

import re

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_conf import (
    Conf,
    ConfError,
    data_directory,
    parse_conf,
)
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_keyring import KeyringError
from ansible_collections.sitewright.grid.plugins.module_utils._cli import Cli
from ansible_collections.sitewright.grid.plugins.module_utils._mkcephfs import (
    Host,
    PhaseError,
    init_mds,
    init_osd,
    prepare_mon,
    prepare_monmap,
)
from ansible_collections.sitewright.grid.plugins.module_utils._mkcephfs_mon import init_mon
from ansible_collections.sitewright.grid.plugins.module_utils._mkcephfs_wrapped import run_phase
from ansible_collections.sitewright.grid.plugins.module_utils._plan import Plan
from ansible_collections.sitewright.grid.plugins.module_utils._private_file import read_text

PRODUCTS = {"prepare_monmap": "monmap", "prepare_mon": "keyring.mon"}
DAEMON_NAME = re.compile(r"mon\.[A-Za-z0-9_.-]+|mds\.[A-Za-z0-9_.-]+|osd\.\d+")


def read_conf(path: str, may_be_late: bool) -> Conf:
    """Return what ceph.conf says; nothing in check mode where it is still to come."""
    text = read_text(path)
    if text is None and not may_be_late:
        raise PhaseError(f"{path} does not exist: write the cluster's ceph.conf first")
    try:
        return parse_conf(text or "")
    except ConfError as error:
        raise PhaseError(f"{path}, {error}") from None


def run(host: Host, phase: str, name: str | None, join: bool, executable: str | None) -> Plan:
    """Run the phase, with an old mkcephfs where one is given; name is that of init_daemon."""
    if executable is not None:
        return run_phase(host, executable, phase, name)
    if name is None:
        return prepare_monmap(host) if phase == "prepare_monmap" else prepare_mon(host)
    if name.startswith("mon."):
        return init_mon(host, name, join)
    return init_osd(host, name) if name.startswith("osd.") else init_mds(host, name)


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "phase": {"type": "str", "choices": ["prepare_monmap", "prepare_mon", "init_daemon"], "required": True},
            "name": {"type": "str"},
            "join": {"type": "bool", "default": False},
            "conf": {"type": "path", "default": "/etc/ceph/ceph.conf"},
            "dir": {"type": "path", "default": "/var/lib/ceph/mkcephfs"},
            "user": {"type": "str", "default": "ceph"},
            "group": {"type": "str", "default": "ceph"},
            "timeout": {"type": "int", "default": 1800},
            "executable": {"type": "path"},
        },
        required_if=[("phase", "init_daemon", ["name"])],
        supports_check_mode=True,
    )
    cli = Cli(module)
    params = module.params
    phase = params["phase"]
    name = params["name"] if phase == "init_daemon" else None
    if name is not None and not DAEMON_NAME.fullmatch(name):
        cli.fail(f"'{name}' is no daemon that mkcephfs makes: write mon.ID, osd.NUMBER or mds.ID.")
    if params["join"] and not (name or "").startswith("mon."):
        cli.fail("join is for phase init_daemon and a monitor: leave it out.")
    try:
        host = Host(
            cli=cli,
            conf_path=params["conf"],
            conf=read_conf(params["conf"], may_be_late=module.check_mode),
            directory=params["dir"],
            user=params["user"],
            group=params["group"],
            timeout=params["timeout"],
            check_mode=module.check_mode,
        )
        with host.alone():
            plan = run(host, phase, name, params["join"], params["executable"])
        result = {
            **plan.result(),
            "phase": phase,
            "name": name,
            "path": data_directory(host.conf, name) if name else host.path(PRODUCTS[phase]),
            "fsid": host.fsid,
        }
    except (PhaseError, KeyringError) as error:
        cli.fail(f"{error}.")
    except ConfError as error:
        cli.fail(f"{params['conf']}: {error}.")
    except LookupError as error:
        cli.fail(f"The daemons' {error}: install the package of Ceph that makes it, or name another user and group.")
    except OSError as error:
        cli.fail(f"The phase {phase} cannot go on: {error.filename}: {error.strerror}.")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
