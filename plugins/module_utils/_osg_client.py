# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: what a worker node of OSG has, and how its HTCondor tells it to the pool."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from ansible_collections.sitewright.grid.plugins.module_utils._osg_environment import (
    Environment,
    render_job_environment,
)

# Attributes of the machine ad, and the packages that have the version: by RPM's names, and by Debian's.
VERSIONS = {
    "CVMFSVersion": ("cvmfs",),
    "Gfal2Version": ("gfal2", "gfal2-plugin-file"),
    "VomsClientsVersion": ("voms-clients-cpp", "voms-clients"),
    "XrootdClientVersion": ("xrootd-client",),
}
# OSG's own package of the client, where there is one.
CLIENT = "osg-wn-client"
PACKAGES = (CLIENT, *(name for names in VERSIONS.values() for name in names))
DPKG_FORMAT = "${db:Status-Status} ${binary:Package} ${Version}\\n"
RPM_FORMAT = "installed %{NAME} %{VERSION}\\n"

_ANCHOR = re.compile(r"[0-9a-f]{8}\.\d+")
_REVOCATIONS = re.compile(r"[0-9a-f]{8}\.r\d+")
_VERSION = re.compile(r"(?:\d+:)?(\d+(?:\.\d+)*)")


@dataclass(frozen=True)
class Client:
    """What was found on a worker.

    commands_missing are those that the client of its system should have and has not. ca_version is that of the newest
    information about a CA, ca_count and crl_count are numbers of CAs, and of their lists of revoked certificates.
    """

    packages: t.Mapping[str, str]
    commands_missing: t.Sequence[str] = ()
    ca_version: str | None = None
    ca_count: int = 0
    crl_count: int = 0


def parse_packages(printed: str) -> dict[str, str]:
    """Return the installed packages with the upstream part of their versions.

    printed has a line of state, name and version for each, as dpkg-query and rpm print it with the formats above.
    """
    packages = {}
    for line in printed.splitlines():
        words = line.split()
        if len(words) == 3 and words[0] == "installed":
            packages[words[1].partition(":")[0]] = upstream_version(words[2])
    return packages


def upstream_version(version: str) -> str:
    """Return the numbers that a package's version begins with, without its epoch and its revision."""
    found = _VERSION.match(version)
    return found[1] if found else version


def count_authorities(names: t.Iterable[str]) -> tuple[int, int]:
    """Return how many CAs and how many lists of revoked certificates the files of a directory are."""
    anchors = lists = 0
    for name in names:
        anchors += _ANCHOR.fullmatch(name) is not None
        lists += _REVOCATIONS.fullmatch(name) is not None
    return anchors, lists


def newest_version(infos: t.Iterable[str]) -> str | None:
    """Return the newest version that the .info files of CAs have; all of one distribution have the same."""
    versions = {match for text in infos for match in re.findall(r"(?m)^version *= *(\d+(?:\.\d+)*) *$", text)}
    return max(versions, key=lambda version: tuple(map(int, version.split("."))), default=None)


def machine_attributes(client: Client, system: str, system_version: str) -> dict[str, t.Any]:
    """Return what the machine ad is to have; system is whose packages make the client where OSG has none."""
    attributes: dict[str, t.Any] = {"HasOSGClient": not client.commands_missing}
    if CLIENT in client.packages:
        attributes.update(OSGClient="OSG", OSGClientVersion=client.packages[CLIENT])
    elif not client.commands_missing:
        attributes.update(OSGClient=system, OSGClientVersion=system_version)
    attributes["HasCVMFS"] = "cvmfs" in client.packages
    for attribute, names in VERSIONS.items():
        found = [client.packages[name] for name in names if name in client.packages]
        if found:
            attributes[attribute] = found[0]
    if client.ca_version:
        attributes["CACertsVersion"] = client.ca_version
    return attributes


def machine_knobs(attributes: t.Mapping[str, t.Any], environment: Environment) -> dict[str, t.Any]:
    """Return the knobs by which HTCondor advertises the attributes, and gives the environment to jobs."""
    knobs: dict[str, t.Any] = {name: _literal(value) for name, value in sorted(attributes.items())}
    knobs["STARTD_ATTRS"] = ["$(STARTD_ATTRS)", *sorted(attributes)]
    knobs["STARTER_JOB_ENVIRONMENT"] = render_job_environment(environment)
    return knobs


def _literal(value: t.Any) -> str:
    return str(value) if isinstance(value, bool) else f'"{value}"'
