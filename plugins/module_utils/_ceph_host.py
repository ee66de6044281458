# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: readers of a host's own files."""

from __future__ import annotations

import re
import shlex

FAMILIES = ("debian", "rhel")


def parse_os_release(text: str) -> dict[str, str | None]:
    """Return id, version and family (debian, rhel or None) of the system from os-release(5)."""
    values = {}
    for line in text.splitlines():
        name, separator, value = line.partition("=")
        if separator and not name.startswith("#"):
            words = shlex.split(value)
            values[name.strip()] = words[0] if words else ""
    kin = [values.get("ID", ""), *values.get("ID_LIKE", "").split()]
    family = next((name for name in kin if name in FAMILIES), None)
    return {"id": values.get("ID"), "version": values.get("VERSION_ID"), "family": family}


def parse_packages(text: str) -> dict[str, str]:
    """Return name to version of the packages in lines of C(name version status) whose status is C(installed)."""
    fields = (line.split() for line in text.splitlines())
    return {words[0]: words[1] for words in fields if len(words) == 3 and words[2] == "installed"}


def provides_filesystem(name: str, filesystems: str, modules: str) -> bool:
    """Tell whether the kernel has the file system, as it stands or as a module that it can load.

    filesystems is the text of /proc/filesystems, modules that of the kernel's modules.dep and modules.builtin.
    """
    if name in filesystems.split():
        return True
    return re.search(rf"(^|/){re.escape(name)}\.ko", modules, re.MULTILINE) is not None
