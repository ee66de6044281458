# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The slots of an execution point, and their accounts."""

from __future__ import annotations

import pytest
from ansible_collections.sitewright.grid.plugins.module_utils._condor_slots import (
    Account,
    check_name,
    parse_accounts,
    plan_accounts,
    plan_removal,
    read_accounts,
    slot_accounts,
)

ACCOUNTS = """\
root:x:0:0:root:/root:/bin/bash
slot1_1:x:998:998:HTCondor slot:/:/usr/sbin/nologin
slot1_2:x:997:997:HTCondor slot:/:/usr/sbin/nologin
slot1_3:x:1005:1005:Somebody:/home/slot1_3:/bin/bash
slot1_4:x:996:996:with a shell:/:/bin/sh
slots:x:995:995::/:/usr/sbin/nologin
+nis
"""


@pytest.mark.parametrize(
    ("config", "per_slot", "version", "names"),
    [
        ({}, None, (23, 9, 6), ["1_1", "1_2"]),
        ({}, 3, (23, 9, 6), ["1_1", "1_2", "1_3"]),
        ({}, None, None, ["1_1", "1_2"]),
        ({}, None, (10, 0, 9), ["1", "2"]),
        ({"NUM_SLOTS": "3"}, None, (25, 0, 0), ["1", "2", "3"]),
        (
            {"NUM_SLOTS_TYPE_1": "1", "SLOT_TYPE_1_PARTITIONABLE": "True", "NUM_SLOTS_TYPE_2": "2"},
            None,
            (25, 0, 0),
            ["1_1", "1_2", "2", "3"],
        ),
        ({"NUM_SLOTS_TYPE_1": "2", "SLOT_TYPE_1_PARTITIONABLE": "yes"}, 1, (25, 0, 0), ["1_1", "2_1"]),
        # What only HTCondor can evaluate is taken for as many as there are CPUs.
        ({"NUM_SLOTS_TYPE_1": "$(N)"}, None, (25, 0, 0), ["1", "2"]),
    ],
)
def test_every_slot_has_an_account(
    config: dict[str, str], per_slot: int | None, version: tuple[int, ...] | None, names: list[str]
) -> None:
    accounts = slot_accounts(config, 2, per_slot, "job", version)
    assert accounts == {f"slot{name}": f"job{name}" for name in names}


def test_accounts_are_read() -> None:
    accounts = parse_accounts(ACCOUNTS)
    assert accounts["slot1_1"] == Account("slot1_1", 998, "/usr/sbin/nologin")
    assert [name for name, account in accounts.items() if account.is_of_system] == ["slot1_1", "slot1_2", "slots"]
    assert read_accounts(["root", "no_such_account"])["root"].uid == 0
    assert list(read_accounts(["no_such_account"])) == []


@pytest.mark.parametrize(
    ("name", "longest", "is_good"),
    [
        ("slot", 32, True),
        ("_job-1", 32, True),
        ("Slot", 32, False),
        ("1slot", 32, False),
        ("", 32, False),
        ("a b", 32, False),
        ("slot\n", 32, False),
        ("a" * 17, 16, False),
    ],
)
def test_names_of_accounts(name: str, longest: int, is_good: bool) -> None:
    assert (check_name(name, longest) is None) is is_good


def test_only_missing_accounts_are_made() -> None:
    plan = plan_accounts(parse_accounts("slot1_1:x:998:998::/:/usr/sbin/nologin"), ["slot1_1", "slot1_2"])
    assert plan.commands == [["systemd-sysusers", "--inline", 'u slot1_2 - "HTCondor slot"']]
    assert (plan.before, plan.after) == ({"accounts": ["slot1_1"]}, {"accounts": ["slot1_1", "slot1_2"]})
    assert not plan_accounts(parse_accounts(ACCOUNTS), ["slot1_1", "slot1_2"]).changed


def test_accounts_of_people_stay() -> None:
    assert plan_removal(parse_accounts(ACCOUNTS), "slot").commands == [["userdel", "slot1_1"], ["userdel", "slot1_2"]]
