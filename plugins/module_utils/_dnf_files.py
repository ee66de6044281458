# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: the files in the directory of repositories, and keys by their fingerprints."""

from __future__ import annotations

import os
import tempfile
import typing as t

from ansible_collections.sitewright.grid.plugins.module_utils._cli import Cli
from ansible_collections.sitewright.grid.plugins.module_utils._dnf_repositories import PREFIX

DIRECTORY = "/etc/yum.repos.d"
GPG_HOME: str | None = None  # where gpg works; without it, in a directory of its own


def read_files(directory: str) -> dict[str, str]:
    """Return the text of each file in a directory that there may not be."""
    found = {}
    for name in sorted(os.listdir(directory)) if os.path.isdir(directory) else []:
        path = os.path.join(directory, name)
        if os.path.isfile(path):
            with open(path, encoding="utf-8", errors="surrogateescape") as file:
                found[name] = file.read()
    return found


def read_foreign(cli: Cli, directory: str | None = None) -> dict[str, str]:
    """Return the files of repositories that are not ours."""
    try:
        files = read_files(directory or DIRECTORY)
    except OSError as error:
        cli.fail(f"{error.filename} cannot be read: {error.strerror}.")
    return {name: text for name, text in files.items() if name.endswith(".repo") and not name.startswith(PREFIX)}


def parse_fingerprints(listed: str) -> list[str]:
    """Return the fingerprints of the keys that gpg lists with colons, those of subkeys left out."""
    found = []
    primary = False
    for line in listed.splitlines():
        fields = line.split(":")
        if fields[0] in ("pub", "sub"):
            primary = fields[0] == "pub"
        elif fields[0] == "fpr" and primary:
            found.append(fields[9])
            primary = False
    return found


def fingerprints_of(cli: Cli, text: str) -> list[str]:
    """Return the fingerprints of the keys in a text."""
    # Not in root's home, which gpg would make files in.
    home = GPG_HOME or tempfile.mkdtemp(dir=cli.module.tmpdir)
    argv = ["gpg", "--batch", "--no-tty", "--no-autostart", "--homedir", home, "--show-keys", "--with-colons"]
    return parse_fingerprints(cli.read(argv, ok=(0, 2), stdin=text).stdout)


def why_untrusted(found: t.Sequence[str], wanted: t.Sequence[str]) -> str | None:
    """Return what is wrong with keys of these fingerprints, None where all of them are wanted."""
    if not found:
        return "has no key in it"
    strangers = [fingerprint for fingerprint in found if fingerprint.upper() not in wanted]
    return f"has the fingerprint {' and '.join(strangers)}, not {' or '.join(wanted)}" if strangers else None
