# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_fuse import Mount, plan_mount, render_unit
from ansible_collections.sitewright.grid.plugins.module_utils._systemd import Unit

RELOAD = ["systemctl", "daemon-reload"]
ENABLE = ["systemctl", "enable", "cephfs.service"]
RESTART = ["systemctl", "restart", "cephfs.service"]


@pytest.mark.parametrize(
    ("unit", "is_outdated", "commands"),
    [
        (Unit(enabled=True, running=True), False, []),
        (Unit(enabled=True, running=True), True, [RELOAD, RESTART]),
        (Unit(enabled=True, running=False), False, [RELOAD, RESTART]),
        (Unit(enabled=False, running=True), False, [RELOAD, ENABLE]),
        (Unit(), True, [RELOAD, ENABLE, RESTART]),
    ],
)
def test_a_mount_is_disturbed_only_where_it_has_to_be(unit: Unit, is_outdated: bool, commands: list[list[str]]) -> None:
    assert plan_mount(unit, is_outdated) == commands


def test_names_are_quoted_for_systemd() -> None:
    text = render_unit(Mount("client.a", "cephfs", "/big data", "/100%/$x", "rw", 300))
    assert (
        "ExecStart=/usr/bin/ceph-fuse --id a --client_fs cephfs --client_mountpoint '/big data' '/100%%/$$x'\n" in text
    )
    # The second mount's place is found by a shell, between quotes of its own.
    assert (
        "ExecReload=/bin/sh -c 'exec /usr/bin/ceph-fuse --id a --client_fs cephfs --client_mountpoint \\'/big data\\' "
        '"$$(mktemp -d /run/cephfs.XXXXXX)"\'\n'
    ) in text
    assert "Description=CephFS on /100%%/$x\n" in text
    assert "-o ro" not in text


def test_a_mount_with_an_older_key_is_handed_over_where_nothing_else_is_to_be_done() -> None:
    assert plan_mount(Unit(enabled=True, running=True), False, True) == [["systemctl", "reload", "cephfs.service"]]
    assert plan_mount(Unit(enabled=True, running=True), True, True) == [RELOAD, RESTART]
