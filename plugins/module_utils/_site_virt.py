# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: the part of the site model that is about virtual machines in batch jobs."""

from __future__ import annotations

import typing as t

from ansible_collections.sitewright.grid.plugins.module_utils._site_faults import Place
from ansible_collections.sitewright.grid.plugins.module_utils._site_product import Host, Product, Serving
from ansible_collections.sitewright.grid.plugins.module_utils._site_values import (
    boolean,
    choice,
    each,
    keys,
    number,
    text,
    wrong_type,
)
from ansible_collections.sitewright.grid.plugins.module_utils._site_variables import REFUSED, Settings, Variable
from ansible_collections.sitewright.grid.plugins.module_utils._virt_queue import SUBMIT_KNOBS
from ansible_collections.sitewright.grid.plugins.module_utils._vm_image import NAME, ImageError, parse_checksum

# The batch systems that can have the queue, and the group of the hosts where each runs jobs. Those of PBS are not ours.
BACKENDS = {"htcondor": "condor_executes", "slurm": "slurm_nodes", "pbs": None}
_CONTROLLERS = {"htcondor": "condor_managers", "slurm": "slurm_controllers"}


def _checksum(place: Place, value: t.Any) -> t.Any:
    if not isinstance(value, str):
        return wrong_type(place, value, "a checksum", "sha256:9f86d0...")
    try:
        parse_checksum(value)
    except ImageError:
        place.refuse("is no checksum: write sha256: and 64 hexadecimal digits, or sha512: and 128", value)
        return REFUSED
    return value


_IMAGE = keys(
    name=text("the name of an image", "debian-13", NAME),
    url=text("a URL", "https://example.org/debian-13.qcow2", r"(https?|file)://\S+"),
    checksum=_checksum,
)


def _image(place: Place, value: t.Any) -> t.Any:
    if not isinstance(value, dict):
        return wrong_type(place, value, "a dictionary", "{name: debian-13, url: https://..., checksum: sha256:...}")
    checked = _IMAGE(place, value)
    if checked is REFUSED:
        return REFUSED
    missing = [key for key, item in checked.items() if item is None]
    for key in missing:
        place.refuse(f"has no {key}: add it")
    return REFUSED if missing else checked


_IMAGES = each(_image, "a list of images", "[{name: debian-13, url: https://..., checksum: sha256:...}]")


def _images(place: Place, value: t.Any) -> t.Any:
    checked = _IMAGES(place, value)
    if checked is REFUSED:
        return REFUSED
    seen: set[str] = set()
    for index, image in enumerate(checked):
        if image["name"] in seen:
            place.item(index).refuse("has the name of another image: give each its own", image["name"])
            checked = REFUSED
        seen.add(image["name"])
    return checked


VIRT_VARIABLES = (
    Variable(
        "virt_queue_backends",
        "host",
        "list of htcondor, slurm and pbs",
        None,
        each(choice(*BACKENDS), "a list of batch systems", "[htcondor]"),
        "The batch systems whose jobs boot guests there. Without it, HTCondor and Slurm as far as they run jobs there.",
    ),
    Variable(
        "virt_queue_emulation",
        "host",
        "boolean",
        False,
        boolean,
        "Whether a host where KVM does not work is in the queue all the same; its guests are emulated, and slow.",
    ),
    Variable(
        "virt_queue_guests",
        "host",
        "number",
        None,
        number(1),
        "How many guests run on the host at once. Without it, as many as its CPUs and its memory are enough for.",
    ),
    Variable(
        "virt_queue_guest_memory",
        "host",
        "number",
        None,
        number(1),
        "How many MiB of memory a job that boots a guest may ask for; with virt_queue_guests, the host has to have so "
        "much for all of them.",
    ),
    Variable(
        "virt_queue_exclusive",
        "host",
        "boolean",
        True,
        boolean,
        "Whether the host runs no other jobs than those that boot guests; otherwise it prefers them.",
    ),
    Variable(
        "virt_queue_vm_universe",
        "host",
        "boolean",
        False,
        boolean,
        "Whether HTCondor's own VM universe boots guests there, too. It needs kvm_host_system_daemon.",
    ),
    Variable(
        "kvm_host_users",
        "host",
        "list of accounts",
        [],
        each(text("an account", "anna", r"[a-z_][a-z0-9_.-]{0,31}"), "a list of accounts", "[anna, ben]"),
        "Who may use /dev/kvm, beside the accounts of HTCondor's slots.",
    ),
    Variable(
        "kvm_host_device_mode",
        "host",
        "0660 or 0666",
        "0660",
        choice("0660", "0666"),
        "The permissions of /dev/kvm: for the group kvm, or for everybody on the host.",
    ),
    Variable(
        "kvm_host_probe_limit",
        "host",
        "number",
        5,
        number(1),
        "How many seconds the probe's boot under KVM may take; it takes a fraction of one where KVM works.",
    ),
    Variable(
        "kvm_host_images",
        "host",
        "list of images",
        [],
        _images,
        "The images that jobs can name, each with a name, a url and a checksum. Others are removed from the cache.",
    ),
    Variable(
        "kvm_host_system_daemon",
        "host",
        "boolean",
        False,
        boolean,
        "Whether the system's own daemon of libvirt runs, too. Jobs do not need it; false leaves it as it is.",
    ),
)
_KVM_HOST = "kvm_host_"


def build_virt(hosts: t.Mapping[str, Host], serving: Serving, settings: Settings) -> dict[str, t.Any] | None:
    """Return the part C(virt) of the model, or None where no host boots guests."""
    del hosts, settings
    if not serving["virt_nodes"]:
        return None
    return {
        "nodes": list(serving["virt_nodes"]),
        "condor_submit_knobs": SUBMIT_KNOBS,
    }


def build_virt_host(host: Host, serving: Serving, settings: Settings) -> dict[str, t.Any] | None:
    """Return the part C(virt) of a host, or None where it boots no guests."""
    if host.name not in serving["virt_nodes"]:
        return None
    values = {variable.name: settings.host(host.name, variable.name) for variable in VIRT_VARIABLES}
    plain = {name: None if value is REFUSED else value for name, value in values.items()}
    if plain["virt_queue_vm_universe"]:
        place = settings.findings.at(host.name, "virt_queue_vm_universe")
        if host.name not in serving.get("condor_executes", ()):
            place.refuse("needs HTCondor on the host: add it to condor_executes")
        if plain["kvm_host_system_daemon"] is False:
            place.refuse("needs the system's own daemon of libvirt: set kvm_host_system_daemon to true")
    return {
        "backends": _backends(host, values["virt_queue_backends"], serving, settings),
        "emulation": plain["virt_queue_emulation"],
        "guests": plain["virt_queue_guests"],
        "guest_memory": plain["virt_queue_guest_memory"],
        "exclusive": plain["virt_queue_exclusive"],
        "vm_universe": plain["virt_queue_vm_universe"],
        "host": {name[len(_KVM_HOST) :]: value for name, value in plain.items() if name.startswith(_KVM_HOST)},
    }


def _backends(host: Host, given: t.Any, serving: Serving, settings: Settings) -> list[str]:
    """Return the batch systems of a node, each of which has to run jobs there."""
    found = [name for name, group in BACKENDS.items() if group and host.name in serving.get(group, ())]
    if given is REFUSED:
        return []
    if given is None:
        if not found:
            groups = " or ".join(group for group in BACKENDS.values() if group)
            settings.findings.at(host.name, "virt_nodes").refuse(
                f"has this host, but no batch system runs jobs there: add it to {groups}, or set virt_queue_backends "
                "to [pbs]"
            )
        return found
    place = settings.findings.at(host.name, "virt_queue_backends")
    for index, name in enumerate(given):
        group = BACKENDS[name]
        if group is not None and name not in found:
            place.item(index).refuse(f"runs no jobs on this host: add it to {group}", name)
        elif name in _CONTROLLERS and not serving.get(_CONTROLLERS[name]):
            place.item(index).refuse(f"has no controller: add a host to {_CONTROLLERS[name]}", name)
    return list(given)


VIRT = Product(
    name="virt",
    prefixes=("virt_", "kvm_"),
    groups=("virt_nodes",),
    variables=VIRT_VARIABLES,
    build_site=build_virt,
    build_host=build_virt_host,
)
