# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import socket
import struct
import threading
import typing as t
from pathlib import Path

import pytest
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_daemon import (
    compare,
    concerns,
    find_candidates,
    is_serving,
    ok_to_stop_argv,
    target_names,
    unit_name,
)
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_socket import NoAnswerError, ask, socket_path
from ansible_collections.sitewright.grid.plugins.module_utils._systemd import Unit, parse_show, plan_start


@pytest.mark.parametrize(
    ("running", "wanted", "candidates"),
    [
        ({}, {}, []),
        ({"osd_op_complaint_time": {"default": 30, "file": 31}}, {"osd_op_complaint_time": "31"}, []),
        ({"osd_op_complaint_time": {"default": 30, "file": 31}}, {}, ["osd_op_complaint_time"]),
        ({}, {"osd_op_complaint_time": "30"}, ["osd_op_complaint_time"]),
        ({"debug_osd": {"file": "3/3"}}, {"debug_osd": "3"}, ["debug_osd"]),
        ({"bluestore_cache_autotune": {"file": True}}, {"bluestore_cache_autotune": "true"}, []),
        ({"mon_host": {"file": "192.0.2.1"}, "fsid": {"file": "x"}}, {"mon_host": "192.0.2.2"}, []),
        ({"public_addr": {"cmdline": "192.0.2.1"}}, {"public_addr": "192.0.2.2"}, []),
    ],
)
def test_candidates(running: dict[str, dict[str, t.Any]], wanted: dict[str, str], candidates: list[str]) -> None:
    assert find_candidates(running, wanted) == candidates


@pytest.mark.parametrize(
    ("values", "now", "wanted", "change"),
    [
        ({"default": 30, "file": 31}, "31.000000", "31.000000", None),
        ({"default": 30, "file": 31}, "31.000000", "32.000000", ("31", "32.000000")),
        ({"default": 30, "file": 31}, "31.000000", None, ("31", "30")),
        ({"default": 30, "file": 30}, "30.000000", None, None),
        ({"default": 30, "mon": 31, "file": 31}, "31.000000", None, None),
        ({}, "true", "true", None),
        ({}, "true", "false", ("true", "false")),
        ({"default": "4", "mon": "8", "final": "8"}, "8", "8", None),
        ({"file": "/var/log/$name.log"}, "/var/log/osd.0.log", "/var/log/osd.0.log", None),
        (
            {"file": "/var/log/$name.log"},
            "/var/log/osd.0.log",
            "/srv/osd.0.log",
            ("/var/log/osd.0.log", "/srv/osd.0.log"),
        ),
        # A daemon may have overridden its file since; that it would do again.
        ({"default": 3, "file": 2, "override": 7, "final": 7}, "7", "2", None),
    ],
)
def test_compare(values: dict[str, t.Any], now: str, wanted: str | None, change: tuple[str, str] | None) -> None:
    assert compare(values, now, wanted) == change


@pytest.mark.parametrize(
    ("kind", "schema", "answer"),
    [
        ("osd", {"services": [], "flags": ["runtime"]}, True),
        ("osd", {"services": ["osd"], "flags": ["startup"]}, True),
        ("osd", {"services": ["common"], "flags": []}, True),
        ("osd", {"services": ["mon", "mgr"], "flags": ["runtime"]}, False),
        ("osd", {"services": ["osd"], "flags": ["create"]}, False),
        ("mon", {"services": [], "flags": ["cluster_create"]}, False),
    ],
)
def test_concerns(kind: str, schema: dict[str, t.Any], answer: bool) -> None:
    assert concerns(kind, schema) is answer


@pytest.mark.parametrize(
    ("name", "state", "answer"),
    [
        ("mon.a", "leader", True),
        ("mon.a", "peon", True),
        ("mon.a", "electing", False),
        ("osd.0", "active", True),
        ("osd.0", "booting", False),
        ("mds.a", "up:standby", True),
        ("mds.a", "up:replay", False),
        ("mgr.a", "running", True),
    ],
)
def test_serving(name: str, state: str, answer: bool) -> None:
    assert is_serving(name, state) is answer


def test_names() -> None:
    assert unit_name("mon.store1.example") == "ceph-mon@store1.example.service"
    assert target_names(["osd.0", "osd.1", "mon.a"]) == ["ceph-osd.target", "ceph-mon.target", "ceph.target"]
    assert ok_to_stop_argv("c", "mon.", "k", ["mon.a"])[-3:] == ["mon", "ok-to-stop", "a"]
    assert socket_path("osd.0", {}) == "/var/run/ceph/ceph-osd.0.asok"
    assert socket_path("osd.0", {"admin_socket": "/run/x"}) == "/run/x"


def test_show_is_parsed_unit_by_unit() -> None:
    shown = (
        "Id=a.service\nActiveState=active\nUnitFileState=enabled\nActiveEnterTimestampMonotonic=2500000\n\n"
        "Id=b.service\nActiveState=failed\nUnitFileState=\n"
    )
    assert parse_show(shown, 1000.0) == {
        "a.service": Unit(enabled=True, running=True, started_at=1002.5),
        "b.service": Unit(failed=True, started_at=1000.0),
    }


def test_units_are_started_in_as_few_starts_as_possible() -> None:
    units = {"a": Unit(enabled=True, running=True), "b": Unit(), "c": Unit(enabled=True, failed=True)}
    assert plan_start(units, {"t": Unit()}) == [
        ["systemctl", "reset-failed", "c"],
        ["systemctl", "enable", "t"],
        ["systemctl", "enable", "--now", "b", "c"],
    ]
    assert plan_start({"a": units["a"]}, {"t": Unit(enabled=True)}) == []


def serve(path: Path, answer: bytes) -> threading.Thread:
    """Answer one request on an admin socket with these bytes."""
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(str(path))
    server.listen()

    def work() -> None:
        connection, _address = server.accept()
        request = b""
        while not request.endswith(b"\0"):
            request += connection.recv(100)
        connection.sendall(answer)
        connection.close()
        server.close()

    thread = threading.Thread(target=work)
    thread.start()
    return thread


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (struct.pack(">I", 19) + b'{"state": "active"}', None),
        (struct.pack(">I", 17) + b"Setting not found", "Setting not found"),
        (struct.pack(">I", 99) + b'{"state": ', "middle of an answer"),
        (b"", "middle of an answer"),
    ],
)
def test_the_admin_socket_is_asked(tmp_path: Path, answer: bytes, message: str | None) -> None:
    path = tmp_path / "asok"
    thread = serve(path, answer)
    if message is None:
        assert ask(str(path), "status") == {"state": "active"}
    else:
        with pytest.raises(NoAnswerError, match=message):
            ask(str(path), "status")
    thread.join(5)


def test_a_daemon_that_does_not_run_gives_no_answer(tmp_path: Path) -> None:
    with pytest.raises(NoAnswerError, match="No such file"):
        ask(str(tmp_path / "asok"), "status")
