# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_conf import (
    ConfError,
    data_directory,
    effective,
    keyring_path,
    normalise,
    parse_conf,
    uses_cephx,
)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("a = b", {"a": "b"}),
        ("a=b", {"a": "b"}),
        ("  osd  pool   default size = 2", {"osd_pool_default_size": "2"}),
        ("mon-host = a", {"mon-host": "a"}),
        ("a = b # comment", {"a": "b"}),
        ("a = b;comment", {"a": "b"}),
        ("# a = b", {}),
        (" ; a = b \\", {}),
        (r"a = b\#c\;d", {"a": "b#c;d"}),
        (r"a = x\\y", {"a": "x\\y"}),
        ('a = "b c " # d', {"a": "b c "}),
        (r"a = 'b \# c'", {"a": "b # c"}),
        (r'a = "x \" y"', {"a": 'x " y'}),
        ('a = x"y"z', {"a": 'x"y"z'}),
        ("a = b=c [d]", {"a": "b=c [d]"}),
        ("a =", {"a": ""}),
        ("a = 1\na = 2", {"a": "2"}),
        ("a = b, \\\n  c # d\ne = f", {"a": "b,   c", "e": "f"}),
        ("a = b \\\\\nc = d", {"a": "b \\", "c": "d"}),
        ("a = \\\n\nb = c", {"a": "", "b": "c"}),
        ("a = b\r\nc = d\r", {"a": "b", "c": "d"}),
        ("a = b \\", {"a": "b"}),
    ],
)
def test_lines_are_read_as_ceph_reads_them(line: str, expected: dict[str, str]) -> None:
    assert parse_conf(f"[global]\n{line}") == {"global": expected}


def test_sections_are_merged() -> None:
    text = "\n[osd] # all\na = 1\n[osd.3]\na = 2\n\n[osd]\nb = 3\n[empty]\n"
    assert parse_conf(text) == {"osd": {"a": "1", "b": "3"}, "osd.3": {"a": "2"}, "empty": {}}


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("a = b", 1, "an option stands before the first"),
        ("[global]\n\nnonsense", 3, "expected 'option = value'"),
        ("[global]\na = b \\\nc\n= d", 4, "expected 'option = value'"),
        ("[global]\n[mon.a", 2, "does not end with its bracket"),
        ("[mon] a = b", 1, "does not end with its bracket"),
        ('[global]\na = "b', 2, "does not end with its quote"),
        ('[global]\na = "b # c"', 2, "does not end with its quote"),
        ('[global]\na = "b" c', 2, "does not end with its quote"),
    ],
)
def test_a_bad_line_is_named(text: str, line: int, problem: str) -> None:
    with pytest.raises(ConfError, match=problem) as error:
        parse_conf(text)
    assert error.value.line == line


@pytest.mark.parametrize("option", ["mon host", " mon  host ", "mon_host", "mon\thost"])
def test_normalise(option: str) -> None:
    assert normalise(option) == "mon_host"


CONF = parse_conf(
    """
    [global]
    debug = 1
    where = $host/$cluster-$id.$pid
    [osd]
    osd data = /data/$name
    journal = ${osd_data}/journal
    debug = 2
    [osd.3]
    debug = 3
    a = $b
    b = $a
    [mon]
    keyring = /etc/ceph/$cluster.$name.keyring
    [client.a.b]
    who = $type:$id
    """
)


@pytest.mark.parametrize(
    ("name", "host", "expected"),
    [
        ("osd.3", None, {"debug": "3", "journal": "/data/osd.3/journal", "where": "$host/ceph-3.$pid", "a": "$a"}),
        ("osd.4", "store1", {"debug": "2", "where": "store1/ceph-4.$pid"}),
        ("mds.x", None, {"debug": "1", "where": "$host/ceph-x.$pid"}),
        ("client.a.b", None, {"who": "client:a.b"}),
    ],
)
def test_effective(name: str, host: str | None, expected: dict[str, str]) -> None:
    options = effective(CONF, name, host)
    assert {option: options[option] for option in expected} == expected


def test_an_absent_section_gives_the_global_options_only() -> None:
    assert set(effective(CONF, "mds.x")) == {"debug", "where"}


@pytest.mark.parametrize(
    ("name", "data", "keyring"),
    [
        ("osd.3", "/data/osd.3", "/data/osd.3/keyring"),
        ("mon.a", "/var/lib/ceph/mon/ceph-a", "/etc/ceph/ceph.mon.a.keyring"),
        ("mds.x", "/var/lib/ceph/mds/ceph-x", "/var/lib/ceph/mds/ceph-x/keyring"),
    ],
)
def test_paths(name: str, data: str, keyring: str) -> None:
    assert data_directory(CONF, name) == data
    assert keyring_path(CONF, name) == keyring


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("", True),
        ("auth supported = none", False),
        ("auth supported = cephx", True),
        ("auth cluster required = none", True),
        ("auth cluster required = none\nauth service required = none\nauth client required = none", False),
        ("auth cluster required = none\nauth service required = none\nauth client required = cephx, none", True),
    ],
)
def test_uses_cephx(options: str, expected: bool) -> None:
    assert uses_cephx(parse_conf(f"[global]\n{options}"), "mon.a") is expected
