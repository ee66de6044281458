# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.sitewright.grid.plugins.module_utils._upgrade_info import (
    parse_address_file,
    parse_installed,
    parse_policy,
    parse_updates,
    shape_product,
    source_name,
)

POLICY = """\
ceph-osd:
  Installed: 18.2.7+ds-1
  Candidate: 18.2.8+ds-1
  Version table:
     18.2.8+ds-1 500
        500 http://192.0.2.1 trixie/main amd64 Packages
 *** 18.2.7+ds-1 100
        100 /var/lib/dpkg/status
ceph-gone:
  Installed: (none)
  Candidate: (none)
  Version table:
condor:
  Installed: 1:23.9.6-2
  Candidate: 1:23.9.6-2
"""
UPDATES = """\

ceph-common.x86_64          2:19.2.1-1.el9             ceph
python3-ceph-argparse.x86_64  19.2.1-1.el9  ceph
Obsoleting Packages
ceph-old.x86_64  2:1-1.el9  ceph
"""


def test_packages_are_told_by_their_source() -> None:
    listing = (
        "ceph-osd 18.2.7+ds-1 installed ceph\nlibrados2 18.2.7+ds-1 installed ceph\n"
        "ceph-mds 18.2.7+ds-1 config-files ceph\ncephadm-like 1 installed other\n"
        "ceph-common 2:18.2.7-1.el9 installed ceph-18.2.7-1.el9.src.rpm\ngpg-pubkey 0:1 installed (none)\n"
    )
    assert parse_installed(listing, "ceph") == {
        "ceph-osd": "18.2.7+ds-1",
        "librados2": "18.2.7+ds-1",
        "ceph-common": "2:18.2.7-1.el9",
    }
    assert source_name("python-foo-bar-1.2-3.el9.src.rpm") == "python-foo-bar"


def test_candidates_of_apt_and_dnf() -> None:
    assert parse_policy(POLICY) == {"ceph-osd": "18.2.8+ds-1", "condor": "1:23.9.6-2"}
    assert parse_updates(UPDATES) == {"ceph-common": "2:19.2.1-1.el9", "python3-ceph-argparse": "0:19.2.1-1.el9"}
    assert parse_updates("") == {}


def test_the_version_of_a_running_condor() -> None:
    text = "<192.0.2.1:9618?addrs=x>\n$CondorVersion: 23.9.6 2024-08-08 BuildID: Debian $\n$CondorPlatform: x $\n"
    assert parse_address_file(text) == "23.9.6"
    assert parse_address_file("<192.0.2.1:9618>\n") is None


def test_a_product_is_what_its_main_package_is() -> None:
    installed = {"ceph-common": "2", "ceph-osd": "2", "librados2": "2"}
    shaped = shape_product("ceph", installed, {"ceph-common": "3", "ceph-osd": "1"}, [("2", "1")], {})
    assert shaped == {
        "installed": "2",
        "available": "3",
        "packages": ["ceph-common", "ceph-osd"],
        "downgrades": ["ceph-osd"],
        "daemons": {},
    }
    nothing = shape_product("condor", {}, {}, [], {})
    assert (nothing["installed"], nothing["available"], nothing["packages"]) == (None, None, [])
