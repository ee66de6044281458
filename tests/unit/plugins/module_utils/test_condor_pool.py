# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ads of a pool, and which hosts drain by them; the modules' cases show the rest."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.sitewright.grid.plugins.module_utils._condor_drain import (
    find_drain,
    find_missing,
    plan_words,
)
from ansible_collections.sitewright.grid.plugins.module_utils._condor_pool import (
    check_host_names,
    is_of,
    of_hosts,
    parse_ads,
    sum_slots,
    version_of,
)
from ansible_collections.sitewright.grid.plugins.module_utils._drain import MARK


def slot(**attributes: t.Any) -> dict[str, t.Any]:
    return {
        "MyType": "Machine",
        "Machine": "w1.example.org",
        "Name": "slot1@w1.example.org",
        "SlotType": "Partitionable",
        "State": "Unclaimed",
        "Activity": "Idle",
        **attributes,
    }


def draining(reason: str, activity: str = "Idle") -> dict[str, t.Any]:
    return slot(State="Drained", Activity=activity, Draining=True, DrainReason=reason, DrainingRequestId="7")


@pytest.mark.parametrize(("printed", "ads"), [("", []), ("\n", []), ('[{"Name": "a"}]\n', [{"Name": "a"}])])
def test_no_ad_is_nothing_printed(printed: str, ads: list[dict[str, t.Any]]) -> None:
    assert parse_ads(printed) == ads


@pytest.mark.parametrize(
    ("machine", "host", "is_its"),
    [
        ("w1", "w1", True),
        ("W1.example.org", "w1", True),
        ("w1.example.org", "w1.example.org", True),
        ("w11", "w1", False),
        ("w1.example.org", "w1.example.com", False),
        ("", "w1", False),
    ],
)
def test_a_short_name_means_the_host_of_any_domain(machine: str, host: str, is_its: bool) -> None:
    assert is_of({"Machine": machine}, host) is is_its


def test_hosts_are_an_expression_and_nothing_else_gets_into_it() -> None:
    assert of_hosts(["w1", "w2.x.org"]) == 'regexp("^(w1|w2[.]x[.]org)([.].*)?$", Machine, "i")'
    assert check_host_names(["w1", "w2.x.org", 'w") || (true', "w|x", "", "-w"]) == ['w") || (true', "w|x", "", "-w"]


@pytest.mark.parametrize(
    ("text", "version"),
    [("$CondorVersion: 23.9.6 2024-08-08 $", "23.9.6"), ("", None), (None, None)],
)
def test_versions(text: str | None, version: str | None) -> None:
    assert version_of({"CondorVersion": text}) == version


def test_a_pool_without_slots_has_nothing() -> None:
    assert sum_slots([])["slots"] == 0


@pytest.mark.parametrize(
    ("ads", "state", "words", "missing"),
    [
        ([], "drained", None, []),
        ([slot()], "drained", ["-quick", "-reason", f"{MARK}new", "slot1@w1.example.org"], ["w1 does not drain"]),
        ([draining(f"{MARK}new", "Retiring")], "drained", None, ["w1 still drains"]),
        ([draining(f"{MARK}new")], "drained", None, []),
        ([draining("by hand")], "drained", None, []),
        ([slot()], "cancelled", None, []),
        (
            [draining(f"{MARK}new")],
            "cancelled",
            ["-cancel", "-request-id", "7", "slot1@w1.example.org"],
            ["w1 still drains"],
        ),
        # Never somebody else's, nor one that was ordered for another reason.
        ([draining("by hand")], "cancelled", None, []),
        ([draining(f"{MARK}old")], "cancelled", None, []),
    ],
)
def test_what_a_host_needs(
    ads: list[dict[str, t.Any]], state: str, words: list[str] | None, missing: list[str]
) -> None:
    drain = find_drain("w1", ads)
    assert plan_words(drain, state, "quick", "new") == words
    assert find_missing([drain], state, "new") == missing


def test_a_host_is_not_drained_before_all_its_slots_are() -> None:
    two = [draining(f"{MARK}new"), {**draining(f"{MARK}new", "Retiring"), "Name": "slot2@w1.example.org"}]
    assert not find_drain("w1", two).is_drained
