# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a worker of OSG has, from what its package system and its files say."""

from __future__ import annotations

import pytest
from ansible_collections.sitewright.grid.plugins.module_utils._osg_client import (
    Client,
    count_authorities,
    machine_attributes,
    machine_knobs,
    newest_version,
    parse_packages,
    upstream_version,
)


@pytest.mark.parametrize(
    ("version", "upstream"),
    [
        ("5.8.1-1", "5.8.1"),
        ("2.1.0~rc3-4", "2.1.0"),
        ("1:7.0+dfsg-3", "7.0"),
        ("1.134+dfsg+~1.134+~24178.045bd88-3", "1.134"),
        ("25", "25"),
        ("git123", "git123"),
    ],
)
def test_versions_are_upstreams(version: str, upstream: str) -> None:
    assert upstream_version(version) == upstream


def test_only_installed_packages_count() -> None:
    printed = "installed a:amd64 1.0-1\nnot-installed b \nconfig-files c 2.0\npackage d is not installed\n"
    assert parse_packages(printed) == {"a": "1.0"}


def test_cas_are_counted_by_their_hashes() -> None:
    names = ["0a1b2c3d.0", "0a1b2c3d.1", "0a1b2c3d.r0", "0a1b2c3d.namespaces", "0a1b2c3d.signing_policy", "One.pem"]
    assert count_authorities(names) == (2, 1)


def test_the_newest_information_tells_the_version() -> None:
    assert newest_version(["alias = A\nversion = 1.99\n", "version=1.134 \n", "version = none\n"]) == "1.134"
    assert newest_version([]) is None


def test_osgs_own_client_comes_before_the_systems() -> None:
    packages = {"osg-wn-client": "25", "xrootd-client": "5.8.1", "gfal2": "2.23", "gfal2-plugin-file": "2.22"}
    attributes = machine_attributes(Client(packages, ca_version="1.134"), "AlmaLinux", "9")
    assert (attributes["OSGClient"], attributes["OSGClientVersion"]) == ("OSG", "25")
    assert attributes["Gfal2Version"] == "2.23"
    assert "VomsClientsVersion" not in attributes


def test_a_client_with_parts_missing_is_none() -> None:
    attributes = machine_attributes(Client({}, commands_missing=["xrdcp"]), "Debian", "13")
    assert attributes == {"HasOSGClient": False, "HasCVMFS": False}


def test_attributes_are_literals_of_classads_and_are_added_to_the_others() -> None:
    knobs = machine_knobs({"HasCVMFS": True, "CACertsVersion": "1.134"}, {"A": "b"})
    assert knobs == {
        "CACertsVersion": '"1.134"',
        "HasCVMFS": "True",
        "STARTD_ATTRS": ["$(STARTD_ATTRS)", "CACertsVersion", "HasCVMFS"],
        "STARTER_JOB_ENVIRONMENT": '"A=b"',
    }
