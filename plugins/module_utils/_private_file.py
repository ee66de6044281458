# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: files that hold a secret, never half written and never readable by others."""

from __future__ import annotations

import os
import typing as t


def read_text(path: str) -> str | None:
    """Return the file's text, or None where there is no file; bytes that are no UTF-8 survive a write_private()."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.read()
    except FileNotFoundError:
        return None


def write_private(path: str, text: str, prepare: t.Callable[[str], object] = lambda path: None) -> None:
    """Put a file with this text at path in one step, mode 0600.

    prepare is called with the path of the finished temporary file, to set owner and mode before anybody sees it.
    The temporary file has a fixed name, so that what a killed run leaves is taken away by the next one.
    """
    temporary = f"{path}.new"
    if os.path.lexists(temporary):
        os.unlink(temporary)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        prepare(temporary)
        os.rename(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
