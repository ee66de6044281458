#!/usr/bin/python
# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: upgrade_info
short_description: Tell which versions a host has installed, could have, and runs
version_added: 0.1.0
author:
  - the sitewright.grid contributors (@sitewright)
description:
  - Reads in one call what an upgrade is planned from, so that nothing has to be remembered of one that was interrupted.
  - The installed packages come from the host's package database, the available versions from its repositories, with its
    own priorities and pins, and what runs from the daemons themselves.
  - It knows C(dpkg) and C(apt), and C(rpm) and C(dnf).
extends_documentation_fragment:
  - sitewright.grid.attributes
  - sitewright.grid.attributes.info
attributes:
  check_mode:
    details:
      - In check mode it does not fetch the lists of packages, and goes by those that the host has.
options:
  products:
    description:
      - What to look at.
    type: list
    elements: str
    choices: [ceph, condor, slurm, kvm]
    required: true
  refresh:
    description:
      - Whether to fetch the repositories' lists of packages first, as C(apt-get update) does.
    type: bool
    default: false
seealso:
  - plugin: sitewright.grid.upgrade_plan
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Look which versions there are
  sitewright.grid.upgrade_info:
    products: [ceph]
    refresh: true
  register: found

- name: Show what could be upgraded
  ansible.builtin.debug:
    var: found.products.ceph.packages
"""

RETURN = r"""
family:
  description:
    - The family of the host's system, V(debian) or V(rhel), V(null) for another one.
  returned: success
  type: str
  sample: debian
hostname:
  description:
    - The host's name in its HTCondor pool, V(null) where it has no HTCondor.
  returned: success
  type: str
  sample: worker1.example.org
products:
  description:
    - Each product that was asked for.
  returned: success
  type: dict
  contains:
    installed:
      description: The installed version of its main package, V(null) where none is installed.
      type: str
    available:
      description: The version that the package manager would install; without another one it is the installed one.
      type: str
    packages:
      description: The installed packages of which another version is available.
      type: list
      elements: str
    downgrades:
      description: Those of them of which the available version is lower than the installed one.
      type: list
      elements: str
    daemons:
      description:
        - The running daemons, each with its C(version) as far as it tells one, whether its program was C(replaced) on
          the disk since it started, and when that was (C(started_at), in seconds since 1970).
        - C(condor) stands for all of HTCondor, C(client) for a CephFS that is mounted with C(ceph-fuse), and
          C(controller) and C(node) for C(slurmctld) and C(slurmd). Nothing is told of guests, which are of jobs.
      type: dict
  sample:
    ceph:
      installed: 18.2.7+ds-1
      available: 18.2.8+ds-1
      packages: [ceph-common, ceph-osd]
      downgrades: []
      daemons:
        osd.0: {version: 18.2.7, replaced: false, started_at: 1790000000.0}
"""

import typing as t
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.sitewright.grid.plugins.module_utils import _ceph_daemon, _ceph_fuse, _ceph_socket
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_conf import parse_conf
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_host import parse_os_release
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_socket import NoAnswerError
from ansible_collections.sitewright.grid.plugins.module_utils._cli import Cli
from ansible_collections.sitewright.grid.plugins.module_utils._systemd import Systemd, replaced_program
from ansible_collections.sitewright.grid.plugins.module_utils._upgrade_info import (
    DPKG_FORMAT,
    RPM_FORMAT,
    SOURCES,
    parse_address_file,
    parse_installed,
    parse_policy,
    parse_slurm_version,
    parse_updates,
    shape_product,
)

OS_RELEASE = "/etc/os-release"
DATA_ROOT = "/var/lib/ceph"
CEPH_CONF = "/etc/ceph/ceph.conf"
CONDOR_UNIT = "condor.service"
SLURM_UNITS = {"slurmctld.service": "controller", "slurmd.service": "node"}
# What tells the version that runs, for the installed one may be newer.
SLURM_QUESTIONS = {"controller": ["scontrol", "show", "config"], "node": ["scontrol", "show", "slurmd"]}
UPDATES = 100  # what dnf check-update ends with where there are any
FETCH_LIMIT = 300  # seconds


class Packages:
    """The host's package manager."""

    def __init__(self, cli: Cli, family: str) -> None:
        self.cli = cli
        self.is_debian = family == "debian"

    def refresh(self) -> None:
        """Fetch the repositories' lists."""
        argv = ["apt-get", "--quiet", "update"] if self.is_debian else ["dnf", "--quiet", "makecache"]
        self.cli.run(argv, timeout=FETCH_LIMIT)

    def listing(self) -> str:
        """Return all installed packages, a line each."""
        if self.is_debian:
            return self.cli.read(["dpkg-query", "--show", "--showformat", DPKG_FORMAT]).stdout
        return self.cli.read(["rpm", "--query", "--all", "--queryformat", RPM_FORMAT]).stdout

    def candidates(self, names: list[str]) -> dict[str, str]:
        """Return which version would be installed of each of these packages; dnf tells of newer ones only."""
        if not names:
            return {}
        if self.is_debian:
            return parse_policy(self.cli.read(["apt-cache", "policy", *names]).stdout)
        argv = ["dnf", "--quiet", "--cacheonly", "check-update", *names]
        return parse_updates(self.cli.read(argv, ok=(0, UPDATES)).stdout)

    def steps_down(self, pairs: t.Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return those of the pairs (installed, candidate) whose candidate is lower. dnf names no such."""
        if not self.is_debian:
            return []
        return [
            (have, candidate)
            for have, candidate in pairs
            if self.cli.read(["dpkg", "--compare-versions", candidate, "lt", have], ok=(0, 1)).rc == 0
        ]


class Host:
    """What runs on the host."""

    def __init__(self, cli: Cli) -> None:
        self.cli = cli
        self.systemd = Systemd(cli)

    def daemons(self, product: str) -> tuple[dict[str, dict[str, t.Any]], str | None]:
        """Return the running daemons of a product by name, and the host's name in it if it gives one."""
        if product == "condor":
            return self._condor()
        look = {"ceph": self._ceph, "slurm": self._slurm}.get(product)
        return look() if look else {}, None

    def _ceph(self) -> dict[str, dict[str, t.Any]]:
        names = [
            f"{kind}.{directory.name[len('ceph-') :]}"
            for kind in _ceph_daemon.KINDS
            for directory in sorted(Path(DATA_ROOT, kind).glob("ceph-*"))
        ]
        text = Path(CEPH_CONF).read_text(encoding="utf-8") if Path(CEPH_CONF).exists() else ""
        conf = parse_conf(text)

        def version(name: str) -> str | None:
            if name == "client":
                return None
            try:
                return str(_ceph_socket.ask(_ceph_daemon.socket_of(name, conf), "version")["version"])
            except NoAnswerError:
                return None

        units = {**{_ceph_daemon.unit_name(name): name for name in names}, _ceph_fuse.UNIT: "client"}
        return self._look(units, version)

    def _slurm(self) -> dict[str, dict[str, t.Any]]:
        def version(name: str) -> str | None:
            # A daemon that does not answer tells none.
            return parse_slurm_version(self.cli.read(SLURM_QUESTIONS[name], ok=range(256)).stdout)

        return self._look(SLURM_UNITS, version)

    def _condor(self) -> tuple[dict[str, dict[str, t.Any]], str | None]:
        if not self.cli.has("condor_config_val"):
            return {}, None
        shown = self.cli.read(["condor_config_val", "FULL_HOSTNAME", "MASTER_ADDRESS_FILE"]).stdout.split()
        hostname, address_file = shown

        def version(_name: str) -> str | None:
            file = Path(address_file)
            return parse_address_file(file.read_text(encoding="utf-8")) if file.exists() else None

        return self._look({CONDOR_UNIT: "condor"}, version), hostname

    def _look(self, units: t.Mapping[str, str], version: t.Callable[[str], str | None]) -> dict[str, dict[str, t.Any]]:
        found = self.systemd.units(list(units))
        processes = self.systemd.processes([unit for unit in units if found[unit].running])
        return {
            units[unit]: {
                "version": version(units[unit]),
                "replaced": replaced_program(process) is not None,
                "started_at": found[unit].started_at,
            }
            for unit, process in processes.items()
        }


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "products": {"type": "list", "elements": "str", "choices": list(SOURCES), "required": True},
            "refresh": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    cli = Cli(module)
    family = parse_os_release(Path(OS_RELEASE).read_text(encoding="utf-8"))["family"]
    if family is None:
        module.exit_json(changed=False, family=None, hostname=None, products={})
    packages, host = Packages(cli, family), Host(cli)
    if module.params["refresh"] and not module.check_mode:
        packages.refresh()
    listing = packages.listing()
    installed = {product: parse_installed(listing, SOURCES[product]) for product in module.params["products"]}
    everything = {name: version for found in installed.values() for name, version in found.items()}
    candidates = packages.candidates(sorted(everything))
    pairs = {(have, candidates.get(name, have)) for name, have in everything.items()}
    lower = packages.steps_down(sorted(pair for pair in pairs if pair[0] != pair[1]))
    products, hostname = {}, None
    for product, found in installed.items():
        daemons, name = host.daemons(product)
        hostname = name or hostname
        products[product] = shape_product(product, found, candidates, lower, daemons)
    module.exit_json(changed=False, family=family, hostname=hostname, products=products)


if __name__ == "__main__":
    main()
