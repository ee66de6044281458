#!/usr/bin/python
# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: domain_xml
short_description: Edit the domain XML of libvirt as data
version_added: 0.1.0
description:
  - Sets the name, UUID, vCPUs, memory, accelerator, disks and MAC addresses in a file with domain XML. What is not
    named stays as it is, comments and namespaces included; only where something changes is the file written.
  - XML with a document type is refused, and with it entities. So is XML that is larger than any machine needs.
  - The launcher C(grid-vm-run) edits with the same code.
author:
  - The sitewright.grid contributors (@sitewright)
extends_documentation_fragment:
  - sitewright.grid.attributes
  - sitewright.grid.attributes.full
options:
  path:
    description:
      - The file that is edited.
    type: path
    required: true
  source:
    description:
      - A file on the host to take the XML from, for example what C(virsh dumpxml) has written. Without it, O(path).
    type: path
  name:
    description:
      - The name of the domain.
    type: str
  uuid:
    description:
      - The UUID of the domain.
    type: str
  vcpus:
    description:
      - The number of vCPUs. A topology of the CPU that does not fit goes.
    type: int
  memory:
    description:
      - The memory in MiB, at once and at most.
    type: int
  accelerator:
    description:
      - Whether the machine runs with KVM or is emulated. V(tcg) takes out what only KVM can do.
    type: str
    choices: [kvm, tcg]
  disks:
    description:
      - The files of disks, by the target of each, such as V(vda).
    type: list
    elements: dict
    default: []
    suboptions:
      target:
        description:
          - The target of the disk, which it has to have already.
        type: str
        required: true
      path:
        description:
          - The absolute path of its file.
        type: str
        required: true
      format:
        description:
          - The format of the file.
        type: str
        choices: [qcow2, raw]
        default: qcow2
  macs:
    description:
      - The MAC addresses of the interfaces, in their order.
    type: list
    elements: str
    default: []
  mode:
    description:
      - The permissions of the file, in quotes.
    type: str
    default: "0644"
requirements:
  - Python's own library.
seealso:
  - module: sitewright.grid.virt_probe
  - name: virsh
    description: The command that domain XML comes from and goes to.
    link: https://libvirt.org/manpages/virsh.html
"""

EXAMPLES = r"""
- name: Make a machine of the template
  sitewright.grid.domain_xml:
    source: /srv/templates/debian13.xml
    path: /srv/machines/web1.xml
    name: web1
    uuid: 0f8fad5b-d9cb-469f-a165-70867728950e
    vcpus: 4
    memory: 8192
    disks:
      - {target: vda, path: /srv/machines/web1.qcow2}
    macs: ["52:54:00:12:34:56"]
"""

RETURN = r"""
xml:
  description:
    - The XML as it is, or would be in check mode.
  returned: success
  type: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.sitewright.grid.plugins.module_utils._cli import Cli
from ansible_collections.sitewright.grid.plugins.module_utils._domain_xml import (
    ACCELERATORS,
    Changes,
    Disk,
    DomainError,
    edit_domain,
    parse_domain,
    render_domain,
)
from ansible_collections.sitewright.grid.plugins.module_utils._private_file import read_text
from ansible_collections.sitewright.grid.plugins.module_utils._text_file import TextFile, file_state, write_files

OWNER = "root"  # of a file that is new


def edit(text: str, changes: Changes) -> str:
    """Return the XML with the changes made: the very text where they change nothing."""
    document = parse_domain(text)
    before = render_domain(document)
    edit_domain(document, changes)
    after = render_domain(document)
    return text if after == before else after


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "source": {"type": "path"},
            "name": {"type": "str"},
            "uuid": {"type": "str"},
            "vcpus": {"type": "int"},
            "memory": {"type": "int"},
            "accelerator": {"type": "str", "choices": list(ACCELERATORS)},
            "disks": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "target": {"type": "str", "required": True},
                    "path": {"type": "str", "required": True},
                    "format": {"type": "str", "choices": ["qcow2", "raw"], "default": "qcow2"},
                },
            },
            "macs": {"type": "list", "elements": "str", "default": []},
            "mode": {"type": "str", "default": "0644"},
        },
        supports_check_mode=True,
    )
    cli = Cli(module)
    given = module.params
    source = given["source"] or given["path"]
    text = read_text(source)
    if text is None:
        cli.fail(f"There is no {source} on the host.")
    try:
        xml = edit(
            text,
            Changes(
                given["name"],
                given["uuid"],
                given["vcpus"],
                given["memory"],
                given["accelerator"],
                {disk["target"]: Disk(disk["path"], disk["format"]) for disk in given["disks"]},
                given["macs"],
            ),
        )
    except DomainError as error:
        cli.fail(f"{source}: {error}")
    before = read_text(given["path"])
    state = file_state(given["path"])
    owner = state["owner"] if state else OWNER
    file = TextFile(given["path"], xml, owner, int(given["mode"], 8))
    changed = before != xml or (state or {}).get("mode") != f"{file.mode:04o}"
    if changed and not module.check_mode:
        write_files(cli, [file])
    diff = {"before": before or "", "after": xml, "before_header": given["path"], "after_header": given["path"]}
    module.exit_json(changed=changed, xml=xml, diff=diff)


if __name__ == "__main__":
    main()
