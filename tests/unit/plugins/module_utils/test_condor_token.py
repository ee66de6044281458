# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What HTCondor's tokens say, and when another one is needed."""

from __future__ import annotations

import base64
import json
import typing as t

import pytest
from ansible_collections.sitewright.grid.plugins.module_utils._condor_token import (
    Claims,
    parse_token,
    token_words,
    why_needed,
)

NOW = 1_700_000_000
WANTED = Claims("blueberry", "POOL", "worker1@execute.blueberry", ("READ",), None, NOW)


def encode(part: t.Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def token(header: t.Any = None, **claims: t.Any) -> str:
    said = {"iss": "blueberry", "sub": "worker1@execute.blueberry", "iat": NOW, "scope": "condor:/READ", **claims}
    return f"{encode(header or {'alg': 'HS256', 'kid': 'POOL'})}.{encode(said)}.c2lnbmF0dXJl"


def test_a_token_is_read() -> None:
    assert parse_token(f"{token(scope='condor:/READ openid condor:/DAEMON', exp=NOW + 60)}\n") == Claims(
        "blueberry", "POOL", "worker1@execute.blueberry", ("DAEMON", "READ"), NOW + 60, NOW
    )


@pytest.mark.parametrize("text", ["", "a.b", "a.b.c", token().replace(".", "!"), f"{encode([])}.{encode([])}.x"])
def test_what_is_no_token(text: str) -> None:
    assert parse_token(text) is None


def test_the_signature_is_in_nothing_that_is_shown() -> None:
    claims = parse_token(token())
    assert claims is not None
    assert "c2lnbmF0dXJl" not in f"{claims} {claims.shown()}"


@pytest.mark.parametrize(
    ("have", "lifetime", "reason"),
    [
        (None, None, "there is none"),
        (token(), None, None),
        (token(iss="other"), None, "its issuer is different"),
        (token({"kid": "OLD"}), None, "its key is different"),
        (token(sub="worker2@execute.blueberry"), None, "its identity is different"),
        (token(scope="condor:/READ condor:/DAEMON"), None, "its authorizations are different"),
        (token(scope=""), None, "its authorizations are different"),
        (token(), 3600, "it never expires"),
        (token(exp=NOW + 3600), None, "it expires"),
        (token(exp=NOW + 3600), 3600, None),
        (token(exp=NOW + 9000), 3600, "it lives too long"),
        (token(iat=NOW - 3000, exp=NOW + 600), 3600, "it expires soon"),
        (token(iat=NOW - 9000, exp=NOW - 5400), 3600, "it expires soon"),
    ],
)
def test_why_another_token_is_needed(have: str | None, lifetime: int | None, reason: str | None) -> None:
    claims = None if have is None else parse_token(have)
    assert why_needed(claims, WANTED, lifetime, 1200, NOW) == reason


def test_a_token_without_scopes_is_never_asked_for() -> None:
    """HTCondor takes a token that names no authorization for one that is good for everything."""
    words = token_words("a@execute.b", ["READ", "ADVERTISE_STARTD"], "POOL", None)
    assert words[5:] == ["-authz", "READ", "-authz", "ADVERTISE_STARTD"]
