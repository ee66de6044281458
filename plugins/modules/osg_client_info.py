#!/usr/bin/python
# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: osg_client_info
short_description: Tell what a worker node of OSG has of the client
version_added: 0.1.0
author:
  - the sitewright.grid contributors (@sitewright)
description:
  - Looks for the client's commands, the versions of its packages (by C(rpm) and C(dpkg-query)), the CAs that the host
    trusts, and their lists of revoked certificates.
  - Returns the knobs by which the host's HTCondor tells it to the pool, so that jobs can require it, and gives jobs the
    same environment as login shells have.
extends_documentation_fragment:
  - sitewright.grid.attributes
  - sitewright.grid.attributes.info
options:
  commands:
    description:
      - The commands that the client of the host's system has.
    type: list
    elements: str
    default: []
  packages:
    description:
      - Further packages to look for, for example those of other distributions of CAs.
    type: list
    elements: str
    default: []
  ca_directory:
    description:
      - The directory with the CAs, C(X509_CERT_DIR).
    type: path
    default: /etc/grid-security/certificates
  environment:
    description:
      - The environment for jobs.
    type: dict
    default: {}
  system:
    description:
      - Whose packages make the client on a host where OSG has none, for example V(Debian).
    type: str
    default: unknown
  system_version:
    description:
      - The release of O(system), for example V(13).
    type: str
    default: unknown
seealso:
  - module: sitewright.grid.osg_environment
  - module: sitewright.grid.condor_config
"""

EXAMPLES = r"""
- name: Find out what the worker has
  sitewright.grid.osg_client_info:
    commands: [xrdcp, voms-proxy-init, fetch-crl]
    environment: {OSG_WN_TMP: /tmp, X509_CERT_DIR: /etc/grid-security/certificates}
    system: Debian
    system_version: "13"
  register: client
"""

RETURN = r"""
packages:
  description:
    - The upstream versions of the installed packages of the client, and of O(packages).
  returned: success
  type: dict
  sample: {fetch-crl: 3.0.23, xrootd-client: 5.8.1}
commands_missing:
  description:
    - Those of O(commands) that are not there.
  returned: success
  type: list
  elements: str
  sample: []
authorities:
  description:
    - The C(version) of the distribution of CAs (V(null) where its files tell none), the C(count) of CAs, and how many
      lists of revoked certificates they have (C(revocation_lists)).
  returned: success
  type: dict
  sample: {version: "1.134", count: 186, revocation_lists: 84}
attributes:
  description:
    - What the machine ad is to have. C(OSGClient) is V(OSG) where OSG's own package makes the client, else O(system).
  returned: success
  type: dict
  sample:
    HasOSGClient: true
    OSGClient: Debian
    OSGClientVersion: "13"
    HasCVMFS: false
    XrootdClientVersion: 5.8.1
    CACertsVersion: "1.134"
knobs:
  description:
    - The knobs of HTCondor that advertise the attributes, and set the environment of jobs.
  returned: success
  type: dict
  sample:
    HasOSGClient: "True"
    STARTD_ATTRS: [$(STARTD_ATTRS), HasOSGClient]
    STARTER_JOB_ENVIRONMENT: '"OSG_WN_TMP=/tmp"'
"""

import os
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.sitewright.grid.plugins.module_utils._cli import Cli
from ansible_collections.sitewright.grid.plugins.module_utils._osg_client import (
    DPKG_FORMAT,
    PACKAGES,
    RPM_FORMAT,
    Client,
    count_authorities,
    machine_attributes,
    machine_knobs,
    newest_version,
    parse_packages,
)
from ansible_collections.sitewright.grid.plugins.module_utils._osg_environment import check_environment


def read_packages(cli: Cli, further: list[str]) -> dict[str, str]:
    """Return the installed packages, by whichever of the two package systems the host has."""
    names = sorted({*PACKAGES, *further})
    queries = {
        "dpkg-query": ["--show", f"--showformat={DPKG_FORMAT}", *names],
        "rpm": ["--query", f"--queryformat={RPM_FORMAT}", *names],
    }
    # Packages that are not installed make them end with 1, or with how many these are.
    return {
        name: version
        for command, words in queries.items()
        if cli.has(command)
        for name, version in parse_packages(cli.read([command, *words], ok=range(len(names) + 1)).stdout).items()
    }


def read_authorities(directory: Path) -> tuple[list[str], list[str]]:
    """Return the names of the files in the directory of CAs, and the texts of the .info files."""
    try:
        names = os.listdir(directory)
    except (FileNotFoundError, NotADirectoryError):
        return [], []
    infos = [directory / name for name in names if name.endswith(".info")]
    return names, [path.read_text(encoding="utf-8", errors="replace") for path in infos if path.is_file()]


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "commands": {"type": "list", "elements": "str", "default": []},
            "packages": {"type": "list", "elements": "str", "default": []},
            "ca_directory": {"type": "path", "default": "/etc/grid-security/certificates"},
            "environment": {"type": "dict", "default": {}},
            "system": {"type": "str", "default": "unknown"},
            "system_version": {"type": "str", "default": "unknown"},
        },
        supports_check_mode=True,
    )
    cli = Cli(module)
    wishes = module.params
    environment = {name: str(value) for name, value in wishes["environment"].items()}
    if fault := check_environment(environment):
        cli.fail(f"environment: {fault}.")
    names, infos = read_authorities(Path(wishes["ca_directory"]))
    anchors, lists = count_authorities(names)
    if anchors == 0 and not module.check_mode:
        module.warn(f"{wishes['ca_directory']} has no CA certificate: jobs will trust no host.")
    client = Client(
        packages=read_packages(cli, wishes["packages"]),
        commands_missing=[name for name in wishes["commands"] if not cli.has(name)],
        ca_version=newest_version(infos),
        ca_count=anchors,
        crl_count=lists,
    )
    attributes = machine_attributes(client, wishes["system"], wishes["system_version"])
    module.exit_json(
        changed=False,
        packages=client.packages,
        commands_missing=client.commands_missing,
        authorities={"version": client.ca_version, "count": anchors, "revocation_lists": lists},
        attributes=attributes,
        knobs=machine_knobs(attributes, environment),
    )


if __name__ == "__main__":
    main()
