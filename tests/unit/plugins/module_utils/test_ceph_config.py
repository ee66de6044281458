# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_config import is_same, parse_config, place


@pytest.mark.parametrize(
    ("wanted", "have"),
    [
        ("False", "false"),
        ("1", "true"),
        ("0", "false"),
        ("2G", "2147483648"),
        ("4Gi", "4294967296"),
        ("03", "3"),
        ("-1", "-1"),
        ("5", "5.000000"),
        ("5e-1", "0.500000"),
        ("0.10", "0.100000"),
        ("5", "5/5"),
        ("1/5", "1/5"),
        ("1m", "60"),
        ("s3, swift", "s3, swift"),
    ],
)
def test_is_same_as_what_ceph_prints(wanted: str, have: str) -> None:
    """Each pair was set with, and printed by, Ceph 18.2.7."""
    assert is_same(have, wanted) is True


@pytest.mark.parametrize(
    ("wanted", "have"),
    [
        ("true", "false"),
        ("yes", "true"),
        ("2G", "2147483647"),
        ("4Gi", "4000000000"),
        ("1m", "61"),
        ("5", "1/5"),
        ("1", "1.0"),  # a text, for a number would have six decimals
        ("balanced", "custom"),
        ("lots", "5"),
        ("5", ""),
    ],
)
def test_is_not_the_same(wanted: str, have: str) -> None:
    assert is_same(have, wanted) is False


@pytest.mark.parametrize(("kind", "expected"), [(None, None), ("uint", True), ("size", False)])
def test_the_type_decides_what_a_decimal_size_is(kind: str | None, expected: bool | None) -> None:
    assert is_same("1000", "1K", kind) is expected


def test_masks_have_no_order() -> None:
    dumped = {"section": "osd", "mask": "host:a/class:ssd", "name": "debug_osd", "value": "5/5"}
    assert parse_config([dumped]) == {place("osd/class:ssd/host:a", "debug_osd"): "5/5"}
