# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import re
import struct
from pathlib import Path

import pytest
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_osd import (
    MIN_SIZE,
    Found,
    Label,
    LabelError,
    Wanted,
    find_fault,
    find_keeper,
    is_of_cluster,
    parse_label,
    parse_signatures,
    parse_volumes,
)
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_osd_record import Records

UUID = "d0773486-1eac-4447-9a92-3f4d1aa66bcf"
FSID = "272abd6e-d95a-415b-93d3-f98849dafcd0"
RECORD = {"uuid": UUID, "key": "a key"}
READY = Label(UUID, {"ceph_fsid": FSID, "whoami": "3", "ready": "ready"})


def text(value: str) -> bytes:
    return struct.pack("<I", len(value)) + value.encode()


def label(description: str = "main", meta: dict[str, str] | None = None) -> bytes:
    """Write a label as Ceph 18.2.7 was seen to write it (struct version 2), in its block of 4096 bytes."""
    meta = meta or {}
    body = bytes.fromhex(UUID.replace("-", "")) + struct.pack("<QII", 10 << 30, 1795458959, 548154295)
    body += text(description) + struct.pack("<I", len(meta)) + b"".join(text(k) + text(v) for k, v in meta.items())
    header = f"bluestore block device\n{UUID}\n".encode() + struct.pack("<BBI", 2, 1, len(body))
    return (header + body + b"\x1a\x8a\xd2\x8f").ljust(4096, b"\0")


def test_a_label_is_read() -> None:
    meta = {"ceph_fsid": FSID, "whoami": "12", "osd_key": "secret\n", "mkfs_done": "yes", "ready": "ready"}
    found = parse_label(label(meta=meta))
    assert found is not None
    assert (found.uuid, found.fsid, found.id, found.key, found.ready) == (UUID, FSID, 12, "secret", True)
    assert "secret" not in repr(found)


def test_a_label_that_mkfs_has_begun_is_not_ready() -> None:
    found = parse_label(label(meta={"mkfs_done": "yes"}))
    assert found is not None
    assert (found.fsid, found.id, found.key, found.ready) == (None, None, None, False)


@pytest.mark.parametrize("block", [b"", b"\0" * 4096, b"bluestore block devic", b"XFSB" + b"\0" * 4092])
def test_no_label(block: bytes) -> None:
    assert parse_label(block) is None


@pytest.mark.parametrize(
    ("block", "message"),
    [
        (label("bluefs db"), "bluefs db of a BlueStore OSD"),
        (label(meta={"whoami": "1"})[:100], "damaged"),
        (label()[:60] + b"\0" * 4036, "damaged"),
        (label().replace(text("main"), struct.pack("<I", 4000) + b"main"), "damaged"),
        (label(meta={"whoami": "1"}).replace(b"whoami", b"\xff\xfeoami"), "damaged"),
    ],
)
def test_a_label_that_must_not_be_used(block: bytes, message: str) -> None:
    with pytest.raises(LabelError, match=message):
        parse_label(block)


@pytest.mark.parametrize(
    ("output", "kinds"),
    [
        ("", []),
        ('{"signatures": []}', []),
        ('{"signatures": [{"type": "gpt"}, {"type": "PMBR"}, {"type": "gpt"}]}', ["PMBR", "gpt"]),
    ],
)
def test_signatures(output: str, kinds: list[str]) -> None:
    assert parse_signatures(output) == kinds


def test_volumes_of_a_disk_are_named_once() -> None:
    row = {"pv_name": "/dev/sdb", "vg_name": "v", "lv_path": "/dev/v/l", "lv_tags": "ceph.type=block,ceph.osd_id=4,x"}
    found = parse_volumes(json.dumps({"report": [{"pv": [row, row]}]}))
    assert [volume.tags for volume in found["/dev/sdb"]] == [{"ceph.type": "block", "ceph.osd_id": "4"}]


DISK = Wanted("/dev/sdb")
FILE = Wanted("/srv/osd0", size=MIN_SIZE)


@pytest.mark.parametrize(
    ("wanted", "found", "record"),
    [
        (DISK, Found("block", MIN_SIZE), None),
        (DISK, Found("block", MIN_SIZE, label=READY), None),
        (DISK, Found("block", MIN_SIZE, label=Label(UUID)), RECORD),
        (DISK, Found("block", MIN_SIZE, busy=True), RECORD),
        (FILE, Found("missing"), None),
        (FILE, Found("file", 0), None),
        (FILE, Found("file", MIN_SIZE, written=True), RECORD),
        (Wanted("/dev/sdb", method="lvm"), Found("block", MIN_SIZE, signatures=["LVM2_member"], group=""), RECORD),
        (
            Wanted("/dev/sdb", method="lvm"),
            Found("block", MIN_SIZE, signatures=["LVM2_member"], group=f"ceph-{UUID}", busy=True),
            RECORD,
        ),
    ],
)
def test_no_fault(wanted: Wanted, found: Found, record: dict[str, str] | None) -> None:
    assert find_fault(wanted, found, FSID, record) is None


@pytest.mark.parametrize(
    ("wanted", "found", "record", "message"),
    [
        (DISK, Found("missing"), None, "no such device"),
        (DISK, Found("file", MIN_SIZE), None, "no block device"),
        (DISK, Found("other"), None, "no block device"),
        (DISK, Found("block", MIN_SIZE - 1), None, "5 GiB"),
        (DISK, Found("block", MIN_SIZE, busy=True), None, "in use"),
        (DISK, Found("block", MIN_SIZE, signatures=["gpt"]), None, "holds gpt; wipe it"),
        (DISK, Found("block", MIN_SIZE, signatures=["xfs"]), RECORD, "holds xfs; wipe it"),
        (DISK, Found("block", MIN_SIZE, signatures=["LVM2_member"], group="vg0"), RECORD, "LVM2_member.*method lvm"),
        (DISK, Found("block", damage="its BlueStore label is damaged"), RECORD, "damaged; wipe it"),
        (DISK, Found("block", label=Label(UUID)), None, f"beginnings of an OSD.*{UUID}"),
        (DISK, Found("block", label=Label(UUID)), {"uuid": "another"}, "beginnings of an OSD"),
        (DISK, Found("block", label=Label(UUID, {"ceph_fsid": "x" * 36})), RECORD, "another Ceph cluster .fsid xxx"),
        (FILE, Found("block", MIN_SIZE), None, "leave the size out"),
        (FILE, Found("file", 10, written=True), None, "data in it; delete it"),
        (Wanted("/srv/o", 1), Found("missing"), None, "it has 1 bytes"),
        (Wanted("/run/o", MIN_SIZE), Found("missing"), None, "below /run/"),
        (Wanted("/dev/sdq", MIN_SIZE), Found("missing"), None, "below /dev/"),
        (Wanted("/srv/o", MIN_SIZE, method="lvm"), Found("missing"), None, "method lvm"),
    ],
)
def test_fault(wanted: Wanted, found: Found, record: dict[str, str] | None, message: str) -> None:
    fault = find_fault(wanted, found, FSID, record)
    assert fault is not None
    assert re.search(message, fault), fault


ALIEN = Label(UUID, {"ceph_fsid": "x" * 36, "whoami": "3", "ready": "ready"})


@pytest.mark.parametrize(
    ("wanted", "found", "record", "wipe"),
    [
        (DISK, Found("block", label=READY), None, True),
        (DISK, Found("block"), RECORD, True),
        (DISK, Found("block", label=Label(UUID)), RECORD, True),
        (FILE, Found("file", label=READY), None, False),
        (FILE, Found("file"), RECORD, False),
    ],
)
def test_what_a_purge_takes(wanted: Wanted, found: Found, record: dict[str, str] | None, wipe: bool) -> None:
    assert is_of_cluster(found, FSID, record)
    assert find_keeper(wanted, found, FSID, record, wipe) is None


@pytest.mark.parametrize(
    ("wanted", "found", "record"),
    [
        (DISK, Found("missing"), RECORD),
        (DISK, Found("other"), RECORD),
        (DISK, Found("block", signatures=["xfs"]), None),
        (FILE, Found("file", written=True), None),
    ],
)
def test_what_a_purge_has_nothing_to_do_with(wanted: Wanted, found: Found, record: dict[str, str] | None) -> None:
    assert not is_of_cluster(found, FSID, record)
    assert find_keeper(wanted, found, FSID, record, wipe=True) is None


@pytest.mark.parametrize(
    ("wanted", "found", "record", "wipe", "message"),
    [
        (DISK, Found("block", label=READY), None, False, "wiped only on request"),
        (DISK, Found("block"), RECORD, False, "wiped only on request"),
        (DISK, Found("block", label=ALIEN), RECORD, True, "another Ceph cluster"),
        (DISK, Found("block", label=Label(UUID)), None, True, "beginnings of an OSD"),
        (DISK, Found("block", damage="its BlueStore label is damaged"), RECORD, True, "damaged"),
        (DISK, Found("file", label=READY), None, True, "without a size"),
    ],
)
def test_what_a_purge_keeps_and_names(
    wanted: Wanted, found: Found, record: dict[str, str] | None, wipe: bool, message: str
) -> None:
    assert message in (find_keeper(wanted, found, FSID, record, wipe) or "")


def test_an_unknown_cluster_is_not_another_one() -> None:
    assert find_fault(DISK, Found("block", MIN_SIZE, label=READY), None, None) is None


def test_records_outlive_a_run_and_vanish_when_done(tmp_path: Path) -> None:
    path = tmp_path / "new.json"
    Records(str(path), FSID).add({"/dev/sdb": RECORD, "/dev/sdc": RECORD})
    assert path.stat().st_mode & 0o777 == 0o600
    later = Records(str(path), FSID)
    assert later.get("/dev/sdb") == RECORD
    assert Records(str(path), "another cluster").get("/dev/sdb") is None
    later.drop(["/dev/sdb", "/dev/none"])
    assert Records(str(path), FSID).get("/dev/sdb") is None
    later.drop(["/dev/sdc"])
    assert not path.exists()
