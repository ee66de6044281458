#!/usr/bin/python
# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: slurm_host_info
short_description: Tell what a host is to Slurm
version_added: 0.1.0
author:
  - The sitewright.grid contributors (@sitewright)
description:
  - Tells the processors and the memory that the host would register with as a node, as C(slurmd -C) finds them, and
    whether its kernel gives services the cgroups that hold jobs to their CPUs and memory.
  - It needs no C(slurm.conf). On a host without Slurm, which check mode may meet, it tells what the kernel says.
extends_documentation_fragment:
  - sitewright.grid.attributes
  - sitewright.grid.attributes.info
options: {}
seealso:
  - module: sitewright.grid.slurm_config
"""

EXAMPLES = r"""
- name: Look at the host
  sitewright.grid.slurm_host_info:
  register: slurm_host

- name: Refuse a Slurm that is too old
  ansible.builtin.assert:
    that: slurm_host.version is version('23.11', '>=')
"""

RETURN = r"""
version:
  description:
    - The version of Slurm; V(null) on a host without it.
  returned: success
  type: str
  sample: 24.11.5
facts:
  description:
    - What the host is as a node, as M(sitewright.grid.slurm_config) takes it.
  returned: success
  type: dict
  contains:
    hostname:
      description: What the host calls itself, without a domain.
      type: str
      sample: worker1
    cpus:
      description: How many processors it has.
      type: int
      sample: 64
    sockets:
      description: How many sockets, where C(slurmd) tells.
      type: int
      sample: 2
    cores:
      description: How many cores in a socket, where C(slurmd) tells.
      type: int
      sample: 16
    threads:
      description: How many threads in a core, where C(slurmd) tells.
      type: int
      sample: 2
    memory:
      description: How much memory it has, in MiB.
      type: int
      sample: 257000
    cgroups:
      description: Whether cgroup v2 has the controllers cpu, cpuset and memory.
      type: bool
      sample: true
"""

import os
import socket

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.sitewright.grid.plugins.module_utils._cli import Cli
from ansible_collections.sitewright.grid.plugins.module_utils._private_file import read_text
from ansible_collections.sitewright.grid.plugins.module_utils._slurm_host import (
    are_delegated,
    parse_memory,
    parse_slurmd,
    parse_version,
)

CONTROLLERS = "/sys/fs/cgroup/cgroup.controllers"
MEMINFO = "/proc/meminfo"


def main() -> None:
    module = AnsibleModule(argument_spec={}, supports_check_mode=True)
    cli = Cli(module)
    version, hardware = None, {}
    if cli.has("slurmd"):
        version = parse_version(cli.read(["slurmd", "-V"]).stdout)
        hardware = parse_slurmd(cli.read(["slurmd", "-C"]).stdout)
    elif cli.has("scontrol"):
        version = parse_version(cli.read(["scontrol", "--version"]).stdout)
    facts = {
        "hostname": socket.gethostname().partition(".")[0],
        "cpus": os.cpu_count() or 1,
        "memory": parse_memory(read_text(MEMINFO) or ""),
        "cgroups": are_delegated((read_text(CONTROLLERS) or "").split()),
        **hardware,
    }
    module.exit_json(changed=False, version=version, facts=facts)


if __name__ == "__main__":
    main()
