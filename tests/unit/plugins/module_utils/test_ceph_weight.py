# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which OSDs get more weight, and how much."""

from __future__ import annotations

import typing as t

from ansible_collections.sitewright.grid.plugins.module_utils._ceph_weight import (
    NOTE,
    Osd,
    parse_osds,
    plan_weights,
    show_progress,
)


def osd(number: int, weight: float, target: float = 2.0, is_empty: bool = True) -> Osd:
    return Osd(number, f"uuid{number}", weight, target, is_empty)


def test_osds_that_are_up_and_in() -> None:
    def dumped(number: int, up: int = 1, within: int = 1) -> dict[str, t.Any]:
        return {"osd": number, "uuid": f"uuid{number}", "up": up, "in": within}

    nodes = [{"id": number, "crush_weight": 0.5, "kb": 2**31, "pgs": number} for number in range(3)]
    found = parse_osds({"osds": [dumped(0), dumped(1, up=0), dumped(2, within=0), dumped(3)]}, {"nodes": nodes})
    assert found == [osd(0, 0.5)]


def test_a_new_osd_sets_out_by_one_step() -> None:
    plan = plan_weights([osd(0, 2.0, is_empty=False), osd(3, 0.0)], [], 0.5)
    assert plan.words == [["config-key", "set", NOTE, "uuid3"], ["osd", "crush", "reweight", "osd.3", "0.5"]]
    assert (plan.before, plan.after) == ({"osd.3": 0.0}, {"osd.3": 0.5})
    assert plan_weights([osd(3, 0.0)], [], None).after == {"osd.3": 2.0}


def test_one_that_is_noted_goes_on_and_not_beyond_its_weight() -> None:
    plan = plan_weights([osd(3, 1.75, is_empty=False)], ["uuid3"], 0.5)
    assert plan.words == [["osd", "crush", "reweight", "osd.3", "2"]]


def test_what_somebody_has_chosen_stays() -> None:
    chosen = [osd(1, 1.0, is_empty=False), osd(2, 0.0, is_empty=False)]
    assert plan_weights(chosen, [], 0.5).words == []


def test_the_note_goes_in_the_end() -> None:
    plan = plan_weights([osd(3, 1.9999, is_empty=False)], ["uuid3", "purged"], 0.5)
    assert plan.words == [["config-key", "rm", NOTE]]


def test_progress_in_words() -> None:
    assert show_progress(plan_weights([osd(3, 0.5), osd(4, 0.5)], ["uuid3", "uuid4"], 0.5), ["x"]) == (
        "2 OSDs have 25 % of the weight; x"
    )
    assert show_progress(plan_weights([osd(3, 1.0)], ["uuid3"], 0.5), []) == "1 OSD has 50 % of the weight"
    assert show_progress(plan_weights([], [], 0.5), []) == "done"
