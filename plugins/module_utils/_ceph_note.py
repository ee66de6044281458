# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: notes in the monitors' own store, of what Ceph does not tell: whose doing something is.

A note is a list of words below a key of C(ceph config-key). An empty one is none.
"""

from __future__ import annotations

import typing as t

from ansible_collections.sitewright.grid.plugins.module_utils._ceph_cli import Ceph

_NONE = 2  # what ceph config-key get ends with where there is none


def read_note(ceph: Ceph, key: str) -> list[str]:
    """Return the words of a note."""
    found = ceph.read("config-key", "get", key, ok=(0, _NONE))
    return [] if found.rc else parse_note(found.stdout)


def parse_note(text: str) -> list[str]:
    """Return the words of a note by its text."""
    return text.replace(",", " ").split()


def note_words(key: str, words: t.Sequence[str]) -> list[str]:
    """Return the words of the ceph command that writes a note."""
    return ["config-key", "set", key, ",".join(words)] if words else ["config-key", "rm", key]
