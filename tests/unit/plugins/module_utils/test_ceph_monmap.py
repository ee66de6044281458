# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_conf import ConfError, parse_conf
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_monmap import (
    Monmap,
    create_argv,
    monitors,
    parse_address,
    parse_monmap,
)

BOTH = "[v2:192.0.2.1:3300,v1:192.0.2.1:6789]"
BOTH_2 = "[v2:192.0.2.2:3300,v1:192.0.2.2:6789]"
BOTH_6 = "[v2:[2001:db8::1]:3300,v1:[2001:db8::1]:6789]"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.0.2.1", BOTH),
        ("192.0.2.1:6789", "[v1:192.0.2.1:6789]"),
        ("192.0.2.1:3300", "[v2:192.0.2.1:3300]"),
        ("192.0.2.1:4000", "[v2:192.0.2.1:4000]"),
        ("v1:192.0.2.1", "[v1:192.0.2.1:6789]"),
        ("v2:192.0.2.1:3301/0", "[v2:192.0.2.1:3301]"),
        ("any:192.0.2.1:6789", "[v1:192.0.2.1:6789]"),
        (" [v2:192.0.2.1:3300/0, v1:192.0.2.1:6789/0] ", BOTH),
        ("2001:db8::1", BOTH_6),
        ("2001:DB8:0::1", BOTH_6),
        ("[2001:db8::1]", BOTH_6),
        ("[2001:db8::1]:6789", "[v1:[2001:db8::1]:6789]"),
        ("[v2:[2001:db8::1]:3300,v1:[2001:db8::1]:6789]", BOTH_6),
    ],
)
def test_parse_address(text: str, expected: str) -> None:
    assert parse_address(text) == expected


@pytest.mark.parametrize(
    "text", ["store1", "store1:6789", "192.0.2", "192.0.2.1:", "[v2:192.0.2.1:3300", "v3:192.0.2.1", ""]
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ConfError, match="is no address of a monitor"):
        parse_address(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[mon.a]\nhost = h1\nmon addr = 192.0.2.1:6789", {"a": "[v1:192.0.2.1:6789]"}),
        ("[mon.a]\npublic addr = 192.0.2.1\nmon addr = 192.0.2.9:6789", {"a": BOTH}),
        (f"[mon.b]\npublic addr = 192.0.2.2\n[mon.a]\npublic_addrv = {BOTH}", {"b": BOTH_2, "a": BOTH}),
        ("[global]\nmon initial members = a, b\nmon host = 192.0.2.1,192.0.2.2", {"a": BOTH, "b": BOTH_2}),
        (f"[global]\nmon_initial_members = a b\nmon_host = {BOTH},{BOTH_2}", {"a": BOTH, "b": BOTH_2}),
        (f"[global]\nmon_initial_members = a b\nmon_host = {BOTH_6} 192.0.2.2", {"a": BOTH_6, "b": BOTH_2}),
        (
            "[global]\nmon_initial_members = a\nmon_host = [2001:db8::1]:6789\n[mon.a]\nhost = h1",
            {"a": "[v1:[2001:db8::1]:6789]"},
        ),
    ],
)
def test_monitors(text: str, expected: dict[str, str]) -> None:
    found = monitors(parse_conf(text))
    assert found == expected
    assert list(found) == list(expected)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "no monitors"),
        ("[global]\nmon_host = 192.0.2.1", "no monitors"),
        ("[mon.a]\npublic_addr = 192.0.2.1\n[mon.b]\nhost = h2", r"\[mon.b\] has no address"),
        ("[global]\nmon_initial_members = a, b\nmon_host = 192.0.2.1", "has 2 names and mon_host 1 addresses"),
        ("[global]\nmon_initial_members = a\nmon_host = store1", "'store1' is no address"),
    ],
)
def test_monitors_that_cannot_be_found(text: str, problem: str) -> None:
    with pytest.raises(ConfError, match=problem):
        monitors(parse_conf(text))


def test_create_argv() -> None:
    argv = create_argv(Monmap("F", {"a": BOTH, "b": BOTH_2}), "/dir/monmap")
    assert argv == [
        *("monmaptool", "--create", "--clobber", "--fsid", "F", "--enable-all-features"),
        *("--addv", "a", BOTH, "--addv", "b", BOTH_2, "/dir/monmap"),
    ]


def test_parse_monmap() -> None:
    printed = """monmaptool: monmap file monmap
epoch 0
fsid 11111111-2222-3333-4444-555555555555
last_changed 2026-11-23T18:20:49.257801+0000
created 2026-11-23T18:20:49.257801+0000
min_mon_release 16 (pacific)
election_strategy: 1
0: [v2:192.0.2.1:3300/0,v1:192.0.2.1:6789/0] mon.a
1: v1:192.0.2.2:6789/0 mon.store-2
"""
    expected = Monmap("11111111-2222-3333-4444-555555555555", {"a": BOTH, "store-2": "[v1:192.0.2.2:6789]"})
    assert parse_monmap(printed) == expected


def test_output_that_is_no_monmap() -> None:
    with pytest.raises(ValueError, match="names no fsid"):
        parse_monmap("monmaptool: monmap file x\n")
