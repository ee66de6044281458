# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: the flags of a cluster, such as noout, and which of them are ours.

Ceph does not tell who has set a flag. So a note is kept in the monitors' own store: it names the flags that were not
set before. It is written before a flag is set, and changed after one is unset, so that a run that was killed in
between leaves a note of too much and never a flag that nobody owns.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.sitewright.grid.plugins.module_utils._ceph_note import note_words

NOTE = "sitewright.grid/flags"  # its key in the monitors' store


@dataclass(frozen=True)
class FlagPlan:
    """What is to be done, as words of ceph commands.

    ours are the flags that are noted as ours in the end, others those that somebody else has set.
    """

    before: list[str]
    after: list[str]
    ours: list[str]
    others: list[str]
    words: list[list[str]] = field(default_factory=list)


def plan_flags(have: t.Collection[str], noted: t.Collection[str], flags: t.Sequence[str], state: str) -> FlagPlan:
    """Compare the cluster's flags (have) and those of the note with the wanted ones.

    Without flags, state absent means all that are ours. A noted flag that is not set any more is nobody's.
    """
    if state == "present":
        missing = [flag for flag in flags if flag not in have]
        ours = sorted((set(noted) & set(have)) | set(missing))
        words = [["osd", "set", flag] for flag in missing]
        after = sorted({*have, *missing})
        if set(ours) != set(noted):
            words.insert(0, note_words(NOTE, ours))
    else:
        wanted = flags or sorted(noted)
        gone = [flag for flag in wanted if flag in noted and flag in have]
        ours = sorted((set(noted) & set(have)) - set(wanted))
        words = [["osd", "unset", flag] for flag in gone]
        after = sorted(set(have) - set(gone))
        if set(ours) != set(noted):
            words.append(note_words(NOTE, ours))
    return FlagPlan(sorted(have), after, ours, sorted(set(after) - set(ours)), words)
