# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The repositories of a worker of OSG: golden files for every series, EL release and architecture, and what differs."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible_collections.sitewright.grid.plugins.module_utils._dnf_repositories import (
    parse_file,
    plan_enabled,
    plan_foreign,
    render_file,
)
from ansible_collections.sitewright.grid.plugins.module_utils._osg_repositories import plan_osg_repositories
from ansible_collections.sitewright.grid.plugins.module_utils._osg_series import (
    EPEL_KEYS,
    SERIES,
    UnknownSeriesError,
    hidden_by,
    needed_from_epel,
)

GOLDEN = Path(__file__).parents[2] / "golden" / "osg_repositories"
MIRROR = "http://mirror.example.org"
ARCHITECTURES = ("x86_64", "aarch64")
COMBINATIONS = [
    (number, release, architecture)
    for number, series in SERIES.items()
    for release in series.releases
    for architecture in series.architectures
]


def rendered(plan: dict[str, t.Any]) -> str:
    """Return all files of a plan, and its keys, as one text."""
    files = [f"# {file['name']}\n{render_file(file['repositories'])}" for file in plan["files"]]
    keys = [f"# {key['path']} {' '.join(key['fingerprints'])} {key['url']}\n" for key in plan["keys"]]
    return "".join([*files, *keys])


@pytest.mark.parametrize(("number", "release", "architecture"), COMBINATIONS)
def test_files_are_the_golden_ones(number: int, release: int, architecture: str) -> None:
    plan = plan_osg_repositories(release, architecture, number)
    assert rendered(plan) == (GOLDEN / f"osg{number}-el{release}-{architecture}").read_text()


def test_every_golden_file_is_of_a_combination() -> None:
    names = {f"osg{number}-el{release}-{architecture}" for number, release, architecture in COMBINATIONS}
    assert names | {"choices"} == {path.name for path in GOLDEN.iterdir()}


def test_files_of_a_site_with_choices_of_its_own() -> None:
    plan = plan_osg_repositories(
        9,
        "x86_64",
        exclude=["globus-*", "xrootd*"],
        epel_exclude=["condor*"],
        overrides={
            "osg-testing": {"enabled": True, "include": ["osg-wn-client"]},
            "epel": {"baseurl": f"{MIRROR}/fedora", "skip_if_unavailable": True, "exclude": []},
            "osg": {"fingerprints": ["0123 4567 89AB CDEF 0123  4567 89AB CDEF 0123 4567"]},
        },
        extra={
            "htcondor": {"fingerprints": ["F" * 40]},
            "site": {"baseurl": f"{MIRROR}/site", "priority": 9, "gpgcheck": False},
        },
        mirror=f"{MIRROR}/",
    )
    assert rendered(plan) == (GOLDEN / "choices").read_text()


def test_without_a_series_the_newest_one_is_taken() -> None:
    assert [plan_osg_repositories(release, "x86_64")["series"] for release in (8, 9, 10)] == [25, 25, 25]


@pytest.mark.parametrize(
    ("release", "architecture", "number", "words"),
    [
        (7, "x86_64", None, "nothing for EL 7: it is made for EL 8, 9 or 10"),
        (9, "x86_64", 22, "no series 22 of OSG that is known here: set 23, 24 or 25"),
        (10, "x86_64", 24, "OSG 24 is made for EL 8 or 9, and this host runs EL 10: set osg_series to 25"),
        (7, "x86_64", 25, "and this host runs EL 7: there is no series for it"),
        (9, "aarch64", 23, "OSG 23 is made for x86_64, and this host is aarch64: set osg_series to 25"),
        (9, "ppc64le", 25, "OSG 25 is made for x86_64 or aarch64, and this host is ppc64le."),
    ],
)
def test_what_there_is_not_is_refused(release: int, architecture: str, number: int | None, words: str) -> None:
    with pytest.raises(UnknownSeriesError, match=words):
        plan_osg_repositories(release, architecture, number)


def test_every_release_has_a_key_of_epel() -> None:
    assert {release for series in SERIES.values() for release in series.releases} == set(EPEL_KEYS)


def test_gfal2_ends_with_el_10() -> None:
    assert "gfal2-plugin-xrootd" in plan_osg_repositories(9, "x86_64")["packages"]
    assert plan_osg_repositories(10, "x86_64")["packages"] == ["osg-wn-client"]


def test_patterns_of_excludes_are_held_against_names() -> None:
    assert hidden_by(["voms*", "xrootd*"], needed_from_epel(25)) == {"voms*": ["voms", "voms-clients-cpp"]}
    assert hidden_by(["voms*"], needed_from_epel(23)) == {}
    assert needed_from_epel(None) == SERIES[max(SERIES)].from_epel


ROCKY = """\
[baseos]
name=Rocky - BaseOS
mirrorlist=https://mirrors.example.org/?repo=BaseOS
gpgcheck=1
enabled=1

[crb]
name=Rocky - CRB
mirrorlist=https://mirrors.example.org/?repo=CRB
#baseurl=http://dl.example.org
gpgcheck=1
enabled=0
gpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-Rocky-9
metadata_expire=6h
"""


def test_a_repository_of_the_host_is_enabled_by_a_copy() -> None:
    [copy], lacking = plan_enabled({"rocky.repo": ROCKY}, [["powertools", "crb"], ["extras"]], {})
    assert lacking == ["extras"]
    assert parse_file(render_file([copy])) == {
        "sitewright-crb": {
            "name": "Rocky - CRB",
            "enabled": "1",
            "mirrorlist": "https://mirrors.example.org/?repo=CRB",
            "gpgcheck": "1",
            "gpgkey": "file:///etc/pki/rpm-gpg/RPM-GPG-KEY-Rocky-9",
            "metadata_expire": "6h",
        }
    }


def test_a_repository_that_is_enabled_is_left() -> None:
    assert plan_enabled({"rocky.repo": ROCKY}, [["baseos"]], {}) == ([], [])
    [copy], _lacking = plan_enabled({"rocky.repo": ROCKY}, [["baseos"]], {"baseurl": MIRROR})
    assert parse_file(render_file([copy])) == {
        "sitewright-baseos": {"name": "Rocky - BaseOS", "baseurl": MIRROR, "enabled": "1", "gpgcheck": "1"}
    }


def test_files_of_others_that_disagree_are_moved_as_a_whole() -> None:
    files = {
        "epel.repo": "[epel]\nname=EPEL\nenabled=1\n[epel-debuginfo]\nenabled=0\n",
        "mixed.repo": "[osg]\nname=x\n[site]\nname=y\n",
        "rocky.repo": ROCKY,
        "broken.repo": "enabled=1\n",
    }
    foreign = plan_foreign(files, {"osg", "epel", "sitewright-crb"})
    assert foreign.moved == ["epel.repo"]
    assert [warning.partition(" ")[0] for warning in foreign.warnings] == ["broken.repo", "mixed.repo"]
