# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import itertools

import pytest
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_flag import NOTE, plan_flags
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_note import parse_note

SET = (["noout", "norebalance"], "present")
UNSET = (["noout", "norebalance"], "absent")


def apply(have: set[str], noted: set[str], words: list[list[str]]) -> tuple[set[str], set[str]]:
    """Return the flags and the note after these commands."""
    for verb, what, *rest in words:
        if verb == "osd":
            have = have | set(rest) if what == "set" else have - set(rest)
        else:
            assert rest[0] == NOTE
            noted = set(parse_note(rest[1])) if what == "set" else set()
    return have, noted


@pytest.mark.parametrize("operators", [set(), {"noout"}, {"noout", "norebalance"}, {"noscrub"}])
def test_whatever_a_killed_run_leaves_the_next_one_gives_the_operator_back_what_was_his(operators: set[str]) -> None:
    whole = plan_flags(operators, set(), *SET).words
    for done, undone in itertools.product(range(len(whole) + 1), repeat=2):
        have, noted = apply(set(operators), set(), whole[:done])
        have, noted = apply(have, noted, plan_flags(have, noted, *UNSET).words[:undone])
        have, noted = apply(have, noted, plan_flags(have, noted, *SET).words)
        assert {"noout", "norebalance"} <= have
        have, noted = apply(have, noted, plan_flags(have, noted, [], "absent").words)
        assert (have, noted) == (operators, set())


def test_a_second_run_does_nothing() -> None:
    assert not plan_flags(["noout", "norebalance"], ["noout"], *SET).words
    assert not plan_flags(["noscrub"], [], *UNSET).words
