# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an execution point's kernel and its HTCondor say of themselves."""

from __future__ import annotations

import pytest
from ansible_collections.sitewright.grid.plugins.module_utils._condor_host import (
    Mounts,
    count_cpus,
    matching_knobs,
    parse_candidate,
    parse_knobs,
    parse_mounts,
)

V2 = "30 23 0:26 / /sys/fs/cgroup {mode},nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
V1 = "31 23 0:27 / /sys/fs/cgroup/{name} {mode},nosuid - cgroup cgroup rw,{name}\n"
AUTO = "40 23 0:40 / {path} rw,relatime - autofs systemd-1 rw,fd=29\n"


DUMP = """\
# Configuration from machine: w1
EXECUTE = $(LOCAL_DIR)/scratch
 # at: /etc/condor/condor_config, line 81
 # expanded: /scratch
num_cpus = 4
 # at: {origin}
 # expanded: 4
"""


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("<Detected>", {"EXECUTE": "/scratch", "NUM_CPUS": "4"}),
        ("/etc/condor/config.d/10-local.conf, line 1", {"EXECUTE": "/scratch", "NUM_CPUS": "4"}),
        # What was given before is no longer, else it would be among the given ones.
        ("/etc/condor/config.d/50-sitewright.conf, line 30", {"EXECUTE": "/scratch"}),
        (
            "/etc/condor/config.d/50-sitewright.conf, line 30, use FEATURE:Site+2",
            {"EXECUTE": "/scratch", "NUM_CPUS": "4"},
        ),
    ],
)
def test_knobs_are_read_but_for_our_own(origin: str, expected: dict[str, str]) -> None:
    assert parse_knobs(DUMP.format(origin=origin)) == expected


def test_only_knobs_that_decide_are_taken_from_the_operator() -> None:
    given = {"execute": "/scratch", "NUM_CPUS": 4, "START": True, "NUM_SLOTS_TYPE_1": None, "NUM_SLOTS_TYPE_2": 1}
    assert matching_knobs(given) == {"EXECUTE": "/scratch", "NUM_CPUS": "4", "NUM_SLOTS_TYPE_2": "1"}


@pytest.mark.parametrize(
    ("policy", "version"),
    [
        ("condor:\n  Installed: (none)\n  Candidate: 23.9.6+dfsg-2.1\n", "23.9.6+dfsg-2.1"),
        ("condor:\n  Installed: (none)\n  Candidate: (none)\n", None),
        ("", None),
    ],
)
def test_the_version_that_apt_would_install(policy: str, version: str | None) -> None:
    assert parse_candidate(policy) == version


@pytest.mark.parametrize(
    ("mountinfo", "mounts"),
    [
        (V2.format(mode="rw"), Mounts(2, frozenset(), ())),
        (V2.format(mode="ro"), Mounts(None, frozenset(), ())),
        (
            V1.format(name="memory", mode="rw") + V1.format(name="cpu", mode="rw") + V2.format(mode="rw"),
            Mounts(1, frozenset(["rw", "memory", "cpu"]), ()),
        ),
        (V1.format(name="memory", mode="ro") + V2.format(mode="rw"), Mounts(2, frozenset(), ())),
        (AUTO.format(path="/net") + AUTO.format(path="/proc/sys/fs/binfmt_misc"), Mounts(None, frozenset(), ("/net",))),
        ("", Mounts(None, frozenset(), ())),
    ],
)
def test_mounts(mountinfo: str, mounts: Mounts) -> None:
    assert parse_mounts(mountinfo) == mounts


@pytest.mark.parametrize(
    ("config", "cpus"),
    [({"NUM_CPUS": "6", "DETECTED_CPUS": "8"}, 6), ({"NUM_CPUS": "", "DETECTED_CPUS": "8"}, 8), ({}, 2)],
)
def test_cpus(config: dict[str, str], cpus: int) -> None:
    assert count_cpus(config, 2) == cpus
