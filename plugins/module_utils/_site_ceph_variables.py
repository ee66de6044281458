# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: the variables with which an inventory describes Ceph."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.sitewright.grid.plugins.module_utils._cli import CEPH_KEY
from ansible_collections.sitewright.grid.plugins.module_utils._site_addresses import network
from ansible_collections.sitewright.grid.plugins.module_utils._site_faults import Place
from ansible_collections.sitewright.grid.plugins.module_utils._site_values import (
    absolute_path,
    boolean,
    choice,
    each,
    keys,
    mapping,
    number,
    size,
    text,
    wrong_type,
)
from ansible_collections.sitewright.grid.plugins.module_utils._site_variables import REFUSED, Check, Variable

# Options of ceph.conf that the model computes, and what decides them.
_OWNED = {
    "fsid": "ceph_fsid",
    "mon_host": "ceph_mons and site_address",
    "mon_initial_members": "ceph_mons",
    "public_network": "site_networks",
    "cluster_network": "ceph_cluster_networks",
    "auth_cluster_required": "ceph_cephx",
    "auth_service_required": "ceph_cephx",
    "auth_client_required": "ceph_cephx",
    "ms_bind_ipv4": "site_address",
    "ms_bind_ipv6": "site_address",
    "osd_pool_default_size": "ceph_pool_size",
    "osd_pool_default_min_size": "ceph_pool_min_size",
}
_OWNED_OF_MONITORS = {"host": "ceph_mons", "mon_addr": "site_address", "public_addr": "site_address"}

_NAME = r"[A-Za-z0-9_.-]+"
_DAEMON = rf"(mon|mgr|osd|mds|client)(\.{_NAME})?"
_SECTION = re.compile(rf"global|{_DAEMON}")
# The central configuration allows masks, for example osd/class:ssd.
_MASKED_SECTION = re.compile(rf"(global|{_DAEMON})(/[a-z]+:{_NAME})*")
_UUID = r"(?!0{8}-)[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
# A file system that is mounted on one of these hides what the host needs.
_SYSTEM_DIRECTORY = re.compile(
    r"/(bin|boot|dev|etc|home|lib|lib64|opt|proc|root|run|sbin|srv|sys|tmp|usr|var|var/lib)?"
)


def _option_value(place: Place, value: t.Any) -> t.Any:
    """Check the value of a Ceph option and return it as ceph.conf has it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, (str, int, float)):
        return wrong_type(place, value, "the value of an option", "true, 300 or '0.85'")
    if isinstance(value, str) and CEPH_KEY.search(value):
        place.refuse("looks like a key, and everybody may read ceph.conf: keys belong into keyrings", value)
        return REFUSED
    if isinstance(value, str) and re.search(r"[\r\n]|(?<!\\)[#;]", value):
        place.refuse("has a line break, # or ; in it, where Ceph ends a value: remove it, or write \\# or \\;", value)
        return REFUSED
    return str(value)


def _options(place: Place, section: str, options: t.Any) -> t.Any:
    """Check the options of a section and return them in Ceph's own spelling."""
    if not isinstance(options, dict):
        return wrong_type(place, options, "a dictionary of options", "{osd_max_backfills: 1}")
    owned = {**_OWNED, **_OWNED_OF_MONITORS} if section.startswith("mon") else _OWNED
    checked: dict[str, t.Any] = {}
    for spelling, value in options.items():
        # The options of manager modules (mgr/balancer/...) have names of their own kind.
        option = spelling if "/" in spelling else re.sub(r"[\s_-]+", "_", spelling.strip())
        at = place.key(spelling)
        if re.fullmatch(r"[\w/.-]+", option) is None:
            at.refuse("is no name of an option: use letters, digits and underscores")
        elif option in owned:
            at.refuse(f"belongs to the site model: remove it, it follows from {owned[option]}", value)
        elif option in checked:
            at.refuse(f"is {option} once more, in another spelling: keep one of them", value)
        else:
            checked[option] = _option_value(at, value)
            continue
        checked[option] = REFUSED
    return REFUSED if REFUSED in checked.values() else checked


def _sections(pattern: t.Pattern[str], example: str) -> Check:
    """Return a check for dictionaries of section to option to value."""

    def check(place: Place, value: t.Any) -> t.Any:
        if not isinstance(value, dict):
            return wrong_type(place, value, "a dictionary of sections", example)
        checked: dict[str, t.Any] = {}
        for section, options in value.items():
            if pattern.fullmatch(section):
                checked[section] = _options(place.key(section), section, options)
            else:
                place.key(section).refuse("is no section: use global, mon, mgr, osd, mds, client, or one like osd.3")
                checked[section] = REFUSED
        return REFUSED if REFUSED in checked.values() else checked

    return check


def _device(place: Place, value: t.Any) -> t.Any:
    """Check one device and return it with all its keys."""
    if isinstance(value, dict):
        device = keys(
            path=absolute_path,
            size=size,
            device_class=text("a device class", "ssd", _NAME),
            method=choice("raw", "lvm"),
            retiring=boolean,
        )(place, value)
    elif isinstance(value, str):
        path = absolute_path(place, value)
        device = REFUSED if path is REFUSED else dict.fromkeys(("size", "device_class", "method", "retiring"))
        device = device if device is REFUSED else {"path": path, **device}
    else:
        device = wrong_type(place, value, "a device", "/dev/disk/by-id/NAME or {path: /srv/osd0, size: 10G}")
    if device is REFUSED or not _is_sensible(place, device):
        return REFUSED
    return {**device, "method": device["method"] or "raw", "retiring": bool(device["retiring"])}


def _is_sensible(place: Place, device: dict[str, t.Any]) -> bool:
    path: str | None = device["path"]
    if path is None:
        place.refuse("has no path: add path, the device or the file")
    elif _SYSTEM_DIRECTORY.fullmatch(path):
        place.refuse("is a directory of the system: name a device below /dev, or a file", path)
    elif path.startswith("/dev/") and device["size"] is not None:
        place.refuse("is a device, which has its own size: remove size", path)
    elif not path.startswith("/dev/") and device["size"] is None:
        place.refuse("is not below /dev: name a device, or add the size that the file is to have", path)
    elif not path.startswith("/dev/") and device["method"] == "lvm":
        place.refuse("is a file, which cannot hold LVM: remove method", path)
    else:
        return True
    return False


def _devices(place: Place, value: t.Any) -> t.Any:
    if not isinstance(value, list):
        return wrong_type(place, value, "a list of devices", "[/dev/disk/by-id/NAME]")
    devices = [_device(place.item(index), item) for index, item in enumerate(value)]
    paths = [None if device is REFUSED else device["path"] for device in devices]
    for index, path in enumerate(paths):
        if path is not None and path in paths[:index]:
            place.item(index).refuse("is named twice: name each device once", path)
            devices[index] = REFUSED
    return REFUSED if REFUSED in devices else devices


def _mount_point(place: Place, value: t.Any) -> t.Any:
    path = absolute_path(place, value)
    if path is not REFUSED and _SYSTEM_DIRECTORY.fullmatch(path):
        place.refuse("is a directory of the system, which a mount would hide: choose one like /cephfs", path)
        return REFUSED
    return path


def _directory(place: Place, value: t.Any) -> t.Any:
    if not isinstance(value, dict):
        return wrong_type(place, value, "a dictionary", "{path: /home/ann, owner: ann, group: ann, mode: '0700'}")
    account = _account("an account", "ann")
    group = _account("a group", "physics")
    mode = text("a mode", "'0750', with the quotes", r"[0-7]{3,4}")
    checked = keys(path=absolute_path, owner=account, group=group, mode=mode)(place, value)
    if checked is REFUSED:
        return REFUSED
    if checked["path"] is None:
        place.refuse("has no path: add it")
        return REFUSED
    return {name: given for name, given in checked.items() if given is not None}


def _account(wanted: str, example: str) -> Check:
    check_name = text(wanted, example, r"[A-Za-z0-9_][A-Za-z0-9_.@-]*\$?")

    def check(place: Place, value: t.Any) -> t.Any:
        is_number = isinstance(value, int) and not isinstance(value, bool)
        return check_name(place, str(value) if is_number else value)

    return check


def _directories(place: Place, value: t.Any) -> t.Any:
    checked = each(_directory, "a list of directories", "[{path: /home/ann, owner: ann}]")(place, value)
    paths = [] if checked is REFUSED else [directory["path"] for directory in checked]
    for index, path in enumerate(paths):
        if path in paths[:index]:
            place.item(index).refuse("is named twice: name each directory once", path)
            checked = REFUSED
    return checked


def _repository(place: Place, value: t.Any) -> t.Any:
    if not isinstance(value, dict):
        return wrong_type(place, value, "a dictionary", "{baseurl: https://example.org/ceph, gpgkey: /etc/ceph.asc}")
    url = text("a URL", "https://example.org/ceph", r"(https?|file)://\S+")
    source = text("a URL or a path", "https://example.org/release.asc", r"((https?|file)://|/)\S+")
    component = text("a component", "main", r"\S+")
    checked = keys(
        baseurl=url,
        gpgkey=source,
        suite=text("a suite", "trixie", r"\S+"),
        components=each(component, "a list of components", "[main]"),
    )(place, value)
    if checked is REFUSED:
        return REFUSED
    for name in ("baseurl", "gpgkey"):
        if checked[name] is None:
            place.refuse(f"has no {name}: add it")
            return REFUSED
    return {name: given for name, given in checked.items() if given is not None}


CEPH_VARIABLES = (
    Variable(
        "ceph_fsid",
        "site",
        "UUID",
        None,
        text("a UUID", "8a0e8f0e-2e34-4b4b-8d54-0a1b0e4ed1c4", _UUID),
        "The cluster's fsid. Without it a new cluster gets a random one; an existing cluster keeps its own.",
    ),
    Variable(
        "ceph_cephx",
        "site",
        "boolean",
        True,
        boolean,
        "Whether daemons and clients prove who they are with keys. Only a private network can do without.",
    ),
    Variable(
        "ceph_cluster_networks",
        "site",
        "list of networks",
        [],
        each(network, "a list of networks", "[198.51.100.0/24]"),
        "Networks of their own for the traffic between OSDs. Without any it uses site_networks.",
    ),
    Variable(
        "ceph_osd_devices",
        "host",
        "list of devices",
        [],
        _devices,
        "The devices and files that the host's OSDs use; see below.",
    ),
    Variable(
        "ceph_osd_weight_step",
        "site",
        "number",
        None,
        number(1),
        "How many GiB of their weight new OSDs of a running cluster get at a time, by weigh_osds.yml. Without it they "
        "get all of it at once.",
    ),
    Variable(
        "ceph_retiring_daemons",
        "host",
        "list of mon, mgr, mds",
        [],
        each(choice("mon", "mgr", "mds"), "a list of daemons", "[mds]"),
        "Daemons of the host that are to leave: site.yml lets them alone, retire.yml takes them away.",
    ),
    Variable(
        "ceph_pool_size",
        "site",
        "number",
        None,
        number(1),
        "How many copies a pool keeps, each on another host. Without it 3, or as many as there are hosts with "
        "OSDs where those are fewer.",
    ),
    Variable(
        "ceph_pool_min_size",
        "site",
        "number",
        None,
        number(1),
        "How many copies have to be there for a pool to be written to. Without it more than half of its size, as "
        "Ceph computes it.",
    ),
    Variable(
        "ceph_pool_sizes",
        "site",
        "dictionary of pool to number",
        {},
        mapping(number(1), "a dictionary of pool to size", "{cephfs_data: 2}"),
        "The size of single pools, in place of ceph_pool_size.",
    ),
    Variable(
        "ceph_pool_pg_nums",
        "site",
        "dictionary of pool to number",
        {},
        mapping(number(1), "a dictionary of pool to pg_num", "{cephfs_data: 32}"),
        "The number of placement groups of single pools. Without it Ceph's autoscaler decides.",
    ),
    Variable(
        "ceph_filesystem",
        "site",
        "string",
        "cephfs",
        text("the name of a file system", "cephfs", rf"({_NAME})?"),
        "The name of the CephFS; its pools are NAME_metadata and NAME_data. Empty for none.",
    ),
    Variable(
        "ceph_conf_overrides",
        "site",
        "dictionary of section to options",
        {},
        _sections(_SECTION, "{osd: {osd_max_backfills: 1}}"),
        "Further options for ceph.conf, which win over what the model writes there.",
    ),
    Variable(
        "ceph_config",
        "site",
        "dictionary of who to options",
        {},
        _sections(_MASKED_SECTION, "{osd: {osd_max_backfills: 1}}"),
        "Options for the cluster's central configuration; who may have a mask, for example osd/class:hdd.",
    ),
    Variable(
        "ceph_health_forgiven",
        "site",
        "list of health codes",
        [],
        each(text("a health code", "OSDMAP_FLAGS", r"[A-Z][A-Z0-9_]+"), "a list of health codes", "[OSDMAP_FLAGS]"),
        "Warnings of ceph health that are expected on this site, so that verify.yml forgives them.",
    ),
    Variable(
        "ceph_client_path",
        "site",
        "path",
        "/",
        absolute_path,
        "The directory of the file system that the clients' keys open and that they mount.",
    ),
    Variable(
        "ceph_client_access",
        "site",
        "rw or r",
        "rw",
        choice("rw", "r"),
        "Whether the clients may write (rw) or only read (r).",
    ),
    Variable(
        "ceph_client_mount",
        "host",
        "path",
        "/cephfs",
        _mount_point,
        "Where a client mounts the file system.",
    ),
    Variable(
        "ceph_client_method",
        "host",
        "auto, kernel or fuse",
        "auto",
        choice("auto", "kernel", "fuse"),
        "How a client mounts: by the kernel, by ceph-fuse, or by the kernel where it can and else by ceph-fuse.",
    ),
    Variable(
        "ceph_directories",
        "site",
        "list of directories",
        [],
        _directories,
        "Directories of the file system to make, each with its owner, group and mode; see below.",
    ),
    Variable(
        "ceph_package_repository",
        "host",
        "dictionary",
        None,
        _repository,
        "A package repository in place of the distribution's: baseurl and gpgkey, and on Debian suite and components.",
    ),
)
