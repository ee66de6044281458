# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: the Ceph part of the site model."""

from __future__ import annotations

import typing as t

from ansible_collections.sitewright.grid.plugins.module_utils._site_addresses import check_disjoint, literal
from ansible_collections.sitewright.grid.plugins.module_utils._site_ceph_variables import CEPH_VARIABLES
from ansible_collections.sitewright.grid.plugins.module_utils._site_faults import (
    SITE,
    Findings,
    Place,
    enumerate_names,
)
from ansible_collections.sitewright.grid.plugins.module_utils._site_osg_worker import shared_directories
from ansible_collections.sitewright.grid.plugins.module_utils._site_product import Host, Product, Serving
from ansible_collections.sitewright.grid.plugins.module_utils._site_values import nearest
from ansible_collections.sitewright.grid.plugins.module_utils._site_variables import REFUSED, Settings

# What the hosts of each group run, in the words of the role ceph_common.
CEPH_GROUPS = {"ceph_mons": "mon", "ceph_mgrs": "mgr", "ceph_osds": "osd", "ceph_mdss": "mds", "ceph_clients": "client"}
DEFAULT_POOL_SIZE = 3

# Which group cannot do without which other.
_NEEDS = {
    "ceph_mons": ("ceph_mgrs", "ceph_osds", "ceph_mdss", "ceph_clients"),
    "ceph_osds": ("ceph_mdss", "ceph_clients"),
    "ceph_mdss": ("ceph_clients",),
}


def build_ceph(hosts: t.Mapping[str, Host], serving: Serving, settings: Settings) -> dict[str, t.Any] | None:
    """Return the part C(ceph) of the model, or None where no group of Ceph has a host.

    serving has the hosts of each of CEPH_GROUPS. What is wrong is recorded in the settings' findings.
    """
    if not any(serving[group] for group in CEPH_GROUPS):
        return None
    findings = settings.findings
    _check_groups(serving, settings)
    monitors = [_monitor(hosts[host], "mon" in _retiring(host, settings)) for host in serving["ceph_mons"]]
    _check_monitors(monitors, findings)
    _check_directories(serving, settings)
    check_disjoint(findings.at(SITE, "ceph_cluster_networks"), settings.site("ceph_cluster_networks"))
    if not settings.site("ceph_cephx"):
        findings.at(SITE, "ceph_cephx").warn(
            "is false: whoever reaches the cluster's network can read and destroy all data"
        )
    name = settings.site("ceph_filesystem") if serving["ceph_mdss"] else ""
    filesystem = {"name": name, "metadata_pool": f"{name}_metadata", "data_pools": [f"{name}_data"]} if name else None
    domains = len(serving["ceph_osds"])
    size = _pool_size(domains, settings)
    place = findings.at(SITE, "ceph_pool_min_size")
    min_size = _min_size(place, size, settings.site("ceph_pool_min_size"), "pools")
    pools = _pools([f"{name}_metadata", f"{name}_data"] if name else [], size, min_size, domains, settings)
    conf = _conf(monitors, settings)
    # Not in ceph.conf: they change as the site grows, and no daemon should restart for it.
    defaults = {"osd_pool_default_size": str(size), "osd_pool_default_min_size": str(min_size)}
    if 1 in (size, *(pool["size"] for pool in pools)):
        defaults["mon_allow_pool_size_one"] = "true"
    return {
        "fsid": settings.site("ceph_fsid") and settings.site("ceph_fsid").lower(),
        "cephx": settings.site("ceph_cephx"),
        "monitors": monitors,
        "mgrs": list(serving["ceph_mgrs"] or serving["ceph_mons"]),
        "mdss": list(serving["ceph_mdss"]),
        "osds": list(serving["ceph_osds"]),
        "clients": list(serving["ceph_clients"]),
        "conf": conf,
        "config": _config(defaults, settings),
        "config_of_running": _config_of_running(settings),
        "osd_weight_step": settings.site("ceph_osd_weight_step"),
        "pools": pools,
        "filesystem": filesystem,
        "client": {"path": settings.site("ceph_client_path"), "access": settings.site("ceph_client_access")},
        "health_forgiven": settings.site("ceph_health_forgiven"),
    }


def build_ceph_host(host: Host, serving: Serving, settings: Settings) -> dict[str, t.Any]:
    """Return the part C(ceph) of a host: what it runs of Ceph, and with which values."""

    def value(variable: str) -> t.Any:
        given = settings.host(host.name, variable)
        return None if given is REFUSED else given

    runs = {group for group in CEPH_GROUPS if host.name in serving[group]}
    devices: list[dict[str, t.Any]] | None = value("ceph_osd_devices") if "ceph_osds" in runs else []
    if "ceph_osds" in runs and devices == []:
        settings.findings.at(host.name, "ceph_osd_devices").refuse(
            "is missing, but the host is in ceph_osds: list its devices, or take it out of the group"
        )
    if not serving["ceph_mgrs"] and "ceph_mons" in runs:
        runs.add("ceph_mgrs")
    client = None
    if "ceph_clients" in runs:
        client = {
            "entity": f"client.grid.{host.short_name}",
            "mount": value("ceph_client_mount"),
            "method": value("ceph_client_method"),
            "directories": _directories(host, serving, settings),
        }
    retiring = _daemons_retiring(host, runs, serving, settings)
    runs -= {group for group in CEPH_GROUPS if CEPH_GROUPS[group] in retiring}
    daemons = [daemon for group, daemon in CEPH_GROUPS.items() if group in runs]
    return {
        "daemons": [*daemons, "fuse"] if client and client["method"] != "kernel" else daemons,
        "mon": host.short_name if "ceph_mons" in runs else None,
        "mgr": host.short_name if "ceph_mgrs" in runs else None,
        "mds": host.short_name if "ceph_mdss" in runs else None,
        "daemons_retiring": retiring,
        **_split_devices(devices or [], host.retiring),
        "client": client,
        "package_repository": value("ceph_package_repository") if runs else None,
    }


def _retiring(host: str, settings: Settings) -> list[str]:
    """Return the kinds of daemons of a host that retire alone, as they are given."""
    given = settings.host(host, "ceph_retiring_daemons")
    return [] if given is REFUSED else given


def _daemons_retiring(host: Host, runs: set[str], serving: Serving, settings: Settings) -> list[str]:
    """Return them as they are; a host that retires has none that does so alone."""
    given = _retiring(host.name, settings)
    there = [daemon for group, daemon in CEPH_GROUPS.items() if group in runs]
    place = settings.findings.at(host.name, "ceph_retiring_daemons")
    for daemon in given:
        if daemon not in there:
            runs_now = enumerate_names(there) if there else "nothing of Ceph"
            place.refuse(f"is not on the host, which has {runs_now}: take it out of the list", daemon)
    # Without a group of their own, managers are where monitors are.
    if "mon" in given and not serving["ceph_mgrs"]:
        given = [*given, "mgr"]
    return [] if host.retiring else [daemon for daemon in there if daemon in given]


def _split_devices(devices: t.Sequence[dict[str, t.Any]], all_retire: bool) -> dict[str, list[dict[str, t.Any]]]:
    """Return the devices that are served, and those that retire alone; a host that retires has all of them served."""
    parts: dict[str, list[dict[str, t.Any]]] = {"osd_devices": [], "osd_devices_retiring": []}
    for device in devices:
        part = "osd_devices_retiring" if device["retiring"] and not all_retire else "osd_devices"
        parts[part].append({name: value for name, value in device.items() if name != "retiring"})
    return parts


def _directories(host: Host, serving: Serving, settings: Settings) -> list[dict[str, t.Any]]:
    """Return the directories that a client is to make: the first one that stays makes them all.

    Workers of OSG cannot where they only read one of them.
    """
    maker = serving.first_staying("ceph_clients", "osg_workers" if settings.site("osg_app") else None)
    if host.name != maker:
        return []
    return [*settings.site("ceph_directories"), *(shared_directories(settings) if serving["osg_workers"] else [])]


def _check_directories(serving: Serving, settings: Settings) -> None:
    if not settings.site("ceph_directories"):
        return
    place = settings.findings.at(SITE, "ceph_directories")
    if not serving["ceph_clients"]:
        place.refuse("needs a client that makes them: add a host to ceph_clients")
    elif settings.site("ceph_client_access") == "r":
        place.refuse("cannot be made by clients that only read: set ceph_client_access to rw")


def _check_groups(serving: Serving, settings: Settings) -> None:
    findings = settings.findings
    for needed, groups in _NEEDS.items():
        needing = [group for group in groups if serving[group]]
        if needing and not serving[needed]:
            verb = "needs" if len(needing) == 1 else "need"
            findings.at(SITE, needed).refuse(
                f"has no host, but {enumerate_names(needing)} {verb} one: add a host to {needed}"
            )
    users = [group for group in ("ceph_mdss", "ceph_clients") if serving[group]]
    if users and not settings.site("ceph_filesystem"):
        findings.at(SITE, "ceph_filesystem").refuse(
            f"is empty, but {enumerate_names(users)} have hosts: name the file system, or empty the groups"
        )
    if not serving["ceph_osds"] and not users:
        findings.at(SITE, "ceph_osds").warn("has no host: the cluster will store nothing")


def _check_monitors(monitors: t.Sequence[dict[str, t.Any]], findings: Findings) -> None:
    names = [monitor["host"] for monitor in monitors]
    if names and all(monitor["retiring"] for monitor in monitors):
        findings.at(SITE, "ceph_mons").refuse(
            f"has only hosts that are in retiring ({enumerate_names(names)}): add another monitor first"
        )
    if names and len(names) % 2 == 0:
        findings.at(SITE, "ceph_mons").warn(
            f"has {len(names)} hosts: an odd number of monitors withstands as many failures with one host less"
        )
    addresses = [literal(monitor["address"]) for monitor in monitors]
    if len({address.version for address in addresses if address}) > 1:
        findings.at(SITE, "ceph_mons").warn(
            "has IPv4 and IPv6 addresses: every host of the site needs both kinds, or it misses some monitors"
        )


def _pool_size(domains: int, settings: Settings) -> int:
    """Return the size of pools that have none of their own."""
    wanted: int | None = settings.site("ceph_pool_size")
    place = settings.findings.at(SITE, "ceph_pool_size")
    if wanted is None:
        size = min(DEFAULT_POOL_SIZE, domains or DEFAULT_POOL_SIZE)
        if size < DEFAULT_POOL_SIZE:
            place.warn(f"is {size} instead of {DEFAULT_POOL_SIZE}, as there are no more hosts with OSDs")
        return size
    _check_domains(place, wanted, str(wanted), domains)
    if wanted == 1:
        place.warn("is 1: each device that fails takes data with it")
    return wanted


def _check_domains(place: Place, size: int, shown: str, domains: int) -> None:
    if domains and size > domains:
        there = "is 1" if domains == 1 else f"are {domains}"
        place.refuse(f"needs {size} hosts with OSDs, there {there}: lower it, or add a host to ceph_osds", shown)


def _min_size(place: Place, size: int, wanted: int | None, what: str) -> int:
    """Return how many copies have to be there of pools of this size."""
    if wanted is None:
        return size - size // 2  # as Ceph computes it
    if wanted > size:
        place.refuse(f"is above the size of {what}, {size}: lower it, or nothing could ever be written", wanted)
    return wanted


def _pools(
    names: t.Sequence[str], size: int, min_size: int, domains: int, settings: Settings
) -> list[dict[str, t.Any]]:
    """Return these pools as options of the module ceph_fs, and check the variables of single pools."""
    findings = settings.findings
    sizes, pg_nums = settings.site("ceph_pool_sizes"), settings.site("ceph_pool_pg_nums")
    for variable, values in (("ceph_pool_sizes", sizes), ("ceph_pool_pg_nums", pg_nums)):
        for name in sorted(values.keys() - set(names)):
            findings.at(SITE, variable).refuse(
                f"is for no pool of this site: {nearest(name, names)}", f"{name}: {values[name]}"
            )
    pools = []
    for name in names:
        pool = {
            "name": name,
            "size": size,
            "min_size": min_size,
            "pg_num": pg_nums.get(name),
            # The autoscaler would not leave a number that was given at that.
            "pg_autoscale_mode": "off" if name in pg_nums else "on",
            "application": "cephfs",
        }
        if name in sizes:
            own = sizes[name]
            _check_domains(findings.at(SITE, "ceph_pool_sizes"), own, f"{name}: {own}", domains)
            place = findings.at(SITE, "ceph_pool_min_size")
            pool.update(size=own, min_size=_min_size(place, own, settings.site("ceph_pool_min_size"), name))
        pools.append({**pool, "bulk": name.endswith("_data")})
    return pools


def _monitor(host: Host, retires: bool) -> dict[str, t.Any]:
    address = literal(host.address)
    shown = f"[{address}]" if address and address.version == 6 else f"{address}"
    return {
        "host": host.name,
        "id": host.short_name,
        "address": host.address,
        "addrs": f"[v2:{shown}:3300,v1:{shown}:6789]",
        "retiring": host.retiring or retires,
    }


def _config_of_running(settings: Settings) -> list[dict[str, str]]:
    """Return what the central configuration has beside, once the cluster's first OSDs are made."""
    option = "osd_crush_initial_weight"
    if any(option in options for options in settings.site("ceph_config").values()):
        return []
    wanted = {"value": "0"} if settings.site("ceph_osd_weight_step") else {"state": "absent"}
    return [{"who": "osd", "option": option, **wanted}]


def _config(defaults: dict[str, str], settings: Settings) -> list[dict[str, str]]:
    """Return the options of the central configuration, as the module ceph_config takes them."""
    sections = {**settings.site("ceph_config")}
    sections["global"] = {**defaults, **sections.get("global", {})}
    return [
        {"who": who, "option": option, "value": value}
        for who, options in sorted(sections.items())
        for option, value in sorted(options.items())
    ]


def _conf(monitors: list[dict[str, t.Any]], settings: Settings) -> dict[str, dict[str, str]]:
    """Return the sections of ceph.conf, all but the fsid."""
    auth = "cephx" if settings.site("ceph_cephx") else "none"
    options = {
        "mon_host": " ".join(monitor["addrs"] for monitor in monitors),
        "mon_initial_members": ", ".join(monitor["id"] for monitor in monitors),
        "public_network": ", ".join(settings.site("site_networks")),
        "cluster_network": ", ".join(settings.site("ceph_cluster_networks")),
        "auth_cluster_required": auth,
        "auth_service_required": auth,
        "auth_client_required": auth,
    }
    versions = {address.version for address in (literal(monitor["address"]) for monitor in monitors) if address}
    if 6 in versions:
        # Ceph binds to IPv4 alone by default.
        options["ms_bind_ipv4"] = "true" if 4 in versions else "false"
        options["ms_bind_ipv6"] = "true"
    conf = {"global": {option: value for option, value in options.items() if value}}
    for monitor in monitors:
        # A monitor that joins is in no monmap yet: it takes its own address from here.
        conf[f"mon.{monitor['id']}"] = {"host": monitor["id"], "public_addr": monitor["address"]}
    # Without restful: gone since Ceph 20, and on Debian 13 it cannot be loaded, which would be a warning for ever.
    conf["mon"] = {"mgr_initial_modules": "iostat nfs"}
    for section, overrides in settings.site("ceph_conf_overrides").items():
        conf.setdefault(section, {}).update(overrides)
    return conf


CEPH = Product(
    name="ceph",
    prefixes=("ceph_",),
    groups=tuple(CEPH_GROUPS),
    variables=CEPH_VARIABLES,
    build_site=build_ceph,
    build_host=build_ceph_host,
)
