# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Domains as virt-manager, virt-install, dumpxml and others write them; and those that reach for their host.

What becomes of the domains in domains/ is looked at by libvirt itself in tests/lab/test_virt.py.
"""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml
from ansible_collections.sitewright.grid.plugins.module_utils._domain_xml import (
    Changes,
    Disk,
    DomainError,
    Guest,
    edit_domain,
    make_guest,
    parse_domain,
    refuse_access,
    render_domain,
)

HERE = Path(__file__).parent
DOMAINS = sorted((HERE / "domains").glob("*.xml"))
REFUSED = yaml.safe_load((HERE / "domains_refused.yml").read_text())
GUEST = Guest(
    "job-1.0",
    "0f8fad5b-d9cb-469f-a165-70867728950e",
    3,
    1500,
    "tcg",
    Disk("/scratch/overlay", "qcow2"),
    Disk("/scratch/job", "raw"),
    "/scratch/console",
)
TEMPLATE = (HERE / "domains" / "debian12-virt-install-4.1.xml").read_text()


def test_there_are_thirty_domains_at_least() -> None:
    assert len(DOMAINS) >= 30


@pytest.mark.parametrize("path", DOMAINS, ids=lambda path: path.stem)
def test_what_was_read_is_written_as_it_was(path: Path) -> None:
    text = path.read_text()
    written = render_domain(parse_domain(text))
    assert written.split() == text.replace("<?xml version='1.0' encoding='UTF-8'?>\n", "").split()


@pytest.mark.parametrize("accelerator", ["kvm", "tcg"])
@pytest.mark.parametrize("path", DOMAINS, ids=lambda path: path.stem)
def test_every_domain_becomes_a_guest(path: Path, accelerator: str) -> None:
    document = parse_domain(path.read_text())
    make_guest(document, Guest(**{**vars(GUEST), "accelerator": accelerator}))
    text = render_domain(document)
    root = ET.fromstring(text)  # noqa: S314 - our own
    assert root.get("type") == {"kvm": "kvm", "tcg": "qemu"}[accelerator]
    assert root.get("id") is None
    assert root.findtext("name") == "job-1.0"
    assert root.findtext("uuid") == GUEST.uuid
    assert root.findtext("vcpu") == "3"
    sizes = [size for name in ("memory", "currentMemory") for size in root.iterfind(name)]
    assert [(size.get("unit"), size.text) for size in sizes] == [
        ("MiB", "1500"),
        ("MiB", "1500"),
    ]
    assert [source.attrib for disk in root.iter("disk") for source in disk.iterfind("source")] == [
        {"file": "/scratch/overlay"},
        {"file": "/scratch/job"},
    ]
    assert len({target.get("dev") for disk in root.iter("disk") for target in disk.iterfind("target")}) == 2
    assert {interface.get("type") for interface in root.iter("interface")} <= {"user"}
    macs = [mac.get("address", "") for mac in root.iter("mac")]
    assert len(set(macs)) == len(list(root.iter("interface")))
    assert all(mac.startswith("52:54:00:") for mac in macs)
    assert [source.get("path") for source in root.iterfind("devices/serial/source")] == ["/scratch/console"]
    assert {root.findtext(event) for event in ("on_poweroff", "on_reboot", "on_crash")} == {"destroy"}
    # Not a word is left of the host that the domain comes from.
    for element in root.iter():
        for word in (*element.attrib.values(), element.text or ""):
            assert not word.strip().startswith("/") or word.startswith(("/scratch/", "/dev/urandom")), word


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case["id"])
def test_hostile_domains_are_refused(case: dict[str, str]) -> None:
    text = case["xml"] if "xml" in case else TEMPLATE.replace(case["replace"], case["by"])
    assert text != TEMPLATE
    with pytest.raises(DomainError) as caught:
        refuse_access(parse_domain(text))
    assert case["says"] in str(caught.value)


def test_all_reasons_come_at_once() -> None:
    text = TEMPLATE.replace("</devices>", "<hostdev mode='subsystem' type='pci'/><filesystem type='mount'/></devices>")
    with pytest.raises(DomainError) as caught:
        refuse_access(parse_domain(text.replace("<vcpu placement='static'>2<", "<vcpu>99999999999<")))
    assert len(str(caught.value).splitlines()) == 3


@pytest.mark.parametrize("bomb", ["<a>" * 40 + "</a>" * 40, "<a/>" * 11_000, "x" * 2**20], ids=["deep", "many", "long"])
def test_bombs_are_refused(bomb: str) -> None:
    with pytest.raises(DomainError, match=r"too many elements|has \d+ characters"):
        parse_domain(f"<domain>{bomb}</domain>")


CHANGES = Changes(
    name="web1",
    uuid="0F8FAD5B-D9CB-469F-A165-70867728950E",
    vcpus=4,
    memory=8192,
    accelerator="tcg",
    disks={"vda": Disk("/srv/web1.raw", "raw")},
    macs=["52:54:00:AB:CD:EF"],
)


def test_editing_changes_what_it_is_told_and_nothing_else() -> None:
    document = parse_domain(TEMPLATE)
    edit_domain(document, CHANGES)
    before, after = TEMPLATE.splitlines(), render_domain(document).splitlines()
    assert [line.strip() for line in after if line not in before] == [
        "<domain type='qemu'>",
        "<name>web1</name>",
        "<uuid>0f8fad5b-d9cb-469f-a165-70867728950e</uuid>",
        "<memory unit='MiB'>8192</memory>",
        "<currentMemory unit='MiB'>8192</currentMemory>",
        "<vcpu placement='static'>4</vcpu>",
        "<cpu mode='maximum'/>",
        "<driver name='qemu' type='raw' discard='unmap'/>",
        "<source file='/srv/web1.raw'/>",
        "<mac address='52:54:00:ab:cd:ef'/>",
    ]


@pytest.mark.parametrize("path", DOMAINS, ids=lambda path: path.stem)
def test_editing_twice_is_editing_once(path: Path) -> None:
    document = parse_domain(path.read_text())
    disks = [
        target.getAttribute("dev") for target in document.getElementsByTagName("target") if target.hasAttribute("dev")
    ]
    target = next(name for name in disks if name[:2] in ("vd", "sd", "hd"))
    changes = Changes("a", GUEST.uuid, 2, 1000, "tcg", {target: Disk("/x", "raw")})
    edit_domain(document, changes)
    once = render_domain(document)
    again = parse_domain(once)
    edit_domain(again, changes)
    assert render_domain(again) == once


def test_equal_sizes_in_other_units_are_left_alone() -> None:
    document = parse_domain(TEMPLATE)
    edit_domain(document, Changes(memory=2048))
    assert render_domain(document) == TEMPLATE


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (Changes(name="a/b"), "no name for a domain"),
        (Changes(uuid="1"), "no UUID"),
        (Changes(vcpus=0), "no number of vCPUs"),
        (Changes(memory=2**40), "no memory for a domain"),
        (Changes(disks={"vdz": Disk("/x", "raw")}), "no disk 'vdz', only vda"),
        (Changes(disks={"vda": Disk("x", "raw")}), "no absolute path"),
        (Changes(macs=["52:54:00:00:00:01"] * 2), "has 1 interfaces"),
        (Changes(macs=["53:54:00:00:00:01"]), "no MAC address"),
    ],
)
def test_values_that_no_domain_can_have(changes: Changes, says: str) -> None:
    with pytest.raises(DomainError, match=says):
        edit_domain(parse_domain(TEMPLATE), changes)
