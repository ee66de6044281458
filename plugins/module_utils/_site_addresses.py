# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: addresses and networks of a site, IPv4 and IPv6."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.sitewright.grid.plugins.module_utils._site_faults import Place
from ansible_collections.sitewright.grid.plugins.module_utils._site_values import wrong_type
from ansible_collections.sitewright.grid.plugins.module_utils._site_variables import REFUSED

try:
    import netaddr  # type: ignore[import-untyped]

    HAS_NETADDR = True
except ImportError:
    HAS_NETADDR = False

_LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST_NAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(\.{_LABEL})*")
_MEANT_AS_ADDRESS = re.compile(r"[\d.]+|.*[:%/].*")


def literal(address: str | None) -> t.Any:
    """Return an address that is written as one, or None for a host name or no address."""
    if address is None or not (netaddr.valid_ipv4(address, netaddr.INET_PTON) or netaddr.valid_ipv6(address)):
        return None
    return netaddr.IPAddress(address)


def address(place: Place, value: t.Any) -> t.Any:
    """Check an address or host name under which other hosts reach a host; an address is returned in its usual form."""
    if not isinstance(value, str):
        return wrong_type(place, value, "an address", "192.0.2.11")
    if _MEANT_AS_ADDRESS.fullmatch(value):
        return _address(place, value)
    if _HOST_NAME.fullmatch(value) is None:
        place.refuse("is neither an address nor a host name: correct it", value)
        return REFUSED
    if value.split(".")[0].lower() == "localhost":
        place.refuse("means every host itself: give the address that other hosts reach", value)
        return REFUSED
    return value


def _address(place: Place, value: str) -> t.Any:
    parsed = literal(value)
    if parsed is None:
        place.refuse("is no valid address: correct it", value)
        return REFUSED
    for is_meant, meaning in (
        (parsed.is_loopback(), "a loopback address, which no other host reaches"),
        (int(parsed) == 0, "the unspecified address"),
        (parsed.is_multicast(), "a multicast address"),
        (parsed.is_link_local(), "a link-local address, which means nothing without an interface"),
        (value == "255.255.255.255", "the broadcast address"),
    ):
        if is_meant:
            place.refuse(f"is {meaning}: give the address that other hosts reach", value)
            return REFUSED
    return str(parsed)


def network(place: Place, value: t.Any) -> t.Any:
    """Check a network in CIDR notation, for example 192.0.2.0/24."""
    if not isinstance(value, str):
        return wrong_type(place, value, "a network", "192.0.2.0/24")
    start, _slash, length = value.partition("/")
    try:
        whole = netaddr.IPNetwork(value) if literal(start) and length.isdigit() else None
    except netaddr.AddrFormatError:
        whole = None
    if whole is None:
        place.refuse("is no network: write it like 192.0.2.0/24 or 2001:db8::/64", value)
        return REFUSED
    if whole.ip != whole.network:
        place.refuse(f"has host bits: the network is {whole.cidr}", value)
        return REFUSED
    return str(whole)


def check_disjoint(place: Place, networks: t.Sequence[str]) -> None:
    """Refuse networks that lie in one another; the list has each only once."""
    parsed = [netaddr.IPNetwork(network) for network in networks]
    for index, later in enumerate(parsed):
        for earlier in parsed[:index]:
            if earlier in later or later in earlier:
                place.item(index).refuse(f"overlaps {earlier}: name the larger one only", str(later))


class Networks:
    """The networks that the site's addresses have to lie in; without any, every address will do."""

    def __init__(self, networks: t.Sequence[str]) -> None:
        self._networks = [netaddr.IPNetwork(network) for network in networks]
        self._shown = ", ".join(networks)

    def check(self, place: Place, address: str) -> None:
        """Refuse an address that a host cannot have in these networks; host names pass."""
        parsed = literal(address)
        if parsed is None or not self._networks:
            return
        around = [network for network in self._networks if parsed in network]
        if not around:
            place.refuse(f"lies in no site_networks [{self._shown}]: correct it, or add its network", address)
        for network in around:
            if network.size <= 2:
                continue
            if parsed == network.network:
                place.refuse(f"is the address of the network {network} itself: give the host's own", address)
            elif network.version == 4 and parsed == network.broadcast:
                place.refuse(f"is the broadcast address of {network}: give the host's own", address)
