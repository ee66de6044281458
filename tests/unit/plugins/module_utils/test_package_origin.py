# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What resolvers answer, and what that means for a site."""

from __future__ import annotations

import ast
import typing as t

import pytest
from ansible_collections.sitewright.grid.plugins.module_utils._dnf_resolver import ask_source, parse_policy
from ansible_collections.sitewright.grid.plugins.module_utils._package_origin import (
    describe_unexpected,
    judge_repositories,
)

POLICY = """\
xrootd-client:
  Installed: 5.7.3-1
  Candidate: 5.7.3-1
  Version table:
     5.9.0-1~bpo13 100
        100 http://deb.debian.org/debian trixie-backports/main amd64 Packages
 *** 5.7.3-1 500
        500 http://deb.debian.org/debian trixie/main amd64 Packages
        100 /var/lib/dpkg/status
     5.6.0-1 500
        500 http://deb.debian.org/debian bookworm/main amd64 Packages
voms-clients:
  Installed: (none)
  Candidate: (none)
  Version table:
     2.1.0-1 -1
        500 http://deb.debian.org/debian trixie/main amd64 Packages
"""


def test_apt_tells_where_packages_would_come_from() -> None:
    found = parse_policy(POLICY)
    client = found["xrootd-client"]
    assert client["repository"] == "http://deb.debian.org/debian trixie/main"
    assert client["installed"] == [{"version": "5.7.3-1", "repository": None}]
    assert [(one["version"], one["lost"]) for one in client["candidates"]] == [
        ("5.9.0-1~bpo13", "priority"),
        ("5.7.3-1", None),
        ("5.6.0-1", "version"),
    ]


def test_apt_tells_of_what_a_pin_forbids() -> None:
    voms = parse_policy(POLICY)["voms-clients"]
    assert (voms["repository"], voms["version"], voms["installed"]) == (None, None, [])
    assert [one["lost"] for one in voms["candidates"]] == ["excluded"]


def test_the_program_for_dnf_is_one_that_python_3_6_reads() -> None:
    source = ask_source({"names": ['it\'s "quoted" \\ and ü']})
    assert "annotations\n" not in source
    tree = ast.parse(source, feature_version=(3, 7))  # the oldest that today's Python knows
    [request] = [
        node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and node.value.value
    ]
    assert "quoted" in request
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert not names & {"annotations", "dataclass"}


REPOSITORIES = {
    "osg": {"priority": 98, "file": None, "required": True, "error": None},
    "htcondor": {"priority": 90, "file": "/etc/yum.repos.d/htcondor.repo", "required": True, "error": None},
}


def answer(**changes: t.Any) -> dict[str, t.Any]:
    """Return an answer of dnf that is content with everything, after these changes."""
    return {
        "repositories": REPOSITORIES,
        "down": [],
        "hidden": [],
        "transaction": {"possible": True, "problems": []},
        "outranked": {},
        "excludes": [],
        "messages": [],
        "unexpected": [],
        "origins": {},
        **changes,
    }


OUTRANKED = {"outranked": {"osg": {"htcondor": ["condor", "minicondor"]}}}
DOWN = {**REPOSITORIES, "site": {"priority": 9, "file": None, "required": True, "error": "Cannot connect."}}
EXCLUDE = {"repository": "epel", "pattern": "condor", "hides": ["condor"], "leaves": []}


@pytest.mark.parametrize(
    ("changes", "refused", "warned"),
    [
        ({}, "", ""),
        (
            OUTRANKED,
            "htcondor (priority 90, /etc/yum.repos.d/htcondor.repo) outranks osg (priority 98) for condor and",
            "",
        ),
        ({"repositories": DOWN, "down": ["site"]}, "The repository site does not answer: Cannot connect. Mend it", ""),
        (
            {"repositories": {"site": {**DOWN["site"], "required": False}}},
            "",
            "The repository site does not answer and is passed over: Cannot connect.",
        ),
        (
            {"hidden": [{"package": "voms", "repository": "epel", "needed_by": ["osg-wn-client"], "wanted": False}]},
            "voms, which osg-wn-client needs, is hidden by an exclude of epel",
            "",
        ),
        (
            {"hidden": [{"package": "voms", "repository": "epel", "needed_by": [], "wanted": True}]},
            "voms, which is to be installed, is hidden by an exclude of epel",
            "",
        ),
        (
            {"transaction": {"possible": False, "problems": ["nothing provides x"]}},
            "The packages cannot be installed: nothing provides x",
            "",
        ),
        ({"excludes": [{**EXCLUDE, "hides": []}]}, "", "The exclude condor of epel matches nothing there"),
        (
            {"excludes": [{**EXCLUDE, "leaves": ["condor-kbdd"]}]},
            "",
            "of epel leaves condor-kbdd, of the same sources as",
        ),
        ({"excludes": [EXCLUDE]}, "", ""),
        ({"messages": ["Unknown configuration option: x"]}, "", "dnf: Unknown configuration option: x"),
    ],
)
def test_judgement(changes: dict[str, t.Any], refused: str, warned: str) -> None:
    found = judge_repositories(answer(**changes), ["osg"])
    for sentences, words in ((found["refused"], refused), (found["warned"], warned)):
        assert len(sentences) == bool(words)
        assert words in "".join(sentences)


def test_what_the_site_has_configured_or_accepted_may_outrank() -> None:
    assert judge_repositories(answer(**OUTRANKED), ["osg", "htcondor"])["refused"] == []
    assert judge_repositories(answer(**OUTRANKED), ["osg"], ["htcondor"])["refused"] == []


def test_origins_are_told_with_their_reason() -> None:
    origins = {
        "condor": {"candidates": [{"repository": "osg", "lost": "priority"}, {"repository": "htcondor", "lost": None}]},
        "voms": {"candidates": []},
    }
    unexpected = [
        {"package": "condor", "expected": "osg", "found": "htcondor", "installed": False},
        {"package": "condor", "expected": "osg", "found": "epel", "installed": True},
        {"package": "voms", "expected": "osg", "found": None, "installed": False},
    ]
    assert describe_unexpected(unexpected, origins) == [
        "condor would come from htcondor, and is expected from osg; there it has lost by: priority.",
        "condor is installed from epel, and expected from osg.",
        "voms would come from nowhere, and is expected from osg; osg has none.",
    ]
