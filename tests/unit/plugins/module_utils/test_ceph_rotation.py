# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import struct

import pytest
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_rotation import (
    Keys,
    describe_age,
    made_at,
    parse_keys,
    plan_rotation,
)

NOW = 1_800_000_000


def key(made: int, kind: int = 1) -> str:
    """Return a key as Ceph encodes it."""
    size = {1: 16, 2: 32}[kind]
    return base64.b64encode(struct.pack("<HIIH", kind, made, 0, size) + b"x" * size).decode()


OLD, NEW, BIG = key(NOW - 100), key(NOW), key(NOW - 100, kind=2)


def test_a_key_says_when_it_was_made() -> None:
    assert made_at(BIG) == NOW - 100
    assert describe_age(NEW) == "aes, made 2027-01-15T08:00:00Z"


def test_a_pending_key_is_the_newest() -> None:
    found = parse_keys([{"entity": "osd.0", "key": OLD, "pending_key": NEW}, {"entity": "osd.1", "key": OLD}])
    assert found["osd.0"].newest == NEW
    assert found["osd.1"].newest == OLD
    assert OLD not in repr(found)


def test_old_keys_and_begun_rotations_are_chosen() -> None:
    have = {"osd.0": Keys(OLD), "osd.1": Keys(NEW), "osd.2": Keys(NEW, NEW)}
    plan = plan_rotation(have, ["osd.2", "osd.1", "osd.0"], NOW - 50)
    assert list(plan.reasons) == ["osd.2", "osd.0"]
    assert plan.words() == [["auth", "get-or-create-pending", "osd.0"]]
    assert not plan.faults


@pytest.mark.parametrize(
    ("cipher", "wanted", "words"),
    [
        ("aes", "aes256k", [["mon", "set", "auth_preferred_cipher", "aes256k"]]),
        ("aes256k", "aes256k", []),
        ("aes256k", None, []),
        (None, "aes", []),
    ],
)
def test_the_monitors_are_told_the_type(cipher: str | None, wanted: str | None, words: list[list[str]]) -> None:
    plan = plan_rotation({"osd.0": Keys(OLD), "osd.1": Keys(BIG)}, ["osd.0"], NOW, wanted, cipher)
    assert plan.words() == [*words, ["auth", "get-or-create-pending", "osd.0"]]


def test_a_key_of_another_type_is_old() -> None:
    plan = plan_rotation({"osd.0": Keys(OLD), "osd.1": Keys(BIG)}, ["osd.0", "osd.1"], 0, "aes256k", "aes256k")
    assert plan.reasons == {"osd.0": "it is of the type aes"}


def test_nothing_is_told_where_nothing_is_made() -> None:
    assert plan_rotation({"osd.0": Keys(BIG)}, ["osd.0"], 0, "aes256k", "aes").words() == []


@pytest.mark.parametrize(
    ("wanted", "kind", "fault"),
    [(["osd.7"], None, "osd.7 does not exist"), (["osd.0"], "aes256k", "has no keys of the type aes256k")],
)
def test_what_cannot_be_is_refused(wanted: list[str], kind: str | None, fault: str) -> None:
    plan = plan_rotation({"osd.0": Keys(OLD)}, wanted, NOW, kind)
    assert fault in plan.faults[0]
    assert plan.words() == []
