# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the site tells of itself, beside what its systems say when they are asked directly."""

from __future__ import annotations

import json
import subprocess
import typing as t
from pathlib import Path
from xml.etree import ElementTree

import pytest
from lab import BIN, ENVIRON, ROOT
from pool import Pool

SITE = ROOT / "inventories" / "lab"


@pytest.fixture(scope="module")
def site() -> t.Iterator[Pool]:
    """Give the running site, which is as it was when the tests have ended."""
    site = Pool(SITE)
    if site.try_ssh(site.access_point, "condor_status -schedd").returncode != 0:
        pytest.fail("the lab's site does not run: run test_site.py first", pytrace=False)
    site.play("site.yml")
    site.wait_for_machines()
    yield site
    assert not site.play("site.yml").changed


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a file of the inventory plugin."""
    path = tmp_path_factory.mktemp("inventory") / "lab-pool.yml"
    path.write_text(f"plugin: sitewright.grid.pool\nsources: ['{SITE}']\nsilent_hours: 0\n")
    return path


def run(*argv: str) -> str:
    done = subprocess.run(
        [str(BIN / argv[0]), *argv[1:]],
        cwd=ROOT,
        env={**ENVIRON, "ANSIBLE_CALLBACK_RESULT_FORMAT": "json"},
        text=True,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        pytest.fail(f"{' '.join(argv)}: {done.returncode}\n{done.stdout}{done.stderr}", pytrace=False)
    return done.stdout


def ask_module(site: Pool, name: str, **options: t.Any) -> dict[str, t.Any]:
    """Return the result of a module on the central manager."""
    words = ["-a", json.dumps(options)] if options else []
    printed = run("ansible", site.access_point, "-i", str(SITE), "-m", f"sitewright.grid.{name}", *words)
    result: dict[str, t.Any] = json.loads(printed[printed.index("{") :])
    return result


def take_inventory(config: Path) -> tuple[dict[str, list[str]], dict[str, dict[str, t.Any]]]:
    """Return the groups and the variables of the plugin's inventory."""
    listed = json.loads(run("ansible-inventory", "-i", str(config), "--list"))
    variables = listed.pop("_meta")["hostvars"]
    return {group: content["hosts"] for group, content in listed.items() if "hosts" in content}, variables


def sums(site: Pool) -> dict[str, tuple[int, int]]:
    """Return, by HTCondor itself, how much there is and how much of it is used, by its own arithmetic."""
    words = "condor_status -constraint 'PartitionableSlot' -af:, TotalSlotCpus Cpus TotalSlotMemory Memory"
    rows = [[int(word) for word in line.split(",")] for line in site.ssh(site.access_point, words).splitlines()]
    return {
        "cpus": (sum(row[0] for row in rows), sum(row[0] - row[1] for row in rows)),
        "memory": (sum(row[2] for row in rows), sum(row[2] - row[3] for row in rows)),
    }


def test_the_utilization_is_that_of_condor_status_while_jobs_run(site: Pool) -> None:
    host = site.execution_points[0]
    site.add_people({"dora": 2004})
    try:
        description = {
            "executable": "/bin/sleep",
            "arguments": 600,
            "transfer_executable": "false",
            "request_memory": 64,
            "request_disk": 1024,
            "log": "log",
        }
        directory = site.make_directory("dora", "busy")
        site.submit("dora", directory, description)
        site.wait_until("running the job", site.access_point, f"grep '^001 ' {directory}/log", 120)
        claimed = "condor_status -constraint 'State == \"Claimed\"' -af Name | grep ."
        site.wait_until("telling the collector", site.access_point, claimed, 60)
        found = ask_module(site, "pool_utilization_info")["utilization"]
        by_condor = sums(site)
        for name, (total, used) in by_condor.items():
            assert (found[name]["total"], found[name]["available"], found[name]["used"]) == (total, total, used)
        assert by_condor["cpus"][1] == 1
        assert (found["slots"]["total"], found["slots"]["used"]) == (len(site.execution_points), 1)
        named = ask_module(site, "pool_utilization_info", unavailable=f'regexp("^{host}", Machine)')["utilization"]
        assert named["slots"]["unavailable"] == 1
        assert named["cpus"]["unavailable"] == int(site.ssh(host, "nproc"))
    finally:
        site.ssh(site.access_point, "condor_rm -constraint 'Owner == \"dora\"'; true")
        site.wait_until("without jobs", site.access_point, "! condor_status -af State | grep Claimed", 60)
        site.remove_people(["dora"])


def test_the_inventory_is_what_the_systems_see(site: Pool, config: Path) -> None:
    groups, variables = take_inventory(config)
    assert sorted(groups["provisioned"]) == site.hosts()
    assert not {"unprovisioned", "never_seen", "silent", "incomplete"} & set(groups)
    by_condor = {
        ad["Machine"].split(".")[0]: ad
        for ad in site.ads("condor_status -attributes Machine,LastHeardFrom,CondorVersion,SlotType")
        if ad.get("SlotType") != "Dynamic"
    }
    for host in site.execution_points:
        ad, told = by_condor[host], variables[host]
        assert abs(told["pool_services"]["condor_executes"]["last_heard"] - ad["LastHeardFrom"]) <= 30
        assert told["pool_versions"]["condor"] == ad["CondorVersion"].split()[1]
    monitors = site.hosts("ceph_mons")
    osds = site.ceph(monitors[0], "osd metadata")
    for host in {osd["hostname"] for osd in osds}:
        assert variables[host]["pool_services"]["ceph_osds"]["state"] == "seen"
        assert variables[host]["pool_versions"]["ceph"] in {osd["ceph_version_short"] for osd in osds}
    graph = run("ansible-inventory", "-i", str(config), "--graph")
    assert f"|  |--{site.execution_points[0]}" in graph


def test_a_host_that_is_stopped_is_silent_since_then(site: Pool, config: Path) -> None:
    host = site.execution_points[-1]
    before = int(site.ssh(site.access_point, "date +%s"))
    site.ssh(host, "systemctl stop condor")
    try:
        site.wait_until("without it", site.access_point, f"! condor_status -af Machine | grep -q '^{host}'", 60)
        groups, variables = take_inventory(config)
        assert groups["silent"] == [host]
        absent = site.ads("condor_status -absent -attributes Machine,LastHeardFrom")
        (heard,) = [ad["LastHeardFrom"] for ad in absent if ad["Machine"].split(".")[0] == host]
        assert variables[host]["pool_last_heard"] == heard >= before - 30
        assert variables[host]["pool_missing"] == ["condor_executes"]
    finally:
        site.ssh(host, "systemctl start condor")
        site.wait_for_machines(300)
    groups, _variables = take_inventory(config)
    assert "silent" not in groups


class Told(t.NamedTuple):
    """A report that was made: what was shown, and its data."""

    text: str
    data: dict[str, t.Any]

    @property
    def acts(self) -> list[tuple[str, str]]:
        """What needs a person."""
        return [(one["subject"], one["what"]) for one in self.data["findings"] if one["level"] == "act"]


def make_report(site: Pool, directory: Path, rc: int) -> Told:
    play = site.play("report.yml", "-e", f"report_directory={directory}", rc=rc)
    assert not play.changed
    return Told(play.output, json.loads((directory / "report.json").read_text()))


def test_the_report_says_what_the_systems_say(site: Pool, tmp_path: Path) -> None:
    monitor = site.hosts("ceph_mons")[0]
    site.wait_for_health(monitor)
    report = make_report(site, tmp_path, 0)
    assert "Nothing needs a person." in report.text
    assert report.acts == []
    assert {name for name, host in report.data["hosts"].items() if host["answers"]} == set(site.hosts())
    ceph = report.data["sections"]["Ceph cluster"]
    status = site.ceph(monitor, "status")
    assert ceph["health"] == status["health"]["status"]
    assert sorted(ceph["quorum"]) == sorted(status["quorum_names"])
    assert ceph["osds"] == {
        "total": status["osdmap"]["num_osds"],
        "up": status["osdmap"]["num_up_osds"],
        "in": status["osdmap"]["num_in_osds"],
    }
    assert sum(ceph["pgs"].values()) == status["pgmap"]["num_pgs"]
    assert ceph["bytes"]["total"] == status["pgmap"]["bytes_total"]
    # Daemons write all the time: what is used is the same to some MiB.
    assert abs(ceph["bytes"]["used"] - status["pgmap"]["bytes_used"]) < 64 * 2**20
    for osd in site.ceph(monitor, "osd df")["nodes"]:
        told = ceph["osd"][str(osd["id"])]
        assert told["total"] == osd["kb"] * 1024
        assert abs(told["used"] - osd["kb_used"] * 1024) < 64 * 2**20
    assert set(ceph["pools"]) == {pool["name"] for pool in site.ceph(monitor, "df")["pools"]}
    pool = report.data["sections"]["HTCondor pool"]
    for name, (total, used) in sums(site).items():
        assert (pool["utilization"][name]["total"], pool["utilization"][name]["used"]) == (total, used)
    assert pool["totals"]["machines"] == len(site.machines())
    assert pool["jobs"] == {"running": 0, "idle": 0, "held": 0}


def test_the_history_grows_with_each_report_and_check_mode_writes_nothing(site: Pool, tmp_path: Path) -> None:
    for _run in range(2):
        make_report(site, tmp_path, 0)
    points = [json.loads(line) for line in (tmp_path / "history.jsonl").read_text().splitlines()]
    assert len(points) == 2
    assert points[0]["time"] < points[1]["time"]
    assert points[1]["hosts_seen"] == len({*site.hosts("ceph_mons"), site.access_point, *site.execution_points})
    assert "Over time" in (tmp_path / "report.html").read_text()
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    play = site.play("report.yml", "--check", "-e", f"report_directory={tmp_path}")
    assert "Nothing needs a person." in play.output
    assert "monitors in quorum" in play.output
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_what_needs_a_person_is_told_with_its_cure_and_by_the_exit_code(site: Pool, tmp_path: Path) -> None:
    """An execution point that was stopped, one that does not answer at all, and a certificate that has expired."""
    first, second = site.execution_points[:2]
    certificate = "/etc/grid-security/hostcert.pem"
    dates = "-not_before 20250101000000Z -not_after 20260101000000Z"
    had = site.try_ssh(first, f"test -e {certificate}").returncode == 0
    assert not had, "the lab's host has a certificate already"
    make = f"openssl req -x509 -newkey rsa:2048 -nodes -keyout /dev/null -subj /CN=lab {dates} -out {certificate}"
    site.ssh(first, f"mkdir -p /etc/grid-security && {make} && systemctl stop condor")
    subprocess.run([str(ROOT / "molecule" / "podman"), "stop", "--time", "30", second], check=True, capture_output=True)
    try:
        site.wait_until("without it", site.access_point, f"! condor_status -af Machine | grep -q '^{first}'", 60)
        report = make_report(site, tmp_path, 2)
        acts = dict.fromkeys(subject for subject, _what in report.acts)
        # The cluster may miss the client whose host was stopped.
        assert set(acts) - {"Ceph"} == {first, second}
        words = [what for subject, what in report.acts if subject == first]
        assert any(what.startswith("condor_executes: silent for ") for what in words), words
        assert any(what.startswith(f"certificate {certificate} expired ") for what in words), words
        assert any(what.startswith("does not answer: ") for subject, what in report.acts if subject == second)
        assert "put it into retiring" in report.text
        assert "need a person. The report above says what." in report.text
        assert "eyJ" not in report.text + json.dumps(report.data), "a token is in the report"
        play = site.play("report.yml", "--check", rc=2)
        assert "condor_executes: silent for " in play.output
    finally:
        site.ssh(first, f"systemctl start condor; rm -f {certificate}")
        subprocess.run([str(ROOT / "molecule" / "podman"), "start", second], check=True, capture_output=True)
        site.wait_until("answering", second, "systemctl is-active condor")
        site.wait_for_machines(300)
        for host in site.hosts("ceph_clients"):
            site.wait_until("mounted", host, f"mountpoint --quiet {site.mount} && stat --file-system {site.mount}")
    site.wait_for_health(site.hosts("ceph_mons")[0])
    assert make_report(site, tmp_path, 0).acts == []


def verify(site: Pool, junit: Path, rc: int) -> tuple[str, ElementTree.Element]:
    """Prove the site, and return what was shown and the file for JUnit."""
    play = site.play("verify.yml", "-e", f"verify_junit={junit}", rc=rc)
    return play.output, ElementTree.fromstring(junit.read_text())  # noqa: S314 - we have written it


def test_verify_proves_every_promise_and_says_so_in_one_table_and_to_junit(site: Pool, tmp_path: Path) -> None:
    text, root = verify(site, tmp_path / "verify.xml", 0)
    executes, clients = len(site.execution_points), len(site.hosts("ceph_clients"))
    # Cluster and pool; of each client its files and its key; each access point; of each execution point its jobs,
    # and how they are kept apart.
    number = 2 + 2 * clients + len(site.hosts("condor_submits")) + 2 * executes
    suites = {suite.get("name"): suite for suite in root}
    assert sum(int(suites[phase].get("tests", 0)) for phase in ("storage", "batch")) == number
    assert {suites[phase].get("skipped") for phase in ("storage", "batch")} == {"0"}
    assert root.get("failures") == "0"
    proven = int(root.get("tests", 0)) - int(root.get("skipped", 0))
    assert f"{proven} of {root.get('tests')} promises proven" in text
    left = [site.ssh(host, "ls -d /tmp/sitewright-verify.* 2>/dev/null; true") for host in site.hosts()]
    assert not any(left)
    assert not site.ssh(site.hosts("ceph_clients")[0], f"ls -A {site.mount} | grep sitewright-verify; true")


def test_a_promise_that_is_broken_hides_no_other_one(site: Pool, tmp_path: Path) -> None:
    # One whose jobs do not need the file system, too.
    host = sorted(set(site.hosts("ceph_clients")) - set(site.hosts("osg_workers")))[0]
    site.ssh(host, "systemctl stop cephfs.service")
    try:
        text, root = verify(site, tmp_path / "verify.xml", 2)
    finally:
        site.ssh(host, "systemctl start cephfs.service")
    failed = [case.get("name") for case in root.iter("testcase") if case.find("failure") is not None]
    assert failed == [f"reads what every client wrote [{host}]"]
    assert f"{host}: failed: Find what is mounted" in text
    verify(site, tmp_path / "verify.xml", 0)
