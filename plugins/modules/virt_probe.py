#!/usr/bin/python
# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: virt_probe
short_description: Find out by booting whether a host can run virtual machines
version_added: 0.1.0
description:
  - Boots a disk of one sector under KVM and under emulation (TCG), and takes the time. That C(/dev/kvm) is there, that
    the CPU has a flag, or that libvirt lists C(kvm), proves nothing.
  - What was found is written to a file that jobs read. A later call finds it there and boots nothing, until the host
    has been restarted or has another kernel or QEMU.
author:
  - The sitewright.grid contributors (@sitewright)
extends_documentation_fragment:
  - sitewright.grid.attributes
  - sitewright.grid.attributes.full
attributes:
  check_mode:
    details:
      - It boots in check mode as well, for that changes nothing. On a host without QEMU there is nothing to boot.
options:
  path:
    description:
      - The file for what was found.
    type: path
    default: /var/lib/grid-vm/node.json
  emulator:
    description:
      - The command of QEMU. Without it, C(qemu-system-x86_64) or that of EL.
    type: str
  limit:
    description:
      - How many seconds a boot under KVM may take, which takes a fraction of one where KVM works. Where it takes
        longer, other guests would be slower than with emulation, or would never boot.
    type: int
    default: 5
  force:
    description:
      - Whether to boot although what was found before still holds.
    type: bool
    default: false
requirements:
  - QEMU for x86-64 on the host.
seealso:
  - module: sitewright.grid.domain_xml
"""

EXAMPLES = r"""
- name: Find out whether the host can run virtual machines
  sitewright.grid.virt_probe:
  register: probe

- name: Refuse a host without a working KVM
  ansible.builtin.assert:
    that: probe.kvm.works
    fail_msg: "{{ probe.kvm.reason }}"
"""

RETURN = r"""
kvm:
  description:
    - Whether KVM works, after how many seconds the smallest machine had booted, and if it does not, why.
  returned: success
  type: dict
  sample:
    works: false
    seconds: null
    reason: a boot that takes less than a second where it works has not ended within 5 s
tcg:
  description:
    - The same of emulation.
  returned: success
  type: dict
  sample: {works: true, seconds: 0.44, reason: null}
accelerator:
  description:
    - What guests should use, V(kvm) or V(tcg), or null where neither works.
  returned: success
  type: str
  sample: tcg
"""

import os
import stat
import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.sitewright.grid.plugins.module_utils._cli import TIMED_OUT, Cli
from ansible_collections.sitewright.grid.plugins.module_utils._plan import Plan
from ansible_collections.sitewright.grid.plugins.module_utils._private_file import read_text
from ansible_collections.sitewright.grid.plugins.module_utils._text_file import TextFile, write_files
from ansible_collections.sitewright.grid.plugins.module_utils._vm_probe import (
    EMULATORS,
    Node,
    Verdict,
    boot_argv,
    boot_sector,
    judge_boot,
    parse_node,
    parse_qemu_version,
)

BOOT_ID = "/proc/sys/kernel/random/boot_id"
KVM = "/dev/kvm"
PATIENCE = 60  # seconds for emulation, which works everywhere, but on a busy host not quickly
WITHOUT_KVM = Verdict(
    False, None, f"there is no {KVM}: virtualization is off in the firmware, or no module of KVM is loaded"
)
OWNER = "root"
DISK = ""  # the module's own temporary one


def describe_host(version: str) -> str:
    """Return what a verdict depends on."""
    boot = (read_text(BOOT_ID) or "").strip()
    return f"Linux {os.uname().release}, QEMU {version}, boot {boot}, {'with' if has_kvm() else 'without'} {KVM}"


def has_kvm() -> bool:
    try:
        return stat.S_ISCHR(os.stat(KVM).st_mode)
    except OSError:
        return False


def boot(cli: Cli, emulator: str, accelerator: str, disk: str, limit: int) -> Verdict:
    """Boot the smallest machine and judge it."""
    begun = time.monotonic()
    done = cli.read(boot_argv(emulator, accelerator, disk), ok=range(256), timeout=limit)
    return judge_boot(done.rc, done.stdout, done.stderr, time.monotonic() - begun, limit, TIMED_OUT)


def probe(cli: Cli, emulator: str, identity: str, limit: int) -> Node:
    """Boot under both accelerators."""
    disk = DISK or os.path.join(cli.module.tmpdir, "sector")
    with open(disk, "wb") as stream:
        stream.write(boot_sector())
    try:
        tcg = boot(cli, emulator, "tcg", disk, PATIENCE)
        kvm = boot(cli, emulator, "kvm", disk, limit) if has_kvm() else WITHOUT_KVM
    finally:
        os.unlink(disk)
    return Node(identity, kvm, tcg)


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "default": "/var/lib/grid-vm/node.json"},
            "emulator": {"type": "str"},
            "limit": {"type": "int", "default": 5},
            "force": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    cli = Cli(module)
    if module.params["limit"] < 1:
        cli.fail("limit: a boot takes a second at least.")
    wanted = [module.params["emulator"]] if module.params["emulator"] else EMULATORS
    emulator = next((name for name in wanted if cli.has(name)), None)
    before = parse_node(read_text(module.params["path"]))
    if emulator is None:
        if not module.check_mode:
            cli.fail(f"There is no QEMU on the host ({' or '.join(wanted)}): install it first.")
        missing = Verdict(False, None, "QEMU is not installed yet")
        module.exit_json(**Plan().result(), **(before or Node("", missing, missing)).verdicts())
    identity = describe_host(parse_qemu_version(cli.read([emulator, "--version"]).stdout))
    known = before is not None and before.identity == identity
    # Emulation works everywhere: where it did not, the host may have been too busy.
    if before is not None and known and before.tcg.works and not module.params["force"]:
        node = before
    else:
        node = probe(cli, emulator, identity, module.params["limit"])
        if before is not None and known and _same(before, node):
            node = before  # only the seconds differ, as they always do
    file = TextFile(module.params["path"], node.render(), OWNER)
    plan = Plan()
    file.note(plan)
    if not module.check_mode:
        write_files(cli, [file])
    module.exit_json(**plan.result(), **node.verdicts())


def _same(one: Node, other: Node) -> bool:
    return [(verdict.works, verdict.reason) for verdict in (one.kvm, one.tcg)] == [
        (verdict.works, verdict.reason) for verdict in (other.kvm, other.tcg)
    ]


if __name__ == "__main__":
    main()
