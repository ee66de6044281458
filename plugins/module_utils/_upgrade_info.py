# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: which versions a host has installed, could have, and runs (C(upgrade_info))."""

from __future__ import annotations

import re
import typing as t

# Product to the sources that its packages are built from, by the names of Debian, EL and the makers. Packages of one
# source depend on one another's exact version.
SOURCES = {
    "ceph": ("ceph",),
    "condor": ("condor",),
    "slurm": ("slurm-wlm", "slurm"),
    "kvm": ("libvirt", "qemu", "qemu-kvm"),
}
# The packages, the first of them that there is, whose version stands for the product.
MAIN = {
    "ceph": ("ceph-common",),
    "condor": ("condor",),
    "slurm": ("slurm-client", "slurm"),
    "kvm": ("qemu-system-x86", "qemu-kvm-core"),
}
DPKG_FORMAT = "${Package} ${Version} ${db:Status-Status} ${source:Package}\\n"
RPM_FORMAT = "%{NAME} %{EPOCHNUM}:%{VERSION}-%{RELEASE} installed %{SOURCERPM}\\n"


def parse_installed(text: str, sources: t.Collection[str]) -> dict[str, str]:
    """Return name to version of the installed packages of sources, from lines C(name version status source)."""
    found = {}
    for line in text.splitlines():
        words = line.split()
        if len(words) == 4 and words[2] == "installed" and source_name(words[3]) in sources:
            found[words[0]] = words[1]
    return found


def source_name(source: str) -> str:
    """Return the name of a source package; an RPM's ends in its version, its release and C(.src.rpm)."""
    return re.sub(r"-[^-]+-[^-]+\.(no)?src\.rpm$", "", source)


def parse_policy(text: str) -> dict[str, str]:
    """Return package to the version that apt would install, from what C(apt-cache policy) prints."""
    found = re.findall(r"^(\S+):\n(?: +.*\n)*? +Candidate: (\S+)$", text, re.MULTILINE)
    return {name: version for name, version in found if version != "(none)"}


def parse_updates(text: str) -> dict[str, str]:
    """Return package to newer version, from the lines C(name.arch version repository) of C(dnf check-update)."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        words = line.split()
        if not words or line.startswith("Obsoleting"):
            if found:
                break
            continue
        if len(words) == 3 and "." in words[0]:
            version = words[1] if ":" in words[1] else f"0:{words[1]}"
            found[words[0].rpartition(".")[0]] = version
    return found


def parse_address_file(text: str) -> str | None:
    """Return the version of the HTCondor daemon that has written this file, which tells where it listens."""
    found = re.search(r"\$CondorVersion: (\d+(?:\.\d+)*)", text)
    return found[1] if found else None


def parse_slurm_version(text: str) -> str | None:
    """Return the version that a daemon of Slurm tells, from C(scontrol show config) or C(scontrol show slurmd)."""
    found = re.search(r"^(?:SLURM_VERSION|Version) += (\d+(?:\.\d+)*)", text, re.MULTILINE)
    return found[1] if found else None


def shape_product(
    product: str,
    installed: t.Mapping[str, str],
    candidates: t.Mapping[str, str],
    lower: t.Collection[tuple[str, str]],
    daemons: t.Mapping[str, t.Mapping[str, t.Any]],
) -> dict[str, t.Any]:
    """Return what the module says of a product; lower has the pairs (installed, candidate) that are steps down."""
    available = {name: candidates.get(name, version) for name, version in installed.items()}
    main = next((name for name in (*MAIN[product], *sorted(installed)) if name in installed), None)
    changes = sorted(name for name in installed if available[name] != installed[name])
    return {
        "installed": installed[main] if main else None,
        "available": available[main] if main else None,
        "packages": changes,
        "downgrades": [name for name in changes if (installed[name], available[name]) in lower],
        "daemons": {name: dict(daemon) for name, daemon in daemons.items()},
    }
