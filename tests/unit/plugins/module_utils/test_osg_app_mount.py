# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The unit of systemd that lets a worker only read OSG_APP."""

from __future__ import annotations

import pytest
from ansible_collections.sitewright.grid.plugins.module_utils._osg_app_mount import plan_mount, render_unit, unit_name
from ansible_collections.sitewright.grid.plugins.module_utils._systemd import Unit

RUNS = Unit(enabled=True, running=True)
RELOAD = ["systemctl", "daemon-reload"]
START = ["systemctl", "enable", "--now", "--", "srv.mount"]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/cephfs/osg/app", "cephfs-osg-app.mount"),
        ("/cephfs/osg-app", "cephfs-osg\\x2dapp.mount"),
        ("/.a/b_c.d:e", "\\x2ea-b_c.d:e.mount"),
        ("/ü", "\\xc3\\xbc.mount"),
    ],
)
def test_units_are_called_as_systemd_wants_it(path: str, name: str) -> None:
    """The expected names are those that systemd-escape prints."""
    assert unit_name(path) == name


def test_percent_signs_are_no_specifiers() -> None:
    assert "\nWhere=/a%%b\n" in render_unit("/a%b")


@pytest.mark.parametrize(
    ("have", "is_outdated", "before", "after"),
    [
        ({"srv.mount": RUNS}, False, [], []),
        ({"srv.mount": Unit()}, True, [], [RELOAD, START]),
        ({"srv.mount": Unit(enabled=True)}, False, [], [RELOAD, START]),
        ({"srv.mount": RUNS}, True, [["systemctl", "stop", "--", "srv.mount"]], [RELOAD, START]),
    ],
)
def test_the_mount_is_started_when_it_has_to_be(
    have: dict[str, Unit], is_outdated: bool, before: list[list[str]], after: list[list[str]]
) -> None:
    assert plan_mount("srv.mount", have, is_outdated) == (before, after)


def test_other_mounts_end() -> None:
    stop = ["systemctl", "disable", "--now", "--", "srv.mount"]
    assert plan_mount(None, {"srv.mount": RUNS}, is_outdated=False) == ([stop], [RELOAD])
