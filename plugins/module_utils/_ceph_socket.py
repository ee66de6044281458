# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: a Ceph daemon asked over its admin socket, without starting the ceph command.

An answer takes a few milliseconds; C(ceph daemon) would take half a second. The protocol (src/common/admin_socket.cc of
Ceph): the request is one JSON object that ends with a zero byte, the answer four bytes of length and then text.
"""

from __future__ import annotations

import json
import socket
import struct
import typing as t

DEFAULT_PATH = "/var/run/ceph/ceph-{name}.asok"
PATIENCE = 10.0  # seconds for one answer


class NoAnswerError(Exception):
    """The daemon does not run, does not answer, or refuses the request; the text says which."""


def socket_path(name: str, options: dict[str, str]) -> str:
    """Return the admin socket of the daemon TYPE.ID, given its effective options."""
    return options.get("admin_socket", DEFAULT_PATH.format(name=name))


def ask(path: str, prefix: str, **arguments: str) -> t.Any:
    """Return the daemon's answer to this request, parsed. Raises NoAnswerError."""
    request = json.dumps({"prefix": prefix, "format": "json", **arguments}).encode() + b"\0"
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(PATIENCE)
            connection.connect(path)
            connection.sendall(request)
            (length,) = struct.unpack(">I", _receive(connection, 4))
            answer = _receive(connection, length)
    except OSError as error:
        raise NoAnswerError(f"{path}: {error.strerror or error}") from error
    try:
        return json.loads(answer)
    except ValueError as error:
        raise NoAnswerError(f"{path}: {answer.decode(errors='replace').strip()}") from error


def _receive(connection: socket.socket, length: int) -> bytes:
    received = b""
    while len(received) < length:
        part = connection.recv(length - len(received))
        if not part:
            raise OSError("the connection ended in the middle of an answer")
        received += part
    return received
