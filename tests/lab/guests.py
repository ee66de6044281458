# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guest that the lab's jobs boot."""

from __future__ import annotations

from pathlib import Path

from lab import Lab

SLEEP = "#!/bin/sh\nwhile :; do sleep 1; done\n"
HANG = "#!/bin/sh\nkill $(cat /buttons)\nwhile :; do :; done\n"
# Prints what of jobs of anna and ben is still on a node; the system's own libvirt ends by itself.
REST = (
    "pgrep --list-full 'qemu-system|grid-vm-run' ; pgrep --list-full --uid anna,ben . ; "
    "pgrep --list-full libvirtd | grep --invert-match ' /usr/sbin/libvirtd --timeout' ; "
    "ls -d /tmp/vm* 2>/dev/null; true"
)


def make_image(lab: Lab, node: str) -> dict[str, str]:
    """Make the test guest's image on a node, which fetches it from there; return it as kvm_host_images takes it."""
    lab.ssh(node, "mkdir -p /srv/guest")
    for name in ("init", "make-image"):
        text = (Path(__file__).parent / "guest" / name).read_text()
        lab.ssh(node, f"cat >/srv/guest/{name} <<'EOF'\n{text}EOF")
    lab.ssh(node, "[ -e /srv/guest/image.qcow2 ] || bash /srv/guest/make-image /srv/guest/init /srv/guest/image", 300)
    digits = lab.ssh(node, "sha256sum /srv/guest/image.qcow2").split()[0]
    return {"name": "debian-13", "url": "file:///srv/guest/image.qcow2", "checksum": f"sha256:{digits}"}
