#!/usr/bin/python
# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: virt_images
short_description: Keep images of virtual machines' disks on a host
version_added: 0.1.0
description:
  - Fetches the images that are missing or other than they should be, compares their checksums, has QEMU read them, and
    only then puts each in the place of the old one in one step. One that is broken leaves the old one where it is.
  - Removes images that are no longer wanted. Guests that use one go on, for the file stays until they close it.
  - An image is read once; later it is known by its size and the time when it was last written to.
author:
  - The sitewright.grid contributors (@sitewright)
extends_documentation_fragment:
  - sitewright.grid.attributes
  - sitewright.grid.attributes.full
options:
  images:
    description:
      - The images to keep.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description:
          - What the file is called.
        type: str
        required: true
      url:
        description:
          - Where it is fetched from, C(https://), C(http://) or C(file://).
        type: str
        required: true
      checksum:
        description:
          - Its checksum, V(sha256:) or V(sha512:) and the hexadecimal digits.
        type: str
        required: true
  directory:
    description:
      - Where the images are. It is made where it is missing, and is for images only.
    type: path
    default: /var/lib/grid-vm/images
requirements:
  - C(qemu-img) on the host.
seealso:
  - module: sitewright.grid.virt_probe
"""

EXAMPLES = r"""
- name: Keep the images that jobs can name
  sitewright.grid.virt_images:
    images:
      - name: debian-13
        url: https://mirror.example.org/debian-13-genericcloud-amd64.qcow2
        checksum: sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
"""

RETURN = r"""
fetched:
  description:
    - The names of the images that were fetched, or would be in check mode.
  returned: success
  type: list
  elements: str
  sample: [debian-13]
removed:
  description:
    - The names of the images that were removed, or would be in check mode.
  returned: success
  type: list
  elements: str
  sample: [debian-12]
"""

import os
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.sitewright.grid.plugins.module_utils._cli import Cli
from ansible_collections.sitewright.grid.plugins.module_utils._plan import Plan
from ansible_collections.sitewright.grid.plugins.module_utils._private_file import write_private
from ansible_collections.sitewright.grid.plugins.module_utils._vm_image import (
    ImageError,
    check_name,
    examine_image,
    fetch_image,
    is_sealed,
    parse_checksum,
    render_seal,
    seal_path,
    verify_file,
)

Image = t.Mapping[str, str]


def is_right(path: str, image: Image) -> bool:
    """Tell whether an image is what it should be; one that was not looked at before is read."""
    if is_sealed(path, image["checksum"]):
        return True
    try:
        verify_file(path, image["checksum"])
    except (ImageError, FileNotFoundError):
        return False
    return True


def fetch(cli: Cli, path: str, image: Image) -> None:
    """Fetch an image, and put it into its place if it is whole and right."""

    def ask(argv: list[str], timeout: int | None) -> tuple[int, str, str]:
        done = cli.read(argv, ok=range(256), timeout=timeout)
        return done.rc, done.stdout, done.stderr

    new = os.path.join(os.path.dirname(path), f".{image['name']}.new")
    if os.path.exists(new):
        os.unlink(new)
    try:
        fetch_image(image["url"], image["checksum"], new)
        examine_image(image["url"], new, ask)
    except ImageError as error:
        if os.path.exists(new):
            os.unlink(new)
        cli.fail(f"{image['name']}: {error} What was there before is left as it was.")
    os.chmod(new, 0o644)
    os.rename(new, path)


def seal(path: str, image: Image) -> None:
    """Note that an image is right."""
    if not is_sealed(path, image["checksum"]):
        write_private(seal_path(path), render_seal(path, image["checksum"]), lambda name: os.chmod(name, 0o644))


def list_others(directory: str, images: t.Sequence[Image]) -> list[str]:
    """Return the files in the cache that are not of these images."""
    ours = {name for image in images for name in (image["name"], os.path.basename(seal_path(image["name"])))}
    try:
        return sorted(set(os.listdir(directory)) - ours)
    except FileNotFoundError:
        return []


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "images": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "name": {"type": "str", "required": True},
                    "url": {"type": "str", "required": True},
                    "checksum": {"type": "str", "required": True},
                },
            },
            "directory": {"type": "path", "default": "/var/lib/grid-vm/images"},
        },
        supports_check_mode=True,
    )
    cli = Cli(module)
    images, directory = module.params["images"], module.params["directory"]
    try:
        for image in images:
            check_name(image["name"])
            parse_checksum(image["checksum"])
    except ImageError as error:
        cli.fail(f"images: {error}")
    if len({image["name"] for image in images}) < len(images):
        cli.fail("images: two of them have one name.")
    paths = {image["name"]: os.path.join(directory, image["name"]) for image in images}
    missing = [image for image in images if not is_right(paths[image["name"]], image)]
    removed = [name for name in list_others(directory, images) if not name.startswith(".")]
    plan = Plan()
    for image in missing:
        there = os.path.exists(paths[image["name"]])
        plan.before[paths[image["name"]]] = "another image" if there else None
        plan.after[paths[image["name"]]] = {"url": image["url"], "checksum": image["checksum"]}
    for name in removed:
        plan.before[os.path.join(directory, name)] = "an image that is not wanted"
        plan.after[os.path.join(directory, name)] = None
    if not module.check_mode:
        os.makedirs(directory, mode=0o755, exist_ok=True)
        for image in missing:
            fetch(cli, paths[image["name"]], image)
        for image in images:
            seal(paths[image["name"]], image)
        for name in list_others(directory, images):
            os.unlink(os.path.join(directory, name))
    module.exit_json(**plan.result(), fetched=[image["name"] for image in missing], removed=removed)


if __name__ == "__main__":
    main()
