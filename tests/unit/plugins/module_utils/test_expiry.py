# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The dates of certificates and revocation lists, beside those that openssl has printed of them."""

from __future__ import annotations

import base64

import pytest
from ansible_collections.sitewright.grid.plugins.module_utils._expiry import Validity, parse_validities

# openssl x509 -dates: Nov 27 23:18:43 2026 GMT to Nov 27 23:18:43 2027 GMT
CERTIFICATE = b"""
-----BEGIN CERTIFICATE-----
MIICADCCAWmgAwIBAgIUFawEt+2BBsARE7rcJwSc6+bBn04wDQYJKoZIhvcNAQEL
BQAwEjEQMA4GA1UEAwwHd29ya2VyMTAeFw0yNjExMjcyMzE4NDNaFw0yNzExMjcy
MzE4NDNaMBIxEDAOBgNVBAMMB3dvcmtlcjEwgZ8wDQYJKoZIhvcNAQEBBQADgY0A
MIGJAoGBAMuL7amI3z/RhlfP1i7DeOWBkSaEQzUSKKeAve++b49BAhl8kA9hubOx
2ohK9J2lBmQ/3fMGILruiXckEGpvs6jYLIvB0f2wpsSErORl7/trpygtIatxUW87
nXH1mwDXsiKVHTe6FgAZ9mBTTV+v1S+d46/37H6vMg4fBbVX4AWhAgMBAAGjUzBR
MB0GA1UdDgQWBBR7qeAjZiXJPmqnyqTeGpDMuZ6T4zAfBgNVHSMEGDAWgBR7qeAj
ZiXJPmqnyqTeGpDMuZ6T4zAPBgNVHRMBAf8EBTADAQH/MA0GCSqGSIb3DQEBCwUA
A4GBAEZkvYCXWXkHaO0lPNZoEdL/HMGL6lyK1vcbFUu4ItPvAQAslX9PZ/AHi/wg
0Xzfa9EpcDGgHN3OFPgghIbLYljjjXpM+e6hBfN12mtFRPxntSBPIK1IxtMHUpsZ
DiPzOwURvNbURIQGgEvS+I4mNp6aZnaEPKf0HmTlncTLDNTD
-----END CERTIFICATE-----
"""
# openssl crl -lastupdate -nextupdate: Nov 27 23:18:43 2026 GMT to Dec 27 23:18:43 2026 GMT
CRL = b"""
-----BEGIN X509 CRL-----
MIHpMFQCAQEwDQYJKoZIhvcNAQELBQAwEjEQMA4GA1UEAwwHd29ya2VyMRcNMjYx
MTI3MjMxODQzWhcNMjYxMjI3MjMxODQzWqAOMAwwCgYDVR0UBAMCAQEwDQYJKoZI
hvcNAQELBQADgYEAMUOoAP1RsRsanOZRQaQtdEWl7yVokio17UGFB0l+p4e9D0Ln
zY0mZs/dxzshGOZJbsjpfuQEGDUWsv8joIUeh3nEp1hzo767UxT2IMgxNipN7xju
XeRzuZpepSobUIDLrXdiWpPAERlbhmD3dbBDpVnGWHdXQTqtI2z8B5TKxrM=
-----END X509 CRL-----
"""
START = 1795821523
OF_CERTIFICATE = Validity("certificate", START, START + 365 * 86400)
OF_CRL = Validity("crl", START, START + 30 * 86400)


def to_der(pem: bytes) -> bytes:
    return base64.b64decode(b"".join(line for line in pem.splitlines() if b"-----" not in line))


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (CERTIFICATE, [OF_CERTIFICATE]),
        (CRL, [OF_CRL]),
        (b"Subject: CN=worker1\n" + CERTIFICATE + CRL, [OF_CERTIFICATE, OF_CRL]),
        (to_der(CERTIFICATE), [OF_CERTIFICATE]),
        (to_der(CRL), [OF_CRL]),
        (b"", []),
        (b"nothing of the kind", []),
        (to_der(CERTIFICATE)[:90], []),
        (CERTIFICATE.replace(b"CERTIFICATE", b"PRIVATE KEY"), []),
        (b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", []),
    ],
)
def test_validities(content: bytes, found: list[Validity]) -> None:
    assert parse_validities(content) == found


def test_dates_after_2049_and_lists_without_a_next_update() -> None:
    later = bytearray(to_der(CERTIFICATE).replace(b"\x17\x0d271127231843Z", b"\x18\x0f20551127231843Z"))
    later[3] += 2  # the lengths of what it is in
    later[7] += 2
    later[later.index(b"\x17\x0d") - 1] += 2
    assert parse_validities(bytes(later)) == [Validity("certificate", START, START + 10592 * 86400)]
    without = bytearray(to_der(CRL).replace(b"\x17\x0d261227231843Z", b""))
    without[2] -= 15
    without[4] -= 15
    assert parse_validities(bytes(without)) == [Validity("crl", START, None)]
