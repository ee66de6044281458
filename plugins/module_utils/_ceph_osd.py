# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: what a device holds, and what makes it an OSD.

The steps that make an OSD are those of C(ceph-volume raw prepare) of Ceph 18, in another order: that command chooses
uuid and key when it runs, so that a killed run leaves an id behind in the cluster. Here both are on disk before use.
"""

from __future__ import annotations

import json
import re
import struct
import typing as t
from dataclasses import dataclass, field

MIN_SIZE = 5 << 30  # bytes; ceph-volume takes nothing smaller either
LABEL_SIZE = 4096
VOLUMES = "/dev"  # where LVM shows its volumes
_MAGIC = b"bluestore block device\n"
_HEADER = len(_MAGIC) + 36 + 1  # the magic line and the uuid's line come before the encoded part
# What ceph-osd needs in its data directory, apart from the link to the device.
DATA_FILES = ("type", "fsid", "whoami", "ceph_fsid", "ready", "keyring")
# The unit ceph-osd@ hides or protects these, or they do not outlive a reboot.
HIDDEN = r"/(dev|proc|sys|run|tmp|var/tmp|home|root|usr|boot|etc)/"


class LabelError(ValueError):
    """A BlueStore label that cannot be read."""


@dataclass(frozen=True)
class Label:
    """The label at the start of a BlueStore device: the OSD's uuid, and what ceph-osd has noted there."""

    uuid: str
    meta: dict[str, str] = field(default_factory=dict, repr=False)  # holds the OSD's key

    @property
    def fsid(self) -> str | None:
        """The cluster that the OSD belongs to; None while mkfs has not come so far."""
        return self.meta.get("ceph_fsid")

    @property
    def id(self) -> int | None:
        """The OSD's number; None while mkfs has not come so far."""
        return int(self.meta["whoami"]) if self.meta.get("whoami", "").isdigit() else None

    @property
    def key(self) -> str | None:
        """The key that the OSD was made with."""
        return self.meta.get("osd_key", "").strip() or None

    @property
    def ready(self) -> bool:
        """Tell whether mkfs has ended: it writes this word last."""
        return self.meta.get("ready") == "ready" and self.id is not None


def parse_label(block: bytes) -> Label | None:
    """Return the label in the first 4096 bytes of a device, None where there is none. Raises LabelError.

    The layout is bluestore_bdev_label_t of Ceph (src/os/bluestore/bluestore_types.cc), little endian: struct version,
    compatible version, length; uuid, size, birth time, description, and the map of texts.
    """
    if not block.startswith(_MAGIC):
        return None
    try:
        _version, _compat, length = struct.unpack_from("<BBI", block, _HEADER)
        body = block[_HEADER + 6 : _HEADER + 6 + length]
        uuid = body[:16].hex()
        offset = 16 + 8 + 8
        description, offset = _text(body, offset)
        meta = {}
        (count,) = struct.unpack_from("<I", body, offset)
        offset += 4
        for _entry in range(count):
            key, offset = _text(body, offset)
            meta[key], offset = _text(body, offset)
    except (struct.error, UnicodeDecodeError) as error:
        raise LabelError("its BlueStore label is damaged") from error
    if description != "main":
        raise LabelError(f"it is the {description} of a BlueStore OSD")
    return Label("-".join((uuid[:8], uuid[8:12], uuid[12:16], uuid[16:20], uuid[20:])), meta)


def _text(body: bytes, offset: int) -> tuple[str, int]:
    (length,) = struct.unpack_from("<I", body, offset)
    end = offset + 4 + length
    if end > len(body):
        raise struct.error("the text is longer than the label")
    return body[offset + 4 : end].decode(), end


def parse_signatures(text: str) -> list[str]:
    """Return the kinds of content that C(wipefs --no-act --json) has found, for example C(xfs) or C(gpt)."""
    found = json.loads(text)["signatures"] if text.strip() else []
    return sorted({signature["type"] for signature in found})


@dataclass(frozen=True)
class Volume:
    """A logical volume that C(ceph-volume lvm) or we have made on a disk; path is empty for a disk without one."""

    group: str
    path: str
    tags: dict[str, str]


def parse_volumes(text: str) -> dict[str, list[Volume]]:
    """Return disk to the volumes on it from C(pvs --reportformat json), one row per segment of a disk."""
    volumes: dict[str, list[Volume]] = {}
    for row in json.loads(text)["report"][0]["pv"]:
        tags = dict(tag.split("=", 1) for tag in row["lv_tags"].split(",") if "=" in tag)
        volume = Volume(row["vg_name"], row["lv_path"], tags)
        if volume not in volumes.setdefault(row["pv_name"], []):
            volumes[row["pv_name"]].append(volume)
    return volumes


@dataclass(frozen=True)
class Wanted:
    """A device as the operator wants it: size (bytes) makes it a sparse file, method is raw or lvm."""

    path: str
    size: int | None = None
    device_class: str | None = None
    method: str = "raw"


@dataclass(frozen=True)
class Found:
    """What lies at a path before anything is done: kind is missing, file, block or other; size is in bytes."""

    kind: str
    size: int = 0
    written: bool = False  # a file: does it hold any data
    busy: bool = False  # a block device: does the kernel use it for something
    signatures: t.Sequence[str] = ()
    label: Label | None = None
    damage: str | None = None  # why its label cannot be read
    group: str | None = None  # its LVM volume group


def find_fault(wanted: Wanted, found: Found, fsid: str | None, record: t.Mapping[str, str] | None) -> str | None:
    """Return why this device must not be touched, and the cure; None when it may become, or is, an OSD of this cluster.

    fsid is this cluster's, None while nobody knows it (check mode on a bare host). record is what an interrupted run
    has noted for the device.
    """
    if found.damage:
        return f"{found.damage}; {_WIPE}"
    if found.label:
        return _label_fault(found.label, fsid, record)
    return _place_fault(wanted, found) or _content_fault(found, record)


_WIPE = "wipe it if nobody needs what it holds (ceph-volume lvm zap --destroy DEVICE), or take it off the list"
_DELETE = "delete it if nobody needs what it holds, or take it off the list"


def _label_fault(label: Label, fsid: str | None, record: t.Mapping[str, str] | None) -> str | None:
    if label.fsid and fsid and label.fsid != fsid:
        return f"it belongs to an OSD of another Ceph cluster (fsid {label.fsid}); {_WIPE}"
    if not label.ready and (record is None or record["uuid"] != label.uuid):
        return f"it holds the beginnings of an OSD that this host knows nothing of (uuid {label.uuid}); {_WIPE}"
    return None


def _place_fault(wanted: Wanted, found: Found) -> str | None:
    if wanted.size is None:
        if found.kind != "block":
            what = "there is no such device" if found.kind == "missing" else "it is no block device"
            return f"{what}; correct the path, or give a size to have a sparse file made"
        size = found.size
    else:
        if found.kind not in ("missing", "file"):
            return "it has a size, which is for sparse files, but is no file; leave the size out"
        if wanted.method != "raw":
            return "a sparse file cannot be used with the method lvm; use raw"
        hidden = re.match(HIDDEN, wanted.path)
        if hidden:
            return f"below {hidden[0]} a file is hidden from the OSD's unit or does not outlive a reboot; move it"
        size = wanted.size
    if size < MIN_SIZE:
        return f"it has {size} bytes, an OSD needs at least {MIN_SIZE} (5 GiB)"
    return None


def _content_fault(found: Found, record: t.Mapping[str, str] | None) -> str | None:
    # What an interrupted run has left of its own volume group is no foreign content.
    ours = record is not None and found.group in ("", f"ceph-{record['uuid']}")
    foreign = [] if ours and list(found.signatures) == ["LVM2_member"] else found.signatures
    if foreign:
        hint = "; with the method lvm, an OSD of ceph-volume on it would be used" if "LVM2_member" in foreign else ""
        return f"it holds {', '.join(foreign)}; {_WIPE}{hint}"
    if found.busy and record is None:
        return f"it is in use (mounted, swap, or part of another device); {_WIPE}"
    if found.written and record is None:
        return f"it is a file with data in it; {_DELETE}"
    return None


def is_of_cluster(found: Found, fsid: str, record: t.Mapping[str, str] | None) -> bool:
    """Tell whether a device holds an OSD of the cluster fsid, or the beginnings that an interrupted run has noted."""
    label = found.label
    if found.kind not in ("file", "block"):
        return False
    if label and label.fsid:
        return label.fsid == fsid
    return record is not None and (label is None or label.uuid == record["uuid"])


def find_keeper(wanted: Wanted, found: Found, fsid: str, record: t.Mapping[str, str] | None, wipe: bool) -> str | None:
    """Return why a device keeps what it holds of Ceph when the OSDs of the cluster fsid go, if it does.

    wipe allows block devices to be wiped.
    """
    if found.damage:
        return found.damage
    fault = _label_fault(found.label, fsid, record) if found.label else None
    if fault or not is_of_cluster(found, fsid, record):
        return fault
    if found.kind == "file" and wanted.size is None:
        return "it is a file, but is listed without a size"
    if found.kind == "block" and not wipe:
        return f"it is a device with data of the cluster {fsid}, and devices are wiped only on request"
    return None


def zap_argv(disk: str) -> list[str]:
    """Return the command that wipes a disk, and the volumes of LVM on it.

    It leaves a device of a kind that it does not know as it is, and says that it was successful all the same. Loop
    devices are such a kind unless the variable is set.
    """
    return ["env", "CEPH_VOLUME_ALLOW_LOOP_DEVICES=1", "ceph-volume", "lvm", "zap", "--destroy", disk]


def secrets_json(key: str, device_class: str | None) -> str:
    """Return what C(ceph osd new -i -) reads: the OSD's key, and the class that it starts with."""
    secrets = {"cephx_secret": key}
    if device_class:
        secrets["crush_device_class"] = device_class
    return json.dumps(secrets)


def render_keyring(osd: int | str, key: str) -> str:
    """Return the text of the OSD's keyring file."""
    return f"[osd.{osd}]\n\tkey = {key}\n"


def new_argv(conf: str, keyring: str, uuid: str) -> list[str]:
    """Return the command that registers the OSD; the same uuid and key give the same id again."""
    identity = ["--conf", conf, "--name", "client.bootstrap-osd", "--keyring", keyring, "--connect-timeout", "30"]
    return ["ceph", *identity, "osd", "new", uuid, "-i", "-"]


def mkfs_argv(conf: str, osd: int | str, uuid: str) -> list[str]:
    """Return the command that makes the OSD's store; it reads the key, which goes into the label, from its input."""
    daemon = ["ceph-osd", "--conf", conf, "-i", str(osd), "--mkfs", "--osd-uuid", uuid]
    return [*daemon, "--osd-objectstore", "bluestore", "--setuser", "ceph", "--setgroup", "ceph", "--keyfile", "-"]


def prime_argv(directory: str, block: str) -> list[str]:
    """Return the command that fills a lost data directory from the device's label."""
    return ["ceph-bluestore-tool", "prime-osd-dir", "--path", directory, "--dev", block, "--no-mon-config"]


def group_argv(uuid: str, disk: str) -> list[str]:
    """Return the command that makes the disk a volume group of its own."""
    return ["vgcreate", "--yes", f"ceph-{uuid}", disk]


def volume_path(uuid: str) -> str:
    """Return the logical volume of the OSD, named so that the udev rules of Ceph's packages give it to ceph."""
    return f"{VOLUMES}/ceph-{uuid}/osd-block-{uuid}"


def volume_argv(fsid: str, osd: int | str, uuid: str, device_class: str | None) -> list[str]:
    """Return the command that makes the OSD's logical volume, with the tags by which ceph-volume knows it."""
    tags = {
        "block_device": volume_path(uuid),
        "cluster_fsid": fsid,
        "cluster_name": "ceph",
        "crush_device_class": device_class or "",
        "encrypted": "0",
        "osd_fsid": uuid,
        "osd_id": str(osd),
        "type": "block",
        "vdo": "0",
    }
    options = [word for tag, value in tags.items() for word in ("--addtag", f"ceph.{tag}={value}")]
    name = f"osd-block-{uuid}"
    return ["lvcreate", "--yes", "--extents", "100%FREE", "--name", name, *options, f"ceph-{uuid}"]


def class_argvs(conf: str, keyring: str, osd: int | str, device_class: str) -> list[list[str]]:
    """Return the commands by which the OSD itself changes its class; its profile allows it that."""
    ceph = osd_argv(conf, keyring, osd)
    return [
        [*ceph, "osd", "crush", "rm-device-class", f"osd.{osd}"],
        [*ceph, "osd", "crush", "set-device-class", device_class, f"osd.{osd}"],
    ]


def osd_argv(conf: str, keyring: str, osd: int | str) -> list[str]:
    """Return the start of a ceph command in the name of an OSD."""
    return ["ceph", "--conf", conf, "--name", f"osd.{osd}", "--keyring", keyring, "--connect-timeout", "30"]
