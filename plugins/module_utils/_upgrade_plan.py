# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: what an upgrade does on which host and in which order, and what it must not do.

Nothing is remembered from run to run: the plan follows from the versions that are installed, that are available, and
that run. So the plan of a run that was interrupted is what was left to do.

Another product is added as entries of STEPS and PRODUCTS, and as what upgrade_info tells of it.
"""

from __future__ import annotations

import datetime
import re
import typing as t
from dataclasses import dataclass, field

from ansible_collections.sitewright.grid.plugins.module_utils._condor_config import parse_version

Json = t.Mapping[str, t.Any]


class Kind(t.NamedTuple):
    """A step of the order: the daemons of one kind of one product."""

    product: str
    daemon: str

    @property
    def name(self) -> str:
        """Return the step's name."""
        return f"{self.product} {self.daemon}"


# The order of Ceph's release notes (doc/releases: monitors, managers, OSDs, metadata servers, then clients), and of
# HTCondor's manual: the central manager, which has to understand the ads of all others, comes first. So it is with
# Slurm (https://slurm.schedmd.com/upgrades.html). Guests go on with the QEMU that they were booted with.
STEPS = (
    Kind("ceph", "mon"),
    Kind("ceph", "mgr"),
    Kind("ceph", "osd"),
    Kind("ceph", "mds"),
    Kind("ceph", "client"),
    Kind("condor", "manager"),
    Kind("condor", "submit"),
    Kind("condor", "execute"),
    Kind("slurm", "controller"),
    Kind("slurm", "node"),
    Kind("kvm", "host"),
)
# The names of Ceph's releases, for sentences.
_CEPH_RELEASES = {
    14: "nautilus",
    15: "octopus",
    16: "pacific",
    17: "quincy",
    18: "reef",
    19: "squid",
    20: "tentacle",
    21: "umbrella",
}


# Slurm's releases before it made two in every year, in May and November (https://slurm.schedmd.com/upgrades.html).
_SLURM_RELEASES = ((20, 2), (20, 11), (21, 8), (22, 5), (23, 2), (23, 11), (24, 5))


class Product(t.NamedTuple):
    """How a product may be upgraded: its name in sentences, and by how many series at once; any number with none."""

    title: str
    leap: int | None
    reason: str = ""

    def series(self, version: str) -> str:
        """Return the series of a version in words."""
        number = _number(version)
        if self.title == "Slurm":
            return ".".join(f"{part:02}" for part in number[:2])
        name = _CEPH_RELEASES.get(number[0]) if self.title == "Ceph" else None
        return f"{number[0]} ({name})" if name else str(number[0])

    def count(self, version: str) -> int:
        """Return which series a version is of, by their order in time."""
        number = _number(version)
        if self.title != "Slurm":
            return number[0]
        release = (*number, 0)[:2]
        if release < _SLURM_RELEASES[-1]:
            return sum(release >= one for one in _SLURM_RELEASES)
        years, first = release[0] - 24, len(_SLURM_RELEASES)
        return first + 2 * years + (release[1] >= 11)


PRODUCTS = {
    "ceph": Product("Ceph", 2, "Ceph's daemons understand those of the two releases before them, and no older ones"),
    "condor": Product(
        "HTCondor", 1, "HTCondor is upgraded series by series, and skipping one was not tested by its makers"
    ),
    # Three from 24.11 on; those before are two, and are not told apart here, for 23.11 is the first that is served.
    "slurm": Product(
        "Slurm", 3, "Slurm's daemons understand those of the three releases before them, and no older ones"
    ),
    "kvm": Product("libvirt and QEMU", None),
}
_REPLACED = " (replaced)"  # the daemon runs a program that is not the installed one any more
COLUMNS = ("step", "host", "runs", "installed", "available", "what is done")


@dataclass(frozen=True)
class Step:
    """What is done on one host in one step of the order."""

    kind: Kind
    host: str
    runs: str
    installed: str
    available: str
    deeds: tuple[str, ...]

    def cells(self) -> tuple[str, ...]:
        """Return the step as a row of the table."""
        return (self.kind.name, self.host, self.runs, self.installed, self.available, ", ".join(self.deeds))


@dataclass
class UpgradePlan:
    """The steps in their order, why they must not be done, and what the operator should know besides."""

    steps: list[Step] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    restart_before: float | None = None

    def result(self, found: t.Mapping[str, Json]) -> dict[str, t.Any]:
        """Return the plan as the filter does; found are its hosts."""
        return {
            "table": render_table(COLUMNS, [step.cells() for step in self.steps]),
            "steps": [{**step.kind._asdict(), "host": step.host, "deeds": list(step.deeds)} for step in self.steps],
            "hosts": {
                host: {
                    "steps": {step.kind.name: list(step.deeds) for step in self.steps if step.host == host},
                    "packages": {name: product["packages"] for name, product in known["products"].items()},
                    "pool_name": known.get("hostname"),
                }
                for host, known in found.items()
            },
            "faults": self.faults,
            "notes": self.notes,
            "restart_before": self.restart_before,
        }


def render_table(columns: t.Sequence[str], rows: t.Sequence[t.Sequence[str]]) -> list[str]:
    """Return the lines of a table."""
    lines = [columns, *rows]
    widths = [max(len(line[number]) for line in lines) for number in range(len(columns))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines]


def parse_restart(wish: bool | float | str | None, now: float) -> float | None:
    """Return before which moment a daemon has to have been started to be restarted, in seconds since 1970.

    The wish is true for now, a moment in ISO 8601 (without a zone it is the controller's time), or seconds. Raises
    ValueError for anything else.
    """
    if isinstance(wish, bool) or wish is None:
        return now if wish else None
    text = str(wish).strip()
    if text.lower() in ("true", "yes", "on"):
        return now
    if text.lower() in ("false", "no", "off", ""):
        return None
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    return datetime.datetime.fromisoformat(text).timestamp()


def plan_upgrade(
    site: Json,
    found: t.Mapping[str, Json],
    filesystems: t.Mapping[str, Json] | None = None,
    restart_before: float | None = None,
    remount: bool = False,
) -> UpgradePlan:
    """Return the plan for these hosts.

    site is the site model, found maps each host of the run to what upgrade_info has returned of it, filesystems are
    those of the cluster with their settings. restart_before asks for the restart of all daemons that were started
    before it, remount for a new mount where the client's program was replaced.
    """
    plan = UpgradePlan(restart_before=restart_before)
    members = {host: site["hosts"][host] for host in site["hosts"] if host in found}
    found = {host: narrow(found[host], products_of(serves)) for host, serves in members.items()}
    for kind in STEPS:
        for host, serves in members.items():
            if kind.daemon in roles(serves, kind.product):
                step = _step(kind, host, serves, found[host], plan, remount)
                if step:
                    plan.steps.append(step)
    plan.faults += [fault for host in members for fault in _host_faults(host, found[host])]
    for product in PRODUCTS:
        known = {host: it["products"][product] for host, it in found.items() if product in it["products"]}
        plan.faults += _product_faults(product, known)
    plan.faults += _order_faults(site, found) + _mds_faults(plan, filesystems or {})
    return plan


def roles(serves: Json, product: str) -> list[str]:
    """Return the kinds of daemons of a product that a host of the site model runs."""
    if product == "condor":
        condor = serves["condor"]
        # All daemons of a host are restarted together, in the first of its steps.
        return list(condor["daemons"])[:1] if condor else []
    if product == "slurm":
        return list(serves["slurm"]["runs"]) if serves["slurm"] else []
    if product == "kvm":
        return ["host"] if serves["virt"] else []
    ceph = serves["ceph"]
    has = {"mon": ceph["mon"], "mgr": ceph["mgr"], "osd": ceph["osd_devices"], "mds": ceph["mds"]}
    return [*(kind for kind, given in has.items() if given), *(["client"] if ceph["client"] else [])]


def narrow(known: Json, products: t.Collection[str]) -> dict[str, t.Any]:
    """Return what is known of a host without the products that it has for itself, and not for the site."""
    return {**known, "products": {name: it for name, it in known["products"].items() if name in products}}


def products_of(serves: Json) -> list[str]:
    """Return the products that a host of the site model has."""
    return [product for product in PRODUCTS if roles(serves, product)]


def _step(kind: Kind, host: str, serves: Json, known: Json, plan: UpgradePlan, remount: bool) -> Step | None:
    product = known["products"].get(kind.product)
    if product is None or product["installed"] is None:
        return None
    daemons = {
        name: daemon
        for name, daemon in product["daemons"].items()
        if kind.product in ("condor", "kvm") or name.partition(".")[0] == kind.daemon
    }
    # The packages of a host come with the first of its steps.
    is_first = not any(step.host == host and step.kind.product == kind.product for step in plan.steps)
    deeds = ["packages"] if product["packages"] and is_first else []
    old = any(daemon["replaced"] for daemon in daemons.values()) or (bool(product["packages"]) and bool(daemons))
    aged = plan.restart_before is not None and any(
        daemon["started_at"] < plan.restart_before for daemon in daemons.values()
    )
    if kind.daemon == "client":
        deeds += _client_deeds(host, serves, old, remount, plan)
    elif old or aged:
        deeds.append("restart")
    if kind == Kind("slurm", "node") and deeds:
        # While its programs change, no job begins there.
        deeds = ["hold", *deeds]
    elif "execute" in (serves["condor"] or {"daemons": ()})["daemons"] and {"restart", "remount"} & set(deeds):
        deeds = ["drain", *deeds] if kind.product == "condor" or "remount" in deeds else deeds
    if not deeds:
        return None
    running = sorted({daemon["version"] or "?" for daemon in daemons.values()})
    replaced = _REPLACED if any(daemon["replaced"] for daemon in daemons.values()) else ""
    return Step(
        kind, host, (", ".join(running) or "-") + replaced, product["installed"], product["available"], tuple(deeds)
    )


def _client_deeds(host: str, serves: Json, old: bool, remount: bool, plan: UpgradePlan) -> list[str]:
    if not old or serves["ceph"]["client"]["method"] == "kernel":
        return []
    if remount:
        return ["remount"]
    plan.notes.append(
        f"{host} goes on with the client that has mounted {serves['ceph']['client']['mount']}. Ceph serves older "
        "clients; -e upgrade_remount=true mounts it anew where nothing uses it."
    )
    return []


def _host_faults(host: str, known: Json) -> list[str]:
    if known["family"] is None:
        return [f"{host}: its system is neither of the Debian nor of the RHEL family, whose packages are known."]
    faults = []
    for name, product in known["products"].items():
        if product["installed"] is None:
            faults.append(f"{host}: {PRODUCTS[name].title} is not installed: run site.yml first.")
        elif product["downgrades"]:
            faults.append(
                f"{host}: its repositories would take {PRODUCTS[name].title} down from {product['installed']} to "
                f"{product['available']} ({', '.join(product['downgrades'][:3])}), which it does not support: correct "
                "the repositories, or their priorities and pins."
            )
    return faults


def _product_faults(name: str, known: t.Mapping[str, Json]) -> list[str]:
    product = PRODUCTS[name]
    faults = []
    targets: dict[str, list[str]] = {}
    for host, it in known.items():
        if it["available"]:
            targets.setdefault(it["available"], []).append(host)
    running = [version for host, it in known.items() for version in _versions(host, it)]
    oldest = min(running, key=lambda one: one.number, default=None)
    for target, hosts in targets.items():
        newer = [one for one in running if one.host in hosts and one.number > _number(target)]
        if newer:
            faults.append(
                f"{newer[0].what} {newer[0].text}, but {target} is what its packages give: {product.title} must not be "
                f"downgraded. Make a repository available that has {newer[0].text} or newer."
            )
        if oldest and product.leap and product.count(target) - product.count(oldest.text) > product.leap:
            faults.append(
                f"{_some(hosts)}: {target} is too far from {oldest.text}, which {oldest.what}: from "
                f"{product.series(oldest.text)} to {product.series(target)} is more than {product.leap} series. "
                f"{product.reason}: make packages of a series in between available, upgrade to it, and then again."
            )
    series: dict[int, str] = {}
    for target, hosts in targets.items():
        # Clients may be older or newer than what they use.
        serving = [host for host in hosts if set(known[host]["daemons"]) - {"client"}]
        if serving:
            series.setdefault(_number(target)[0], f"{_some(serving)} {target}")
    if name == "ceph" and len(series) > 1:
        examples = ", ".join(series[major] for major in sorted(series))
        faults.append(f"The hosts would get Ceph of different releases ({examples}): give them the same repositories.")
    return faults


class _Version(t.NamedTuple):
    """A version that a host runs or, where nothing of the product runs, has installed."""

    host: str
    what: str
    text: str

    @property
    def number(self) -> tuple[int, ...]:
        return _number(self.text)


def _versions(host: str, known: Json) -> list[_Version]:
    if not known["daemons"]:
        return [_Version(host, f"{host} has", known["installed"])] if known["installed"] else []
    return [
        _Version(host, f"{daemon} on {host} runs", state["version"])
        for daemon, state in known["daemons"].items()
        if state["version"]
    ]


def _number(version: str) -> tuple[int, ...]:
    return parse_version(version) or (0,)


def _some(hosts: t.Sequence[str]) -> str:
    return ", ".join(hosts[:3]) + (f" and {len(hosts) - 3} more" if len(hosts) > 3 else "")


def _order_faults(site: Json, found: t.Mapping[str, Json]) -> list[str]:
    """Return why hosts must not go before those that the run leaves out."""
    changed = [host for host, it in found.items() if it["products"].get("ceph", {}).get("packages")]
    monitors = [monitor["host"] for monitor in (site["ceph"] or {"monitors": []})["monitors"]]
    left_out = [host for host in monitors if host not in found]
    if not left_out or set(changed) <= set(monitors):
        return []
    return [
        f"{changed[0]} would get new packages of Ceph, but the run leaves out {', '.join(left_out)}: monitors come "
        "first. Run it without --limit, or with a limit that has all monitors; bring those back that do not answer."
    ]


def _mds_faults(plan: UpgradePlan, filesystems: t.Mapping[str, Json]) -> list[str]:
    servers = [step for step in plan.steps if step.kind == Kind("ceph", "mds")]
    if not any(step.installed != step.available or step.runs.endswith(_REPLACED) for step in servers):
        return []
    return [
        f"The file system {name} has {settings['max_mds']} active metadata servers, and those of different versions do "
        f"not work together: lower it for the time of the upgrade (ceph fs set {name} max_mds 1), and run again."
        for name, settings in filesystems.items()
        if settings["max_mds"] > 1
    ]
