# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run on a host of the lab: packs its installed packages again with a higher version, into a repository for apt.

The files are those that are installed, the maintainer scripts are the packages' own, only the version is another one.
Usage: repack.py DIRECTORY SUFFIX SOURCE...; the version of each package gets the suffix.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

INFO = Path("/var/lib/dpkg/info")
SCRIPTS = (
    "preinst",
    "postinst",
    "prerm",
    "postrm",
    "conffiles",
    "triggers",
    "shlibs",
    "symbols",
    "templates",
    "config",
)


def read(*argv: str) -> str:
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


def installed(sources: list[str]) -> dict[str, str]:
    """Return name to version of the packages of these sources."""
    listing = read("dpkg-query", "--show", "--showformat", "${Package} ${Version} ${source:Package}\\n")
    rows = [line.split() for line in listing.splitlines()]
    return {row[0]: row[1] for row in rows if len(row) == 3 and row[2] in sources}


def control(name: str, versions: dict[str, str], suffix: str) -> str:
    """Return the control file of a package, with its own version and those that it demands of its kin made higher."""
    text = re.sub(
        r"^(Status|Config-Version|Conffiles):.*\n( .*\n)*", "", read("dpkg-query", "--status", name), flags=re.M
    )
    for version in sorted(set(versions.values())):
        # Binary rebuilds (+b10) of a source have a version of their own.
        text = re.sub(rf"(\(>?=+ ){re.escape(version)}\)", rf"\g<1>{version}{suffix})", text)
        text = re.sub(rf"^Version: {re.escape(version)}$", f"Version: {version}{suffix}", text, flags=re.M)
    return text


def pack(name: str, directory: Path, text: str) -> Path:
    """Build the package from what is installed."""
    tree = directory / "tree"
    if tree.exists():
        shutil.rmtree(tree)
    (tree / "DEBIAN").mkdir(parents=True)
    listed = read("dpkg", "--listfiles", name).splitlines()
    present = [path for path in listed if Path(path).is_symlink() or Path(path).exists()]
    archive = subprocess.run(
        [
            "tar",
            "--create",
            "--no-recursion",
            "--directory=/",
            "--file=-",
            "--",
            *(f".{path}" for path in present if path != "/."),
        ],
        check=True,
        capture_output=True,
    )
    subprocess.run(
        ["tar", "--extract", "--preserve-permissions", f"--directory={tree}"], input=archive.stdout, check=True
    )
    for script in SCRIPTS:
        for stem in (name, f"{name}:amd64"):
            if (INFO / f"{stem}.{script}").exists():
                shutil.copy(INFO / f"{stem}.{script}", tree / "DEBIAN" / script)
    (tree / "DEBIAN" / "control").write_text(text)
    package = directory / f"{name}.deb"
    subprocess.run(["dpkg-deb", "-Zzstd", "-z1", "--build", tree, package], check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(tree)
    return package


def entry(package: Path, text: str) -> str:
    """Return the package's entry in the index."""
    content = package.read_bytes()
    lines = [f"Filename: ./{package.name}", f"Size: {len(content)}", f"SHA256: {hashlib.sha256(content).hexdigest()}"]
    return text.rstrip("\n") + "\n" + "\n".join(lines) + "\n"


def main() -> None:
    directory, suffix, *sources = sys.argv[1:]
    target = Path(directory)
    target.mkdir(parents=True, exist_ok=True)
    versions = installed(sources)
    entries = []
    for name in versions:
        text = control(name, versions, suffix)
        entries.append(entry(pack(name, target, text), text))
    (target / "Packages").write_text("\n".join(entries))


if __name__ == "__main__":
    main()
