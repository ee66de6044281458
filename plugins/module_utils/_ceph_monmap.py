# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: the monitors that a ceph.conf names, and monmap files through monmaptool."""

from __future__ import annotations

import ipaddress
import re
import typing as t

from ansible_collections.sitewright.grid.plugins.module_utils._ceph_conf import Conf, ConfError, effective

_V2_PORT, _V1_PORT = 3300, 6789
_ADDRESS = re.compile(r"(?:(v[12]|any):)?(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+))(?::(\d+))?(?:/\d+)?")
_PRINTED_MONITOR = re.compile(r"\d+: (\S+) mon\.(\S+)")


class Monmap(t.NamedTuple):
    """A cluster's fsid and its monitors: id to address vector, such as C([v2:192.0.2.1:3300,v1:192.0.2.1:6789])."""

    fsid: str
    monitors: dict[str, str]


def parse_address(text: str) -> str:
    """Return the address vector that Ceph makes of one monitor's address for a new monmap.

    An address without a type is v1 on port 6789, v2 on any other port, and both on their usual ports without a port
    (MonMap::_add_ambiguous_addr in Ceph's source). Raises ConfError, also for the name of a host, since a monmap needs
    numbers.
    """
    text = text.strip()
    vector = text.startswith("[") and text.endswith("]") and not _is_ip(text[1:-1])
    parts = [
        address for part in (text[1:-1].split(",") if vector else [text]) for address in _parse_single(part.strip())
    ]
    return f"[{','.join(parts)}]"


def monitors(conf: Conf) -> dict[str, str]:
    """Return the monitors of a ceph.conf, id to address vector. Raises ConfError.

    They are the sections [mon.X] with C(public addrv), C(public addr) or C(mon addr); where no such section has an
    address, they are C(mon initial members), and C(mon host) has their addresses in the same order.
    """
    named = [section[len("mon.") :] for section in conf if section.startswith("mon.") and section != "mon."]
    found = {name: address for name in named if (address := _own_address(conf[f"mon.{name}"]))}
    if found:
        for name in named:
            if name not in found:
                raise ConfError(None, f"[mon.{name}] has no address: add public_addr, as the other monitors have")
        return {name: parse_address(address) for name, address in found.items()}

    options = effective(conf, "mon.")
    names = re.split(r"[,;\s]+", options.get("mon_initial_members", "").strip(",; \t"))
    addresses = _split_addresses(options.get("mon_host", ""))
    if names == [""]:
        raise ConfError(None, "no monitors: add [mon.X] sections with public_addr, or mon_initial_members and mon_host")
    if len(names) != len(addresses):
        raise ConfError(
            None,
            f"mon_initial_members has {len(names)} names and mon_host {len(addresses)} addresses: "
            "give every monitor its address, in the same order",
        )
    return {name: parse_address(address) for name, address in zip(names, addresses)}


def create_argv(monmap: Monmap, path: str) -> list[str]:
    """Return the command that writes the monmap to path, over what is there."""
    argv = ["monmaptool", "--create", "--clobber", "--fsid", monmap.fsid, "--enable-all-features"]
    for name, address in monmap.monitors.items():
        argv += ["--addv", name, address]
    return [*argv, path]


def print_argv(path: str) -> list[str]:
    """Return the command whose output parse_monmap() reads."""
    return ["monmaptool", "--print", path]


def parse_monmap(printed: str) -> Monmap:
    """Return the monmap that C(monmaptool --print) has shown. Raises ValueError where it shows none."""
    fsid = re.search(r"^fsid (\S+)$", printed, re.MULTILINE)
    if fsid is None:
        raise ValueError("the output of monmaptool names no fsid")
    found = (_PRINTED_MONITOR.fullmatch(line) for line in printed.splitlines())
    return Monmap(fsid[1], {line[2]: parse_address(line[1]) for line in found if line})


def _own_address(options: dict[str, str]) -> str:
    return next((options[name] for name in ("public_addrv", "public_addr", "mon_addr") if options.get(name)), "")


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _parse_single(text: str) -> list[str]:
    match = _ADDRESS.fullmatch(f"[{text}]" if ":" in text and _is_ip(text) else text)
    if match is None or not _is_ip(match[2] or match[3]):
        raise ConfError(None, f"'{text}' is no address of a monitor: write an IP address, with or without a port")
    ip = ipaddress.ip_address(match[2] or match[3])
    host = f"[{ip}]" if ip.version == 6 else str(ip)
    kind, port = match[1], int(match[4] or 0)
    if kind in ("v1", "v2"):
        return [f"{kind}:{host}:{port or (_V2_PORT if kind == 'v2' else _V1_PORT)}"]
    if port == 0:
        return [f"v2:{host}:{_V2_PORT}", f"v1:{host}:{_V1_PORT}"]
    return [f"v1:{host}:{port}" if port == _V1_PORT else f"v2:{host}:{port}"]


def _split_addresses(text: str) -> list[str]:
    """Split mon_host at commas, semicolons and blanks outside of brackets."""
    return re.findall(r"(?:\[(?:[^\[\]]|\[[^\]]*\])*\]|[^\[\],;\s])+", text)
