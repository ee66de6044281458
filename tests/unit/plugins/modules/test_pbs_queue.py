# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The module pbs_queue against a stand-in for qmgr, really run: no PBS is packaged for the lab's hosts.

What the stand-in prints, and what it refuses, was written after the manuals of Torque 6.1 and OpenPBS 23.06.
"""

from __future__ import annotations

import json
import typing as t
from pathlib import Path

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.sitewright.grid.plugins.module_utils._pbs_queue import parse_qmgr, render_time, seconds
from ansible_collections.sitewright.grid.plugins.modules import pbs_queue

TORQUE = """Server head1
\tserver_state = Active
\tscheduling = True
\tacl_hosts = head1.example.org
\tdefault_queue = batch
\tpbs_version = 6.1.3
#
# Create queues and set their attributes.
#
#
# Create and define queue dirac_reg
#
create queue dirac_reg
set queue dirac_reg queue_type = Execution
set queue dirac_reg Priority = 10
set queue dirac_reg max_user_queuable = 500
set queue dirac_reg acl_users = ann@*
set queue dirac_reg acl_users += bob@*
set queue dirac_reg resources_max.nodect = 12
set queue dirac_reg resources_max.walltime = 24:00:00
set queue dirac_reg resources_min.nodect = 1
set queue dirac_reg resources_default.walltime = 01:00:00
set queue dirac_reg max_user_run = 8
set queue dirac_reg enabled = True
set queue dirac_reg started = True
#
# Set server attributes.
#
set server scheduling = True
set server acl_hosts = head1.example.org
set server node_check_rate = 150
create node worker1
set node worker1 state = free
set node worker1 np = 8
set node worker1 properties = virt
set node worker1 properties += big
set node worker1 ntype = cluster
create node worker2
set node worker2 state = free
"""
OPENPBS = """Server: head1
    server_state = Idle
    pbs_version = 23.06.06
#
# Create resources and set their properties.
#
#
# Create and define resource Qlist
#
create resource Qlist
set resource Qlist type = string_array
set resource Qlist flag = h
#
# Create queues and set their attributes.
#
create queue workq
set queue workq queue_type = Execution
set queue workq max_run = [u:PBS_GENERIC=5]
set queue workq max_run += [u:ann=9]
set queue workq enabled = True
set queue workq started = True
create node worker1 Mom=worker1.example.org
set node worker1 state = free
set node worker1 resources_available.Qlist = "virt,work"
set node worker1 resources_available.vnode = worker1
"""

# Keeps its state in a file beside itself; prints what it has as both of them do, and refuses what both refuse.
QMGR = """#!/usr/bin/env python3
import json, pathlib, re, sys
here = pathlib.Path(__file__).parent
state = json.loads((here / "state").read_text())
(option, words), = [sys.argv[1:]]
assert option == "-c"
with (here / "log").open("a") as log:
    log.write(words + "\\n")
def fail(message, code):
    sys.exit(print(f"qmgr obj= svr=default: {message}", file=sys.stderr) or code)
def printed(kind):
    for name, attributes in state[kind].items():
        yield f"create {kind} {name}"
        for attribute, values in attributes.items():
            for index, value in enumerate(values):
                yield f"set {kind} {name} {attribute} {'+=' if index else '='} {value}"
if words == "list server":
    print(f"Server head1\\n\\tserver_state = Active\\n\\tpbs_version = {state['version']}")
elif words == "print server":
    print("\\n".join(["#", *printed("resource"), "#", *printed("queue"), "set server scheduling = True"]))
elif words == "print node @default":
    if not state["node"]:
        fail("Unknown node  MSG=cannot find node", 170)
    print("\\n".join(printed("node")))
elif (found := re.fullmatch(r"create (queue|resource) (\\S+)( .*)?", words)):
    if found[2] in state[found[1]]:
        fail("Object already exists", 1)
    pairs = [pair.split("=") for pair in (found[3] or "").split(", ") if pair.strip()]
    state[found[1]][found[2]] = {name.strip(): [value] for name, value in pairs}
elif (found := re.fullmatch(r"delete queue (\\S+)", words)):
    if found[1] in state["busy"]:
        fail("Cannot delete busy queue", 1)
    del state["queue"][found[1]]
elif (found := re.fullmatch(r"set (queue|node) (\\S+) (\\S+) (=|\\+=|-=) (.+)", words)):
    kind, name, attribute, operator, value = found.groups()
    if name not in state[kind]:
        fail(f"Unknown {kind}", 1)
    openpbs = int(state["version"].split(".")[0]) >= 13
    known = {"max_run", "max_queued", "default_chunk.Qlist", "resources_available.Qlist"}
    if (attribute in known) != openpbs and attribute in known | {"max_user_run", "max_user_queuable", "properties"}:
        fail(f"Undefined attribute  {attribute}", 1)
    if attribute.endswith("Qlist") and "Qlist" not in state["resource"]:
        fail("Unknown resource Qlist", 1)
    values = value.strip('"').split(",")
    have = state[kind][name].get(attribute, [])
    new = {"=": values, "+=": have + values, "-=": [one for one in have if one not in values]}[operator]
    state[kind][name][attribute] = new
    if not new:
        del state[kind][name][attribute]
else:
    fail(f"Syntax error: {words}", 1)
(here / "state").write_text(json.dumps(state))
"""
VERSIONS = {"torque": "6.1.3", "openpbs": "23.06.06"}
WANTED: dict[str, t.Any] = {
    "name": "virt",
    "nodes": ["worker1", "worker2"],
    "priority": 100,
    "max_walltime": "48:00:00",
    "default_walltime": "3600",
    "max_nodes": 1,
    "min_nodes": 1,
    "max_running_per_user": 4,
    "max_queued_per_user": 20,
    "users": ["ann@*", "bob@*"],
    "attributes": {"resources_default.mem": "2gb"},
}


class Server:
    """The stand-in's state and log, and the module that works with it."""

    def __init__(self, root: Path, flavor: str, capsys: pytest.CaptureFixture[str]) -> None:
        self.root, self.flavor, self.capsys = root, flavor, capsys
        self.qmgr = root / "qmgr"
        self.qmgr.write_text(QMGR)
        self.qmgr.chmod(0o755)
        nodes: dict[str, t.Any] = {"worker1": {}, "worker2": {"ntype": ["cluster"]}, "worker3": {}}
        self.state = {"version": VERSIONS[flavor], "queue": {}, "resource": {}, "node": nodes, "busy": []}

    @property
    def state(self) -> dict[str, t.Any]:
        return t.cast("dict[str, t.Any]", json.loads((self.root / "state").read_text()))

    @state.setter
    def state(self, state: dict[str, t.Any]) -> None:
        (self.root / "state").write_text(json.dumps(state))

    def changes(self) -> list[str]:
        """Return the directives that were given, and forget them."""
        log = self.root / "log"
        lines = log.read_text().splitlines() if log.exists() else []
        log.write_text("")
        return [line for line in lines if not line.startswith(("list ", "print "))]

    def run(self, check: bool = False, **params: t.Any) -> dict[str, t.Any]:
        arguments = {**params, "executable": str(self.qmgr), "_ansible_check_mode": check}
        with patch_module_args(arguments), pytest.raises(SystemExit):
            pbs_queue.main()
        return t.cast("dict[str, t.Any]", json.loads(self.capsys.readouterr().out))


@pytest.fixture(params=sorted(VERSIONS))
def server(request: pytest.FixtureRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Server:
    return Server(tmp_path, request.param, capsys)


def test_a_queue_is_made_once(server: Server) -> None:
    foreseen = server.run(check=True, **WANTED)
    assert server.changes() == []
    done = server.run(**WANTED)
    assert foreseen == done
    assert done["flavor"] == server.flavor
    assert done["diff"]["before"] == {"queue": None}
    assert done["commands"] == [f"{server.qmgr} -c '{directive}'" for directive in server.changes()]
    queue = server.state["queue"]["virt"]
    assert queue["resources_max.walltime"] == ["48:00:00"]
    assert queue["resources_default.walltime"] == ["01:00:00"]
    assert queue["acl_users"] == ["ann@*", "bob@*"]
    assert queue["enabled"] == queue["started"] == ["True"]
    if server.flavor == "torque":
        assert (queue["max_user_run"], queue["resources_default.neednodes"]) == (["4"], ["virt"])
        assert server.state["node"]["worker1"] == {"properties": ["virt"]}
        assert "resource" not in str(done["commands"][0])
    else:
        assert (queue["max_run"], queue["default_chunk.Qlist"]) == (["[u:PBS_GENERIC=4]"], ["virt"])
        assert server.state["node"]["worker1"] == {"resources_available.Qlist": ["virt"]}
        assert server.state["resource"] == {"Qlist": {"type": ["string_array"], "flag": ["h"]}}
    again = server.run(**WANTED)
    assert not again["changed"]
    assert again["diff"]["before"] == again["diff"]["after"]
    assert not server.run(check=True, **WANTED)["changed"]
    assert server.changes() == []


def test_only_what_is_different_is_set(server: Server) -> None:
    server.run(**WANTED)
    server.changes()
    mark = "properties" if server.flavor == "torque" else "resources_available.Qlist"
    changed = server.run(**{**WANTED, "priority": 5, "nodes": ["worker2", "worker3"], "started": False})
    assert server.changes() == [
        "set queue virt Priority = 5",
        "set queue virt started = False",
        f"set node worker1 {mark} -= virt",
        f"set node worker3 {mark} += virt",
    ]
    assert changed["diff"]["before"]["queue"]["nodes"] == ["worker1", "worker2"]
    assert changed["diff"]["after"]["queue"]["nodes"] == ["worker2", "worker3"]
    assert changed["diff"]["after"]["queue"]["attributes"]["Priority"] == "5"


def test_another_spelling_is_the_same(server: Server) -> None:
    server.run(**WANTED)
    for other in ({"max_walltime": "172800"}, {"users": ["bob@*", "ann@*"]}, {"default_walltime": "1:00:00"}):
        assert not server.run(**{**WANTED, **other})["changed"], other


def test_what_is_not_given_is_left_alone(server: Server) -> None:
    server.run(**WANTED)
    server.changes()
    assert not server.run(name="virt")["changed"]
    assert server.run(name="virt", users=[])["changed"]
    assert server.changes() == ["set queue virt acl_user_enable = False"]


def test_other_marks_of_nodes_stay(server: Server) -> None:
    mark = "properties" if server.flavor == "torque" else "resources_available.Qlist"
    state = server.state
    state["node"]["worker1"] = {mark: ["big"]}
    if server.flavor == "openpbs":
        state["resource"]["Qlist"] = {"type": ["string_array"], "flag": ["h"]}
    server.state = state
    server.run(name="virt", nodes=["worker1"])
    assert server.state["node"]["worker1"] == {mark: ["big", "virt"]}
    server.run(name="virt", state="absent")
    assert server.state["node"]["worker1"] == {mark: ["big"]}
    assert server.state["queue"] == {}
    assert not server.run(name="virt", state="absent")["changed"]


def test_a_queue_with_jobs_is_not_deleted(server: Server) -> None:
    server.run(name="virt", nodes=["worker1"])
    server.state = {**server.state, "busy": ["virt"]}
    failed = server.run(name="virt", state="absent")
    assert "Cannot delete busy queue" in failed["msg"]
    assert server.run(check=True, name="virt", state="absent")["changed"]
    assert "virt" in server.state["queue"]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"nodes": ["worker9"]}, "The server knows no node worker9: create it first"),
        ({"name": "2nd queue"}, "'2nd queue' is no name of a queue"),
        ({"max_walltime": "soon"}, "max_walltime 'soon' is no duration"),
        ({"priority": 5000}, "priority 5000 lies outside"),
        ({"attributes": {"comment": 'a "b'}}, "comment has quotes"),
        ({"attributes": {"comment": "a\ncreate queue b"}}, "comment has quotes or line breaks"),
    ],
)
def test_what_cannot_be_is_refused(server: Server, params: dict[str, t.Any], message: str) -> None:
    assert message in server.run(**{"name": "virt", **params})["msg"]
    assert server.changes() == []


def test_a_value_with_blanks_is_quoted(server: Server) -> None:
    params = {"name": "virt", "attributes": {"comment": "boots machines"}}
    server.run(**params)
    assert 'set queue virt comment = "boots machines"' in server.changes()
    assert not server.run(**params)["changed"]


def test_a_server_without_nodes(server: Server) -> None:
    server.state = {**server.state, "node": {}}
    assert server.run(name="virt")["changed"]
    assert "knows no node worker1" in server.run(name="virt", nodes=["worker1"])["msg"]


def test_a_session_of_torque() -> None:
    pbs = parse_qmgr(TORQUE)
    assert (pbs.version, pbs.is_openpbs) == ("6.1.3", False)
    queue = pbs.queues["dirac_reg"]
    assert queue["acl_users"] == ["ann@*", "bob@*"]
    assert queue["resources_max.walltime"] == ["24:00:00"]
    assert pbs.nodes["worker1"]["properties"] == ["virt", "big"]
    assert pbs.nodes["worker2"] == {"state": ["free"]}


def test_a_session_of_openpbs() -> None:
    pbs = parse_qmgr(OPENPBS)
    assert (pbs.version, pbs.is_openpbs) == ("23.06.06", True)
    assert pbs.resources == {"Qlist": {"type": ["string_array"], "flag": ["h"]}}
    assert pbs.queues["workq"]["max_run"] == ["[u:PBS_GENERIC=5]", "[u:ann=9]"]
    assert pbs.nodes["worker1"]["resources_available.Qlist"] == ["virt", "work"]


@pytest.mark.parametrize(
    ("text", "count"),
    [("24:00:00", 86400), ("3600", 3600), ("10:30", 630), ("100:00:00", 360000), ("x", None), ("", None)],
)
def test_durations(text: str, count: int | None) -> None:
    assert seconds(text) == count
    if count is not None:
        assert seconds(render_time(text)) == count
