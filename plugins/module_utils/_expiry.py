# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: until when certificates and revocation lists are good. Only their dates are read.

X.509 is DER: each value is a tag, a length and its content. This reads as far as the dates and knows no more; whether a
certificate is right is for those who rely on it.
"""

from __future__ import annotations

import base64
import binascii
import re
import typing as t
from datetime import datetime, timezone

_PEM = re.compile(rb"-----BEGIN (CERTIFICATE|TRUSTED CERTIFICATE|X509 CRL)-----(.*?)-----END \1-----", re.DOTALL)
_SEQUENCE, _INTEGER, _VERSION = 0x30, 0x02, 0xA0
_TIMES = {0x17: "%y%m%d%H%M%SZ", 0x18: "%Y%m%d%H%M%SZ"}


class Validity(t.NamedTuple):
    """What it is (V(certificate) or V(crl)), and from when to when it is good, in seconds since 1970."""

    kind: str
    issued: int
    expires: int | None


def parse_validities(content: bytes) -> list[Validity]:
    """Return the validity of each certificate and revocation list in a file, PEM or DER; others are passed over."""
    blocks = [(_kind(name), base64.b64decode(text, validate=False)) for name, text in _PEM.findall(content)]
    if not blocks and content[:1] == bytes([_SEQUENCE]):
        blocks = [("certificate", content), ("crl", content)]
    found = []
    for kind, block in blocks:
        try:
            found.append(_read(kind, block))
        except (ValueError, IndexError, binascii.Error):
            continue
    return found


def _kind(name: bytes) -> str:
    return "crl" if b"CRL" in name else "certificate"


def _read(kind: str, block: bytes) -> Validity:
    signed = _children(_children(block)[0][1])[0]
    parts = _children(signed[1])
    if kind == "certificate":
        # version?, serial number, algorithm, issuer, validity
        first = 1 if parts[0][0] == _VERSION else 0
        start, end = _children(parts[first + 3][1])[:2]
        return Validity(kind, _time(start), _time(end))
    # version?, algorithm, issuer, this update, next update?
    first = 1 if parts[0][0] == _INTEGER else 0
    start = parts[first + 2]
    end = parts[first + 3] if len(parts) > first + 3 else (0, b"")
    return Validity(kind, _time(start), _time(end) if end[0] in _TIMES else None)


def _time(value: tuple[int, bytes]) -> int:
    tag, content = value
    if tag not in _TIMES:
        raise ValueError("no date")
    return int(datetime.strptime(content.decode("ascii"), _TIMES[tag]).replace(tzinfo=timezone.utc).timestamp())


def _children(content: bytes) -> list[tuple[int, bytes]]:
    """Return the tags and contents of the values that stand one behind the other."""
    values, position = [], 0
    while position < len(content):
        tag, length = content[position], content[position + 1]
        position += 2
        if length & 0x80:
            size = length & 0x7F
            length = int.from_bytes(content[position : position + size], "big")
            position += size
        if position + length > len(content):
            raise ValueError("cut off")
        values.append((tag, content[position : position + length]))
        position += length
    return values
