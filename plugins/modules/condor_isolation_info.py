#!/usr/bin/python
# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: condor_isolation_info
short_description: Tell how an execution point of HTCondor can keep its jobs apart
version_added: 0.1.0
description:
  - Looks at the host and its version of HTCondor, and returns the knobs and the accounts that keep jobs apart as it is
    wished, or as well as the host can.
  - A wish that the host or its HTCondor cannot meet is refused, with the reason. Where the choice is left to the module
    (V(auto)), what cannot be had is a warning.
author:
  - The sitewright.grid contributors (@sitewright)
extends_documentation_fragment:
  - sitewright.grid.attributes
  - sitewright.grid.attributes.info
attributes:
  check_mode:
    details:
      - It changes nothing in any mode. On a host without HTCondor, it plans for O(version), or for the version that apt
        would install. In check mode it does without, and says so.
options:
  directories:
    description:
      - Directories of which each job has its own, in its scratch directory (C(MOUNT_UNDER_SCRATCH)). One that lies in
        another one of the list is private with it.
    type: list
    elements: str
    default: [/tmp, /var/tmp]
  per_job_namespaces:
    description:
      - Whether jobs have mounts of their own. O(directories), a private C(/dev/shm) and PID namespaces need it. Set it
        to V(false) only where C(autofs) does not work for jobs otherwise.
    type: bool
    default: true
  processes:
    description:
      - How the processes of jobs are kept apart. V(pid_namespaces) lets a job see and signal its own processes only,
        V(cgroups) tracks them in cgroups and can limit what they use, V(both) does both, and V(none) neither.
      - V(auto) takes V(both) where the host can do both, else V(pid_namespaces), unless limits of memory or swap are
        wished explicitly; these need cgroups.
    type: str
    choices: [auto, both, pid_namespaces, cgroups, none]
    default: auto
  memory:
    description:
      - What happens to a job that uses more memory than it was given. V(hard) puts it on hold, V(custom) does so at
        O(memory_limit), and V(none) lets it. V(auto) is V(hard) where the host can do it.
    type: str
    choices: [auto, hard, custom, none]
    default: auto
  memory_limit:
    description:
      - ClassAd expression for the limit in MiB, for example V(2 * Memory). Required where O(memory=custom).
    type: str
  swap:
    description:
      - Whether jobs may use swap. V(auto) is V(disabled) where the host can do it and memory is limited.
    type: str
    choices: [auto, allowed, disabled]
    default: auto
  disk:
    description:
      - Whether a job can use no more disk than it was given (V(limited)), each in a logical volume of its own. V(auto)
        limits it where O(volume_group) is given and there.
    type: str
    choices: [auto, limited, unlimited]
    default: auto
  volume_group:
    description:
      - Name of the volume group for the jobs' logical volumes. Where O(disk=limited) without it, HTCondor makes one in
        a file.
    type: str
  thin_pool:
    description:
      - Name of the thin pool in O(volume_group) for the jobs' logical volumes.
    type: str
  users:
    description:
      - Under whose account jobs run. V(slot_users) gives each slot an account of its own, so that not even two jobs of
        one user can read each other's files.
      - V(submitting_user) runs jobs as who submitted them, with the same account name on the access point, and all
        others in the accounts of the slots.
      - V(nobody) runs all in one account, which needs PID namespaces, and lets jobs read each other's files.
    type: str
    choices: [slot_users, submitting_user, nobody]
    default: slot_users
  slots:
    description:
      - How many jobs a partitionable slot can run at once, which is how many accounts it needs. Without it, as many as
        the host has CPUs for jobs.
    type: int
  account_prefix:
    description:
      - Begins the names of the slots' accounts, which end like the slot's name, for example V(slot) for C(slot1_3).
    type: str
    default: slot
  condor_knobs:
    description:
      - The operator's own knobs. They win over what is returned here; those that the plan depends on (C(EXECUTE),
        C(NUM_CPUS) and the types of slots) are taken into account.
    type: dict
    default: {}
  version:
    description:
      - The version of HTCondor that is going to be installed, for a host that has none yet.
    type: str
seealso:
  - module: sitewright.grid.condor_pool_info
"""

EXAMPLES = r"""
- name: Find out how jobs are kept apart
  sitewright.grid.condor_isolation_info:
    directories: [/tmp, /var/tmp, /srv/scratch]
    users: slot_users
  register: isolation
"""

RETURN = r"""
knobs:
  description:
    - The knobs of HTCondor's configuration.
  returned: success
  type: dict
  sample: {MOUNT_UNDER_SCRATCH: '"/tmp,/var/tmp"', USE_PID_NAMESPACES: "True", BASE_CGROUP: ""}
accounts:
  description:
    - The accounts that have to exist, in the order of the slots.
  returned: success
  type: list
  elements: str
  sample: [slot1_1, slot1_2]
accounts_missing:
  description:
    - Those of them that do not exist yet.
  returned: success
  type: list
  elements: str
  sample: [slot1_2]
mode:
  description:
    - What it amounts to, in words of the options. C(processes), C(memory), C(swap), C(disk) and C(users) are never
      V(auto), C(directories) are those that are mounted over, C(dev_shm) is whether each job has its own, and
      C(version) is the version of HTCondor that this is for.
  returned: success
  type: dict
  sample:
    version: 23.9.6
    directories: [/tmp, /var/tmp]
    dev_shm: true
    processes: pid_namespaces
    memory: none
    swap: allowed
    disk: unlimited
    users: slot_users
warnings_found:
  description:
    - What is not as good as it could be, and why. These are shown as warnings, too.
  returned: success
  type: list
  elements: str
  sample: ["memory: jobs may use more than they asked for: the host's cgroups have no controller for memory"]
"""

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.sitewright.grid.plugins.module_utils._cli import Cli
from ansible_collections.sitewright.grid.plugins.module_utils._condor_config import parse_version
from ansible_collections.sitewright.grid.plugins.module_utils._condor_host import (
    KNOBS,
    count_cpus,
    matching_knobs,
    parse_candidate,
    parse_knobs,
    parse_mounts,
)
from ansible_collections.sitewright.grid.plugins.module_utils._condor_isolation import (
    DIRECTORIES,
    Host,
    plan_isolation,
)
from ansible_collections.sitewright.grid.plugins.module_utils._condor_slots import check_name, read_accounts
from ansible_collections.sitewright.grid.plugins.module_utils._private_file import read_text

EXECUTE = "/var/lib/condor/execute"  # where the packages have it
MOUNTINFO = "/proc/self/mountinfo"
CONTROLLERS = "/sys/fs/cgroup/cgroup.controllers"


def read_config(cli: Cli, given: dict[str, str]) -> dict[str, str]:
    """Return the knobs that matter, evaluated by HTCondor with the given ones in place of those that it has from us."""
    overrides = [f"_CONDOR_{name}={value}" for name, value in sorted(given.items())]
    argv = ["condor_config_val", "-dump", "-verbose", KNOBS]
    return parse_knobs(cli.read(["env", *overrides, *argv] if overrides else argv).stdout)


def read_version(cli: Cli, config: dict[str, str], expected: str | None) -> str | None:
    """Return the version that the host has, or that it is going to have."""
    version = config.get("CONDOR_VERSION") or expected
    if version is None and cli.has("apt-cache"):
        version = parse_candidate(cli.read(["apt-cache", "policy", "condor"]).stdout)
    return version


def read_volume_groups(cli: Cli) -> list[str]:
    return cli.read(["vgs", "--noheadings", "--options", "vg_name"]).stdout.split()


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "directories": {"type": "list", "elements": "str", "default": list(DIRECTORIES)},
            "per_job_namespaces": {"type": "bool", "default": True},
            "processes": {
                "type": "str",
                "choices": ["auto", "both", "pid_namespaces", "cgroups", "none"],
                "default": "auto",
            },
            "memory": {"type": "str", "choices": ["auto", "hard", "custom", "none"], "default": "auto"},
            "memory_limit": {"type": "str"},
            "swap": {"type": "str", "choices": ["auto", "allowed", "disabled"], "default": "auto"},
            "disk": {"type": "str", "choices": ["auto", "limited", "unlimited"], "default": "auto"},
            "volume_group": {"type": "str"},
            "thin_pool": {"type": "str"},
            "users": {
                "type": "str",
                "choices": ["slot_users", "submitting_user", "nobody"],
                "default": "slot_users",
            },
            "slots": {"type": "int"},
            "account_prefix": {"type": "str", "default": "slot"},
            "condor_knobs": {"type": "dict", "default": {}},
            "version": {"type": "str"},
        },
        supports_check_mode=True,
    )
    cli = Cli(module)
    wishes = module.params
    if fault := check_name(wishes["account_prefix"], longest=16):
        cli.fail(f"account_prefix: {fault}")
    given = matching_knobs(wishes["condor_knobs"])
    config = read_config(cli, given) if cli.has("condor_config_val") else given
    version = read_version(cli, config, wishes["version"])
    if version is None and not module.check_mode:
        cli.fail(
            "HTCondor is not installed, and the version that will be is not known: install it first, or set version."
        )
    mounts = parse_mounts(read_text(MOUNTINFO) or "")
    has_lvm = cli.has("lvs")
    host = Host(
        version=parse_version(version) if version else None,
        cgroup=mounts.cgroup,
        controllers=frozenset((read_text(CONTROLLERS) or "").split()) if mounts.cgroup == 2 else mounts.controllers,
        execute=os.path.realpath(config.get("EXECUTE") or EXECUTE),
        cpus=count_cpus(config, os.cpu_count() or 1),
        directories={
            os.path.normpath(path): os.path.realpath(path) if os.path.isdir(path) else None
            for path in wishes["directories"]
        },
        config=config,
        accounts={},
        automounts=mounts.automounts,
        has_lvm=has_lvm,
        volume_groups=read_volume_groups(cli) if has_lvm and wishes["volume_group"] else (),
    )
    accounts = read_accounts(plan_isolation(host, wishes).accounts)
    plan = plan_isolation(Host(**{**vars(host), "accounts": accounts}), wishes, module.check_mode)
    if plan.refusals:
        cli.fail(
            "The jobs cannot be kept apart as it is wished: " + "; ".join(plan.refusals) + ". Nothing was changed."
        )
    for warning in plan.warnings:
        module.warn(warning)
    module.exit_json(
        changed=False,
        knobs=plan.knobs,
        accounts=plan.accounts,
        accounts_missing=[name for name in plan.accounts if name not in accounts],
        mode=plan.mode,
        warnings_found=plan.warnings,
    )


if __name__ == "__main__":
    main()
