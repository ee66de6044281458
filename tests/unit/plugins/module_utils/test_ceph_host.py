# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Readers of a host's own files."""

from __future__ import annotations

import pytest
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_host import (
    parse_os_release,
    parse_packages,
    provides_filesystem,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('ID=debian\nVERSION_ID="13"\n', {"id": "debian", "version": "13", "family": "debian"}),
        (
            'ID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.6"\n',
            {"id": "rocky", "version": "9.6", "family": "rhel"},
        ),
        ("ID=ubuntu\nID_LIKE=debian\n", {"id": "ubuntu", "version": None, "family": "debian"}),
        ("# nothing\nID=arch\n", {"id": "arch", "version": None, "family": None}),
        ("", {"id": None, "version": None, "family": None}),
    ],
)
def test_os_release(text: str, expected: dict[str, str | None]) -> None:
    assert parse_os_release(text) == expected


def test_packages_that_are_only_half_there_do_not_count() -> None:
    text = "ceph-mon 18.2.7+ds-1 installed\nceph-osd 18.2.7+ds-1 config-files\nceph  not-installed\n"
    assert parse_packages(text) == {"ceph-mon": "18.2.7+ds-1"}


@pytest.mark.parametrize(
    ("filesystems", "modules", "expected"),
    [
        ("nodev\tfuse\n\text4\nnodev\tceph\n", "", True),
        ("nodev\tfuse\n", "kernel/fs/ceph/ceph.ko.xz: kernel/net/ceph/libceph.ko.xz\n", True),
        ("nodev\tfuse\n", "kernel/net/ceph/libceph.ko:\n", False),
        ("nodev\tfuse\n", "", False),
    ],
)
def test_the_kernel_client(filesystems: str, modules: str, expected: bool) -> None:
    assert provides_filesystem("ceph", filesystems, modules) is expected
