# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: domain XML of libvirt, read with suspicion, edited as data, written as libvirt writes it.

The launcher grid-vm-run has this file in it, so it needs nothing but Python's own library.
"""

from __future__ import annotations

import hashlib
import re
import typing as t
from dataclasses import dataclass, field
from xml.dom import expatbuilder, minidom
from xml.parsers import expat

LARGEST_TEXT = 1024 * 1024  # characters of XML; what libvirt writes for a large machine is a tenth of it
DEEPEST = 32
MOST_ELEMENTS = 10_000
LARGEST_NUMBER = 2**32
MOST_VCPUS = 4096
MOST_MEMORY = 64 * 1024 * 1024  # MiB

ACCELERATORS = {"kvm": "kvm", "tcg": "qemu"}  # as QEMU calls them, to the type of a domain

_UNITS = {
    "b": 1,
    "bytes": 1,
    "KB": 10**3,
    "k": 2**10,
    "KiB": 2**10,
    "MB": 10**6,
    "M": 2**20,
    "MiB": 2**20,
    "GB": 10**9,
    "G": 2**30,
    "GiB": 2**30,
    "TB": 10**12,
    "T": 2**40,
    "TiB": 2**40,
}
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,63}")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
MAC = re.compile(r"[0-9a-f][02468ace](:[0-9a-f]{2}){5}", re.IGNORECASE)
_MODEL = re.compile(r"[a-z0-9-]{1,32}")
_BUSES = {"virtio": "vd", "sata": "sd", "scsi": "sd", "usb": "sd", "ide": "hd"}
# Machines that have a version in their name, which not every QEMU knows, to the name of the newest of their kind.
_MACHINES = (
    (re.compile(r"pc-q35-.+"), "q35"),
    (re.compile(r"pc-i440fx-.+|pc-[01]\.\d+|rhel\d.*"), "pc"),
    (re.compile(r"virt-.+"), "virt"),
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# What a guest's XML may keep; everything else is left out, or refused where it reaches for the host.
_KEPT = _words(
    "name uuid title description metadata memory currentMemory vcpu os features cpu clock on_poweroff on_reboot "
    "on_crash pm devices sysinfo"
)
_KEPT_OS = _words("type boot bootmenu smbios bios firmware")
_KEPT_DEVICES = _words("disk controller interface rng memballoon watchdog panic input")
_KEPT_DISK = _words("driver source target blockio geometry serial wwn vendor product boot address alias")
_KEPT_INTERFACE = _words("model boot address alias")
_ACCESS = {
    "hostdev": "passes a device of its host through",
    "filesystem": "shares a directory of its host",
    "shmem": "shares memory of its host",
    "lease": "takes a lease on its host",
    "pstore": "writes to a file of its host",
    "nvram": "writes to a file of its host",
}
_BOOT_FILES = ("kernel", "initrd", "dtb", "acpi", "shim")
# What a character device may be connected to: it is replaced by the job's console anyhow.
_HARMLESS = ("pty", "null", "vc", "stdio", "spicevmc", "spiceport", "")


class DomainError(ValueError):
    """Says why a domain's XML is refused."""


@dataclass(frozen=True)
class Disk:
    """A file that a disk of the domain is to use, and its format."""

    path: str
    format: str


@dataclass(frozen=True)
class Changes:
    """What to set in a domain; None and what is empty stays as it is. memory is in MiB.

    disks are by their target, such as vda. macs are those of the interfaces, in their order.
    """

    name: str | None = None
    uuid: str | None = None
    vcpus: int | None = None
    memory: int | None = None
    accelerator: str | None = None
    disks: t.Mapping[str, Disk] = field(default_factory=dict)
    macs: t.Sequence[str] = ()


@dataclass(frozen=True)
class Guest:
    """The one guest of a job: its name and UUID, what it may use, and its files. memory is in MiB."""

    name: str
    uuid: str
    vcpus: int
    memory: int
    accelerator: str
    image: Disk
    job_disk: Disk
    console: str


# ---- Reading and writing ----


def parse_domain(text: str) -> minidom.Document:
    """Return the document of a domain's XML, or raise DomainError.

    Refused are document types, which is where entities come from, and XML that is larger than any machine needs.
    """
    _examine(text)
    # Without namespaces, so that prefixes and the order of attributes stay as they were written.
    document: minidom.Document = expatbuilder.parseString(text.encode(), namespaces=False)  # noqa: S316 - see above
    root = document.documentElement
    if root is None or root.tagName != "domain":
        raise DomainError(f"It is no domain: its first element is <{root.tagName if root else ''}>, not <domain>.")
    return document


def _examine(text: str) -> None:
    """Raise DomainError for XML that a parser which builds a tree should not see."""
    if len(text) > LARGEST_TEXT:
        raise DomainError(f"It has {len(text)} characters; {LARGEST_TEXT} are enough for every machine.")
    depth = elements = 0

    def start(name: str, attributes: t.Mapping[str, str]) -> None:
        del attributes
        nonlocal depth, elements
        depth, elements = depth + 1, elements + 1
        if depth > DEEPEST or elements > MOST_ELEMENTS:
            raise DomainError(f"It has too many elements, or they are too deep in one another, at <{name}>.")

    def end(name: str) -> None:
        del name
        nonlocal depth
        depth -= 1

    def doctype(*_words: t.Any) -> None:
        raise DomainError("It has a document type (<!DOCTYPE>), and may have entities: libvirt writes none; remove it.")

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(text.encode(), True)
    except expat.ExpatError as error:
        raise DomainError(f"It is no well-formed XML: {error}.") from None


def render_domain(document: minidom.Document) -> str:
    """Return the XML of a document in the manner of libvirt; what libvirt has written comes out as it was."""
    parts: list[str] = []
    for node in document.childNodes:
        _render(node, parts)
        parts.append("\n")
    return "".join(parts)


def _render(node: minidom.Node, parts: list[str]) -> None:
    if node.nodeType == node.ELEMENT_NODE:
        element = t.cast("minidom.Element", node)
        # libvirt quotes with ', and with " in the metadata of others, whose elements have prefixes.
        quote = '"' if ":" in element.tagName else "'"
        attributes = "".join(
            f" {name}={quote}{_escape(value, quote)}{quote}" for name, value in element.attributes.items()
        )
        if not element.childNodes:
            parts.append(f"<{element.tagName}{attributes}/>")
            return
        parts.append(f"<{element.tagName}{attributes}>")
        for child in element.childNodes:
            _render(child, parts)
        parts.append(f"</{element.tagName}>")
    elif node.nodeType == node.COMMENT_NODE:
        parts.append(f"<!--{t.cast('minidom.Comment', node).data}-->")
    elif node.nodeType == node.PROCESSING_INSTRUCTION_NODE:
        instruction = t.cast("minidom.ProcessingInstruction", node)
        parts.append(f"<?{instruction.target} {instruction.data}?>")
    else:  # text, or a CDATA section, which means the same
        parts.append(_escape(t.cast("minidom.Text", node).data))


def _escape(text: str, quote: str = "") -> str:
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")
    if quote:
        text = text.replace(quote, "&apos;" if quote == "'" else "&quot;")
        text = text.replace("\n", "&#10;").replace("\t", "&#9;")
    return text


# ---- Small steps in the tree ----


def _root(document: minidom.Document) -> minidom.Element:
    root = document.documentElement
    if root is None:
        raise DomainError("It is empty.")
    return root


def _children(parent: minidom.Element, name: str | None = None) -> list[minidom.Element]:
    elements = [node for node in parent.childNodes if node.nodeType == minidom.Node.ELEMENT_NODE]
    return [element for element in elements if name in (None, element.tagName)]


def _child(parent: minidom.Element, name: str) -> minidom.Element | None:
    found = _children(parent, name)
    return found[0] if found else None


def _descendants(parent: minidom.Element) -> t.Iterator[minidom.Element]:
    for child in _children(parent):
        yield child
        yield from _descendants(child)


def _text(element: minidom.Element | None) -> str:
    if element is None:
        return ""
    return "".join(t.cast("minidom.Text", node).data for node in element.childNodes if hasattr(node, "data")).strip()


def _attribute(element: minidom.Element | None, name: str) -> str:
    return str(element.getAttribute(name)) if element is not None else ""


def _remove(element: minidom.Element) -> None:
    """Take an element out, with the indentation before it."""
    parent = element.parentNode
    if parent is None:
        return
    before: t.Any = element.previousSibling
    if before is not None and before.nodeType == minidom.Node.TEXT_NODE and not before.data.strip():
        parent.removeChild(before)
    parent.removeChild(element)


def _indentation(parent: minidom.Element) -> str:
    """Return the line break and blanks that stand before the children of an element."""
    depth = 0
    node: t.Any = parent
    while node is not None and node.nodeType == minidom.Node.ELEMENT_NODE:
        depth, node = depth + 1, node.parentNode
    return "\n" + "  " * depth


def _add(parent: minidom.Element, tag: str, after: str | None = None, /, **attributes: str) -> minidom.Element:
    """Add an element, behind the last one named after, else as the last one, and indent it."""
    document = t.cast("minidom.Document", parent.ownerDocument)
    element = document.createElement(tag)
    for key, value in attributes.items():
        element.setAttribute(key, value)
    indentation = document.createTextNode(_indentation(parent))
    anchors = _children(parent, after) if after else _children(parent)
    follower: t.Any = anchors[-1].nextSibling if anchors else parent.firstChild
    parent.insertBefore(indentation, follower)
    parent.insertBefore(element, follower)
    if len(_children(parent)) == 1:
        end = _indentation(parent)[:-2]
        last = parent.lastChild
        if last is None or last.nodeType != minidom.Node.TEXT_NODE:
            parent.appendChild(document.createTextNode(end))
    return element


def _set_text(element: minidom.Element, text: str) -> None:
    if _text(element) != text:
        for node in list(element.childNodes):
            element.removeChild(node)
        element.appendChild(t.cast("minidom.Document", element.ownerDocument).createTextNode(text))


def _set(element: minidom.Element, **attributes: str | None) -> None:
    """Set attributes, or remove those that are None."""
    for name, value in attributes.items():
        if value is not None:
            element.setAttribute(name, value)
        elif element.hasAttribute(name):
            element.removeAttribute(name)


def _require(parent: minidom.Element, name: str, after: str | None = None, /) -> minidom.Element:
    """Return a child, which is made where it is missing."""
    found = _child(parent, name)
    return _add(parent, name, after) if found is None else found


# ---- Editing ----


def edit_domain(document: minidom.Document, changes: Changes) -> None:
    """Set in the document what changes say; raises DomainError for values that no domain can have."""
    root = _root(document)
    if changes.name is not None:
        if _NAME.fullmatch(changes.name) is None:
            raise DomainError(f"'{changes.name}' is no name for a domain: use letters, digits, _, ., + and -.")
        name = _child(root, "name")
        _set_text(_add(root, "name") if name is None else name, changes.name)
    if changes.uuid is not None:
        if _UUID.fullmatch(changes.uuid) is None:
            raise DomainError(f"'{changes.uuid}' is no UUID.")
        _set_text(_require(root, "uuid", "name"), changes.uuid.lower())
    if changes.memory is not None:
        _set_memory(root, changes.memory)
    if changes.vcpus is not None:
        _set_vcpus(root, changes.vcpus)
    if changes.accelerator is not None:
        _set_accelerator(root, changes.accelerator)
    for target, disk in changes.disks.items():
        _set_disk(_find_disk(root, target), disk)
    _set_macs(root, changes.macs)


def _set_memory(root: minidom.Element, mebibytes: int) -> None:
    if not 0 < mebibytes <= MOST_MEMORY:
        raise DomainError(f"{mebibytes} MiB is no memory for a domain: use 1 to {MOST_MEMORY}.")
    for name, after in (("memory", "uuid"), ("currentMemory", "memory")):
        element = _child(root, name)
        if element is None:
            element = _add(root, name, after if _child(root, after) is not None else "name")
        if _bytes(element) != mebibytes * 2**20:
            _set(element, unit="MiB")
            _set_text(element, str(mebibytes))
    maximum = _child(root, "maxMemory")
    if maximum is not None and (_bytes(maximum) or 0) < mebibytes * 2**20:
        _remove(maximum)


def _bytes(element: minidom.Element) -> int | None:
    """Return how many bytes an element with a unit means, None where it means nothing."""
    text, unit = _text(element), _attribute(element, "unit") or "KiB"
    return int(text) * _UNITS[unit] if re.fullmatch(r"\d{1,20}", text) and unit in _UNITS else None


def _set_vcpus(root: minidom.Element, count: int) -> None:
    if not 0 < count <= MOST_VCPUS:
        raise DomainError(f"{count} is no number of vCPUs for a domain: use 1 to {MOST_VCPUS}.")
    vcpu = _require(root, "vcpu", "currentMemory" if _child(root, "currentMemory") is not None else "name")
    _set(vcpu, current=None)
    _set_text(vcpu, str(count))
    cpu = _child(root, "cpu")
    topology = _child(cpu, "topology") if cpu is not None else None
    if topology is not None:
        size = 1
        for name in ("sockets", "dies", "clusters", "cores", "threads"):
            value = _attribute(topology, name) or "1"
            size *= int(value) if re.fullmatch(r"\d{1,6}", value) else 0
        if size != count:
            _remove(topology)
    for vcpus in _children(root, "vcpus"):
        if len(_children(vcpus)) != count:
            _remove(vcpus)


def _set_accelerator(root: minidom.Element, accelerator: str) -> None:
    """Choose KVM or emulation; with emulation, what only KVM can do goes."""
    wanted = ACCELERATORS[accelerator]
    if root.getAttribute("type") not in ACCELERATORS.values():
        raise DomainError(f"It is a domain of the type '{root.getAttribute('type')}': only kvm and qemu will do.")
    _set(root, type=wanted)
    if accelerator == "kvm":
        return
    cpu = _child(root, "cpu")
    if cpu is not None and (_attribute(cpu, "mode") or "custom") != "maximum":
        _remove(cpu)
        cpu = None
    if cpu is None:
        _add(root, "cpu", "features" if _child(root, "features") is not None else "os", mode="maximum")
    features = _child(root, "features")
    for feature in _children(features) if features is not None else []:
        if feature.tagName in ("hyperv", "kvm", "xen", "pvspinlock", "ioapic"):
            _remove(feature)
    clock = _child(root, "clock")
    for timer in _children(clock, "timer") if clock is not None else []:
        if _attribute(timer, "name") in ("kvmclock", "hypervclock", "tsc"):
            _remove(timer)


def _devices(root: minidom.Element) -> minidom.Element:
    return _require(root, "devices")


def _find_disk(root: minidom.Element, target: str) -> minidom.Element:
    disks = {_attribute(_child(disk, "target"), "dev"): disk for disk in _children(_devices(root), "disk")}
    if target not in disks:
        raise DomainError(f"It has no disk '{target}', only {', '.join(sorted(disks)) or 'none at all'}.")
    return disks[target]


def _set_disk(disk: minidom.Element, to: Disk) -> None:
    if not to.path.startswith("/"):
        raise DomainError(f"'{to.path}' is no absolute path: a disk needs one.")
    source = _child(disk, "source")
    if source is None or _attribute(source, "file") != to.path or _attribute(disk, "type") != "file":
        _set(disk, type="file")
        if source is not None:
            _remove(source)
        _add(disk, "source", "driver" if _child(disk, "driver") is not None else None, file=to.path)
        # These belonged to the file that was there before.
        for name in ("backingStore", "mirror", "auth", "encryption"):
            for element in _children(disk, name):
                _remove(element)
    driver = _child(disk, "driver")
    if driver is None:
        driver = _add(disk, "driver", name="qemu", type=to.format)
    _set(driver, name="qemu", type=to.format)


def _set_macs(root: minidom.Element, macs: t.Sequence[str]) -> None:
    interfaces = _children(_devices(root), "interface") if macs else []
    if len(macs) > len(interfaces):
        raise DomainError(f"It has {len(interfaces)} interfaces, but there are {len(macs)} addresses for them.")
    for interface, mac in zip(interfaces, macs):
        if MAC.fullmatch(mac) is None:
            raise DomainError(f"'{mac}' is no MAC address that an interface can have.")
        element = _child(interface, "mac")
        if _attribute(element, "address").lower() != mac.lower():
            _set(_add(interface, "mac") if element is None else element, address=mac.lower())


# ---- Taking a domain away from the host it was made for ----


def refuse_access(document: minidom.Document) -> None:
    """Raise DomainError, with all reasons, for a domain that reaches for its host, or asks for the impossible."""
    root = _root(document)
    faults = [*_faults_of_domain(root), *_faults_of_devices(root), *_huge_numbers(root)]
    if faults:
        raise DomainError("\n".join(faults))


def _faults_of_domain(root: minidom.Element) -> t.Iterator[str]:
    if root.getAttribute("type") not in ACCELERATORS.values():
        yield f"It is a domain of the type '{root.getAttribute('type')}': only kvm and qemu will do."
    yield from _repeated(root, _KEPT - {"sysinfo", "metadata"})
    for element in _children(root):
        if ":" in element.tagName:
            yield f"<{element.tagName}> hands words to QEMU that libvirt does not check: remove it."
        elif element.tagName in ("bootloader", "launchSecurity"):
            yield f"<{element.tagName}> needs a program or a secret of its host: remove it."
        elif element.tagName == "os":
            yield from _faults_of_os(element)
    for element in _descendants(root):
        if element.tagName == "entry" and element.hasAttribute("file"):
            yield f"<entry> reads a file of its host, {_attribute(element, 'file')}: remove it."


def _repeated(parent: minidom.Element, names: t.Iterable[str]) -> t.Iterator[str]:
    """Name what is there twice: libvirt might read the one, and we the other."""
    for name in sorted(names):
        if len(_children(parent, name)) > 1:
            yield f"<{parent.tagName}> has <{name}> more than once: keep one of them."


def _faults_of_os(system: minidom.Element) -> t.Iterator[str]:
    if _text(_child(system, "type")) != "hvm":
        yield f"It runs '{_text(_child(system, 'type'))}', not a whole machine (hvm)."
    for element in _children(system):
        if element.tagName in _BOOT_FILES:
            yield (
                f"<{element.tagName}> boots from a file of its host, {_text(element)}: use an image that boots "
                "by itself."
            )


def _faults_of_devices(root: minidom.Element) -> t.Iterator[str]:
    disks = []
    for device in [device for devices in _children(root, "devices") for device in _children(devices)]:
        if device.tagName == "disk" and _attribute(device, "device") in ("disk", "lun", ""):
            disks.append(device)
            yield from _repeated(device, ("driver", "source", "target"))
        rule = _RULES.get(device.tagName)
        fault = rule(device) if rule else None
        if device.tagName in _ACCESS:
            fault = f"{_ACCESS[device.tagName]}: remove it."
        if fault:
            yield f"<{device.tagName}> {fault}"
    for disk in disks[1:]:
        source = _child(disk, "source")
        words = [value for _name, value in source.attributes.items()] if source is not None else ["without a source"]
        yield f"<disk> is one more than the image, {' '.join(words)}: a guest has one image; remove it."
    if not disks:
        yield "It has no disk for the image: give it a <disk> with a <target>."


def _fault_of_interface(device: minidom.Element) -> str | None:
    bound = _attribute(device, "type") in ("hostdev", "vhostuser", "vdpa")
    return f"of the type {_attribute(device, 'type')} {_ACCESS['hostdev']}: use the type user." if bound else None


def _fault_of_input(device: minidom.Element) -> str | None:
    return f"{_ACCESS['hostdev']}: remove it." if _attribute(device, "type") in ("passthrough", "evdev") else None


def _fault_of_tpm(device: minidom.Element) -> str | None:
    backend = _attribute(_child(device, "backend"), "type")
    return None if backend in ("emulator", "") else f"{_ACCESS['hostdev']}: remove it."


def _fault_of_rng(device: minidom.Element) -> str | None:
    backend = _attribute(_child(device, "backend"), "model")
    return (
        None
        if backend in ("random", "builtin")
        else "takes its numbers from its host's programs: use the model random."
    )


def _fault_of_disk(device: minidom.Element) -> str | None:
    return (
        f"of the kind lun {_ACCESS['hostdev']}: use the kind disk." if _attribute(device, "device") == "lun" else None
    )


def _fault_of_character_device(device: minidom.Element) -> str | None:
    kind, path = _attribute(device, "type"), _attribute(_child(device, "source"), "path")
    return None if kind in _HARMLESS else f"is connected to its host, {f'{kind} {path}'.strip()}: use the type pty."


_RULES: dict[str, t.Callable[[minidom.Element], str | None]] = {
    "interface": _fault_of_interface,
    "input": _fault_of_input,
    "tpm": _fault_of_tpm,
    "rng": _fault_of_rng,
    "disk": _fault_of_disk,
    "serial": _fault_of_character_device,
    "parallel": _fault_of_character_device,
    "console": _fault_of_character_device,
}


def _huge_numbers(root: minidom.Element) -> t.Iterator[str]:
    vcpu = _text(_child(root, "vcpu"))
    if vcpu and not (re.fullmatch(r"\d{1,9}", vcpu) and 0 < int(vcpu) <= MOST_VCPUS):
        yield f"<vcpu> is '{vcpu[:40]}': a machine has 1 to {MOST_VCPUS}."
    for name in ("memory", "currentMemory", "maxMemory"):
        element = _child(root, name)
        size = _bytes(element) if element is not None else 1
        if size is None or not 0 <= size <= MOST_MEMORY * 2**20:
            yield f"<{name}> is '{_text(element)[:40]}': a machine has at most {MOST_MEMORY} MiB."
    for element in _descendants(root):
        for name, value in element.attributes.items():
            if (
                re.fullmatch(r"-?\d{9,}", value)
                and abs(int(value[:30])) > LARGEST_NUMBER
                and name not in ("wwn", "serial")
            ):
                yield f"<{element.tagName} {name}='{value[:40]}'> is larger than anything that a machine has."


def make_guest(document: minidom.Document, guest: Guest) -> list[str]:
    """Turn any domain into the one guest of a job; return the names of what it has lost.

    Refused is what reaches for the host; left out is what was bound to the host that the XML comes from, and whatever
    is not known to be harmless.
    """
    refuse_access(document)
    root = _root(document)
    lost: list[str] = []
    _keep(root, _KEPT, lost)
    for name in [name for name, _value in root.attributes.items() if name != "type" and not name.startswith("xmlns")]:
        _set(root, **{name: None})
    _loosen_os(root, lost)
    devices = _devices(root)
    _keep(devices, _KEPT_DEVICES, lost)
    _loosen_devices(devices, guest, lost)
    cpu = _child(root, "cpu")
    if cpu is not None:
        _remove(cpu)
    edit_domain(
        document,
        Changes(guest.name, guest.uuid, guest.vcpus, guest.memory, guest.accelerator, macs=_macs(devices, guest.uuid)),
    )
    if guest.accelerator == "kvm":
        _add(root, "cpu", "features" if _child(root, "features") is not None else "os", mode="host-passthrough")
    vcpu = _child(root, "vcpu")
    if vcpu is not None:
        _set(vcpu, cpuset=None, placement="static")
    # Its end is the job's.
    for event in ("on_poweroff", "on_reboot", "on_crash"):
        _set_text(_require(root, event), "destroy")
    for element in _descendants(devices):
        if element.tagName == "alias" and not _attribute(element, "name").startswith("ua-"):
            _remove(element)
    return list(dict.fromkeys(lost))


def _keep(parent: minidom.Element, known: t.Container[str], lost: list[str]) -> None:
    for element in _children(parent):
        if element.tagName not in known:
            lost.append(element.tagName)
            _remove(element)


def _loosen_os(root: minidom.Element, lost: list[str]) -> None:
    system = _require(root, "os", "vcpu" if _child(root, "vcpu") is not None else None)
    loader = _child(system, "loader")
    if loader is not None and (_attribute(loader, "type") == "pflash" or re.search("OVMF|AAVMF|edk2", _text(loader))):
        _set(system, firmware="efi")
    if not system.hasAttribute("firmware"):
        for element in _children(system, "firmware"):
            _remove(element)
    _keep(system, _KEPT_OS, lost)
    kind = _child(system, "type")
    if kind is not None:
        machine = _attribute(kind, "machine")
        for pattern, newest in _MACHINES:
            if pattern.fullmatch(machine):
                _set(kind, machine=newest)


def _loosen_devices(devices: minidom.Element, guest: Guest, lost: list[str]) -> None:
    image = None
    for disk in _children(devices, "disk"):
        if _attribute(disk, "device") in ("disk", ""):
            image = disk
        else:
            lost.append(_attribute(disk, "device"))
            _remove(disk)
    if image is None:
        raise DomainError("It has no disk for the image: give it a <disk> with a <target>.")
    _keep(image, _KEPT_DISK, [])
    driver = _child(image, "driver")
    if driver is not None:
        _remove(driver)  # its cache and its I/O fit another file system
    for attribute in ("snapshot", "model", "rawio", "sgio"):
        _set(image, **{attribute: None})
    _set_disk(image, guest.image)
    _add_job_disk(devices, image, guest.job_disk)
    for interface in _children(devices, "interface"):
        _loosen_interface(interface)
    for rng in _children(devices, "rng"):
        backend = _require(rng, "backend")
        if _attribute(backend, "model") == "random":
            _set_text(backend, "/dev/urandom")
    serial = _add(devices, "serial", type="file")
    _add(serial, "source", path=guest.console)
    if _child(devices, "panic") is None:
        # With it a panic ends the guest at once, where its kernel has the driver.
        _add(devices, "panic")


def _add_job_disk(devices: minidom.Element, image: minidom.Element, disk: Disk) -> None:
    target = _child(image, "target")
    bus = _attribute(target, "bus") or {"v": "virtio", "h": "ide"}.get(_attribute(target, "dev")[:1], "sata")
    if bus not in _BUSES:
        raise DomainError(f"Its disk is at the bus '{bus}': use one of {', '.join(_BUSES)}.")
    first = _attribute(target, "dev")
    second = next(f"{_BUSES[bus]}{letter}" for letter in "bcd" if f"{_BUSES[bus]}{letter}" != first)
    element = _add(devices, "disk", "disk", type="file", device="disk")
    _add(element, "driver", name="qemu", type=disk.format)
    _add(element, "source", file=disk.path)
    _add(element, "target", dev=second, bus=bus)


def _loosen_interface(interface: minidom.Element) -> None:
    """Give an interface the network of an ordinary user's guest: out, but not in."""
    _keep(interface, _KEPT_INTERFACE, [])
    for name in [name for name, _value in interface.attributes.items()]:
        _set(interface, **{name: None})
    _set(interface, type="user")
    for model in _children(interface, "model"):
        if _MODEL.fullmatch(_attribute(model, "type")) is None:
            _set(model, type="virtio")


def _macs(devices: minidom.Element, uuid: str) -> list[str]:
    """Return addresses that no other guest has, from the guest's UUID, in the range of QEMU."""
    count = len(_children(devices, "interface"))
    digests = [hashlib.sha256(f"{uuid} {number}".encode()).hexdigest() for number in range(count)]
    return [f"52:54:00:{digest[0:2]}:{digest[2:4]}:{digest[4:6]}" for digest in digests]
