# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: HTCondor's IDTOKENS: what a token says, and whether another one is needed.

A token is three parts in base64 with dots between them: a header, what it claims, and a signature. The signature is the
secret; nothing here returns or shows it.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import typing as t
from dataclasses import dataclass

TOKEN = re.compile(r"[\w-]+\.[\w-]+\.[\w-]+")
SCOPE = "condor:/"


@dataclass(frozen=True)
class Claims:
    """What a token says: who issued it with which key, for whom and for what, and until when (None is for ever)."""

    issuer: str
    key: str
    identity: str
    authorizations: tuple[str, ...]
    expires: int | None
    issued: int

    def shown(self) -> dict[str, t.Any]:
        """Return the claims that stay the same when a token is renewed."""
        return {
            "issuer": self.issuer,
            "key": self.key,
            "identity": self.identity,
            "authorizations": list(self.authorizations),
            "expires": self.expires is not None,
        }


def parse_token(text: str) -> Claims | None:
    """Return what a token says, or None for what is no token; the signature is not checked."""
    token = text.strip()
    if not TOKEN.fullmatch(token):
        return None
    try:
        header, claims = (json.loads(_decode(part)) for part in token.split(".")[:2])
        return Claims(
            issuer=claims["iss"],
            key=header["kid"],
            identity=claims["sub"],
            authorizations=tuple(
                sorted(scope[len(SCOPE) :] for scope in claims.get("scope", "").split() if scope.startswith(SCOPE))
            ),
            expires=claims.get("exp"),
            issued=claims.get("iat", 0),
        )
    except (binascii.Error, ValueError, KeyError, TypeError, AttributeError):
        return None


def _decode(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def why_needed(
    have: Claims | None,
    wanted: Claims,
    lifetime: int | None,
    renew_before: int,
    now: float,
    max_age: int | None = None,
) -> str | None:
    """Return why another token is needed in the place of what is there, or None where it will do.

    wanted has the claims of the token to be; whether it expires follows from lifetime. max_age is in seconds.
    """
    if have is None:
        return "there is none"
    for claim in ("issuer", "key", "identity", "authorizations"):
        if getattr(have, claim) != getattr(wanted, claim):
            return f"its {claim} {'are' if claim.endswith('s') else 'is'} different"
    if max_age is not None and now - have.issued > max_age:
        return "it is old"
    return _why_renewed(have, lifetime, renew_before, now)


def _why_renewed(have: Claims, lifetime: int | None, renew_before: int, now: float) -> str | None:
    if have.expires is None:
        return None if lifetime is None else "it never expires"
    if lifetime is None:
        return "it expires"
    if have.expires - have.issued > lifetime:
        return "it lives too long"
    return "it expires soon" if have.expires - now < renew_before else None


def token_words(identity: str, authorizations: t.Iterable[str], key: str, lifetime: int | None) -> list[str]:
    """Return the command that makes a token on the host that holds the signing key, and prints it."""
    words = ["condor_token_create", "-identity", identity, "-key", key]
    for authorization in authorizations:
        words += ["-authz", authorization]
    return words if lifetime is None else [*words, "-lifetime", str(lifetime)]
