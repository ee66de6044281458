# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import struct
from pathlib import Path

import pytest
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_conf import ConfError
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_keyring import (
    Entity,
    KeyringError,
    Wanted,
    describe,
    generate_argv,
    key_type,
    parse_keyring,
    plan_keyring,
    read_keyring,
    render_keyring,
)


def make_key(kind: int, length: int, secret: bytes) -> str:
    """Return a key of this form; the tests' keys belong to no cluster."""
    return base64.b64encode(struct.pack("<HIIH", kind, 1735681862, 0, length) + secret).decode()


AES = make_key(1, 16, bytes(range(16)))
AES_2 = make_key(1, 16, bytes(range(1, 17)))
AES256K = make_key(2, 32, bytes(range(32)))


@pytest.mark.parametrize(
    ("key", "length", "expected"),
    [(AES, 40, "aes"), (AES256K, 60, "aes256k"), ("AQCR5RtlDuy8DRAAk1GYLOdJUtPGYZtl3EQPPw==", 40, "aes")],
)
def test_key_type(key: str, length: int, expected: str) -> None:
    assert len(key) == length
    assert key_type(key) == expected


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ("", "cut short: 0 bytes"),
        ("!" * 40, "not valid base64"),
        (AES[:-1], "not valid base64"),
        (AES[:8], "cut short: 6 bytes, expected 28"),
        (make_key(0, 16, bytes(16)), "unknown type 0"),
        (make_key(3, 16, bytes(16)), "unknown type 3"),
        (make_key(1, 32, bytes(32)), "the aes key says 32 bytes of secret and has 32, expected 16"),
        (make_key(1, 16, bytes(15)), "the aes key says 16 bytes of secret and has 15"),
        (make_key(2, 32, bytes(16)), "the aes256k key says 32 bytes of secret and has 16"),
    ],
)
def test_what_is_no_key(key: str, problem: str) -> None:
    with pytest.raises(KeyringError, match=problem) as error:
        key_type(key)
    assert not key or key not in str(error.value)


def test_a_keyring_of_ceph_authtool_is_read_and_written_alike() -> None:
    text = (
        f'[mon.]\n\tkey = {AES}\n\tcaps mon = "allow *"\n'
        f'[client.admin]\n\tkey = {AES256K}\n\tauid = 0\n\tcaps mds = "allow"\n\tcaps osd = "allow \\"x\\" y"\n'
    )
    keyring = parse_keyring(text)
    assert keyring == {
        "mon.": Entity(AES, {"mon": "allow *"}),
        "client.admin": Entity(AES256K, {"mds": "allow", "osd": 'allow "x" y'}, auid="0"),
    }
    assert render_keyring(keyring) == text


@pytest.mark.parametrize("caps", ["", "allow *", 'a "b" c', "a # b ; c", "back\\slash", "'single'"])
def test_caps_survive(caps: str) -> None:
    keyring = {"client.a": Entity(AES, {"mon": caps})}
    assert parse_keyring(render_keyring(keyring)) == keyring


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("[client.a]\n\tkey = AQBF", 2, r"the key is cut short: 3 bytes.*\(client.a\)"),
        (f"[client.a]\nkey = {AES}\n[client.b]\ncaps mon = x\n", 3, "client.b has no key"),
        (f"[client.a]\nkey = {AES}\nfoo = 1\n", 3, "expected 'key'"),
        (f"[admin]\nkey = {AES}\n", 1, "the section is no entity"),
        (f"[client.a\nkey = {AES}\n", 1, "does not end with its bracket"),
        (f"[client.a]\n{AES}\n", 2, "expected 'key'"),
        (f'[client.a]\nkey = {AES}\ncaps mon = "allow', 3, "does not end with its quote"),
        (f"key = {AES}\n", 1, "before the first"),
        ("\0\0\0\n", 1, "expected 'option = value'"),
    ],
)
def test_a_damaged_line_is_named_without_the_key(text: str, line: int, problem: str) -> None:
    with pytest.raises(ConfError, match=problem) as error:
        parse_keyring(text)
    assert error.value.line == line
    assert AES[:20] not in str(error.value)


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "keyring"
    path.write_bytes(b"[client.a]\n\xff\xfe\n")
    with pytest.raises(KeyringError, match=r"keyring .*/keyring is damaged, line 2: .*; restore it"):
        read_keyring(str(path))


def test_no_file_is_an_empty_keyring(tmp_path: Path) -> None:
    assert read_keyring(str(tmp_path / "missing")) == {}


@pytest.mark.parametrize(
    ("wanted", "replace_keys", "expected"),
    [
        ([], False, Entity(AES, {"mon": "x"})),
        ([Wanted("client.a", None, None)], False, Entity(AES, {"mon": "x"})),
        ([Wanted("client.a", AES, None)], False, Entity(AES, {"mon": "x"})),
        ([Wanted("client.a", None, {"osd": "y"})], False, Entity(AES, {"osd": "y"})),
        ([Wanted("client.a", None, {})], False, Entity(AES, {})),
        ([Wanted("client.a", AES_2, None)], True, Entity(AES_2, {"mon": "x"})),
        ([Wanted("client.a", None, None)], True, Entity(AES, {"mon": "x"})),
    ],
)
def test_plan_of_an_entity_that_is_there(wanted: list[Wanted], replace_keys: bool, expected: Entity) -> None:
    have = {"client.a": Entity(AES, {"mon": "x"})}
    assert plan_keyring(have, wanted, replace_keys) == {"client.a": expected}
    assert have == {"client.a": Entity(AES, {"mon": "x"})}


def test_plan_of_new_entities() -> None:
    wanted = [Wanted("client.a", None, None), Wanted("client.b", AES, {"mon": "x"})]
    assert plan_keyring({}, wanted, False) == {"client.a": Entity(None), "client.b": Entity(AES, {"mon": "x"})}


def test_a_key_is_not_replaced_unless_told() -> None:
    with pytest.raises(KeyringError, match=r"client\.a is there with another key") as error:
        plan_keyring({"client.a": Entity(AES)}, [Wanted("client.a", AES_2, None)], False)
    assert AES not in str(error.value)
    assert AES_2 not in str(error.value)


def test_describe_shows_no_key() -> None:
    before = {"client.a": Entity(AES), "client.b": Entity(AES)}
    after = {"client.a": Entity(AES, {"osd": "y", "mon": "x"}), "client.b": Entity(AES256K), "client.c": Entity(None)}
    assert describe(after, before) == {
        "client.a": {"key": "aes, present", "caps": {"mon": "x", "osd": "y"}},
        "client.b": {"key": "aes256k, replaced", "caps": {}},
        "client.c": {"key": "generated", "caps": {}},
    }


@pytest.mark.parametrize(
    ("executable", "expected"),
    [
        ("ceph-authtool", ["ceph-authtool", "--gen-print-key"]),
        ("/opt/bin/cauthtool", ["/opt/bin/cauthtool", "--create-keyring", "--gen-key", "-n", "client.new"]),
    ],
)
def test_generate_argv(executable: str, expected: list[str]) -> None:
    assert generate_argv(executable) == expected
