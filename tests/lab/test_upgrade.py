# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A site is upgraded while people use it: a rolling restart, newer packages, runs that are killed, what is refused.

The newer packages are those that are installed, packed again with a higher version, in a repository on one host.
"""

from __future__ import annotations

import json
import shlex
import time
import typing as t
from pathlib import Path

import pytest
from pool import Pool

HERE = Path(__file__).parent
INVENTORY = HERE / "inventories" / "upgrade"
PERSON = "ann"
JOBS = 24
SUFFIX = "+lab1"  # below what the packages of one source allow one another (<< VERSION.1~)
REPOSITORY = "http://198.51.100.71:8000"
DAEMONS = {"mon": 3, "mgr": 3, "osd": 3, "mds": 2}
RESTART = "Restart the daemons"


class Moment(t.NamedTuple):
    """When a run is killed: this many seconds after it has begun a task of a play."""

    play: str
    task: str
    delay: float


# Each is later in the order than the one before, so that every killed run has something to do before it.
MOMENTS = (
    Moment("Plan the upgrade", "Look which versions", 0.5),
    Moment("Upgrade the monitors", RESTART, 0.7),
    Moment("Upgrade the managers", RESTART, 0.5),
    Moment("Upgrade the OSDs", "Keep the cluster from copying", 0.8),
    Moment("Upgrade the OSDs", RESTART, 1.0),
    Moment("Upgrade the OSDs", "Let it copy data again", 0.3),
    Moment("Upgrade the metadata servers that stand by", RESTART, 0.5),
    Moment("Upgrade the central manager", "Restart all daemons", 0.8),
    Moment("Upgrade the execution points", "Let the jobs of the execution point end", 1.0),
    Moment("Upgrade the execution points", "Wait until they serve", 0.3),
)
WHILE_OSDS_RESTART = MOMENTS[4]
AT_PACKAGES = Moment("Upgrade the monitors", "Upgrade the packages from APT", 4.0)


class Rising(Pool):
    """The site that is upgraded."""

    def kill_upgrade(self, moment: Moment, *arguments: str) -> None:
        self.kill_run("upgrade.yml", *arguments, play=moment.play, task=moment.task, delay=moment.delay)

    def started(self) -> dict[str, int]:
        """Return when each daemon was started, by its host and unit, on the clock that all hosts share."""
        show = "systemctl show --property=Id,ActiveEnterTimestampMonotonic condor.service 'ceph-*@*.service'"
        found = {}
        for host in self.hosts():
            for block in self.ssh(host, show).strip().split("\n\n"):
                fields = dict(line.split("=", 1) for line in block.splitlines())
                found[f"{host} {fields['Id']}"] = int(fields["ActiveEnterTimestampMonotonic"])
        return found

    def starts_since(self, moment: int) -> dict[str, int]:
        """Return how often each daemon was started since a moment."""
        found = {}
        for name in self.started():
            host, unit = name.split()
            words = self.ssh(host, f"journalctl --since=@{moment} --unit={unit} --output=cat --no-pager")
            found[name] = sum(line.startswith("Started ") for line in words.splitlines())
        return found

    def versions(self, package: str) -> set[str]:
        """Return which versions of a package the hosts have."""
        return {self.ssh(host, f"dpkg-query --show --showformat '${{Version}}' {package}") for host in self.hosts()}

    def replaced(self) -> str:
        """Return the processes that run what is not installed any more."""
        look = "ls -l /proc/[0-9]*/exe 2>/dev/null | grep -E '(ceph-(mon|mgr|osd|mds)|condor_).*deleted'; true"
        return "".join(self.ssh(host, look) for host in self.hosts()).strip()

    def flags(self) -> set[str]:
        return set(self.ceph("rise1", "osd dump")["flags_set"])

    def assert_nothing_is_left(self) -> None:
        """No flag of a run's, no note of one, no drain, and all is well."""
        assert "noout" not in self.flags()
        assert "sitewright.grid/flags" not in self.ceph("rise1", "config-key ls")
        assert not self.ads("condor_status -constraint Draining -attributes Name")
        self.wait_for_health("rise1")

    def publish(self, index: str) -> None:
        """Let the hosts see the repository with this index alone."""
        self.ssh("rise1", f"cat > /srv/repo/Packages <<'END'\n{index}\nEND\n")


@pytest.fixture(scope="module")
def rising() -> t.Iterator[Rising]:
    lab = Rising(INVENTORY)
    lab.destroy()
    lab.create()
    lab.play("site.yml")
    lab.add_people({PERSON: 4001})
    for host in lab.hosts():
        # The versions of now are the only ones, whatever the public repositories have.
        lab.ssh(host, "mv /etc/apt/sources.list /root/ && rm -rf /var/lib/apt/lists/*")
    yield lab
    lab.destroy()


class Load:
    """Somebody writes to the file system, and has jobs in the pool."""

    def __init__(self, lab: Rising) -> None:
        self.lab = lab
        self.cluster = ""
        self.directory = ""

    def __enter__(self) -> Load:
        lab = self.lab
        program = shlex.quote((HERE / "jobs" / "writer.py").read_text())
        lab.ssh("rise3", f"printf %s {program} > /root/writer.py; rm -rf /cephfs/writer /root/report.json")
        lab.ssh("rise3", "systemd-run --unit=writer python3 /root/writer.py /cephfs/writer /root/report.json")
        self.directory = lab.make_directory(PERSON, "jobs")
        description = {"executable": "/bin/sleep", "arguments": "10", "log": "log", "request_memory": 1}
        self.cluster = lab.submit(PERSON, self.directory, description, str(JOBS))
        return self

    def __exit__(self, *error: object) -> None:
        self.lab.ssh("rise3", "systemctl stop writer")
        if error == (None, None, None):
            self.check()

    def check(self) -> None:
        """Assert that nobody has noticed anything."""
        report = json.loads(self.lab.ssh("rise3", "cat /root/report.json"))
        assert not report["errors"]
        assert report["files"] > 50
        self.lab.wait_for_jobs(self.directory, 240)
        jobs = self.lab.ads(f"condor_history {self.cluster} -attributes ProcId,JobStatus,ExitCode,NumJobStarts")
        assert sorted(job["ProcId"] for job in jobs) == list(range(JOBS))
        assert {(job["JobStatus"], job["ExitCode"], job["NumJobStarts"]) for job in jobs} == {(4, 0, 1)}


def test_there_is_nothing_to_do_at_first(rising: Rising) -> None:
    before = rising.started()
    play = rising.play("upgrade.yml")
    assert "Nothing is to be done." in play.output
    assert not play.changed
    assert rising.started() == before


@pytest.mark.soak
def test_a_rolling_restart_killed_and_run_again(rising: Rising) -> None:
    moment = int(time.time()) + 1
    time.sleep(1.1)
    restart = ("-e", f"upgrade_restart={moment}")
    with Load(rising):
        for kill_at in MOMENTS:
            rising.kill_upgrade(kill_at, *restart)
        rising.play("upgrade.yml", *restart)
    assert rising.starts_since(moment) == dict.fromkeys(rising.started(), 1)
    rising.assert_nothing_is_left()
    assert not rising.play("upgrade.yml", *restart).changed


def test_newer_packages_under_load(rising: Rising) -> None:
    rising.ssh("rise1", f"cat > /root/repack.py <<'END'\n{(HERE / 'repack.py').read_text()}\nEND\n")
    rising.ssh("rise1", f"python3 /root/repack.py /srv/repo {SUFFIX} ceph condor", timeout=300)
    rising.ssh("rise1", "systemd-run --unit=repository python3 -m http.server --directory /srv/repo 8000")
    for host in rising.hosts():
        rising.ssh(host, f"echo 'deb [trusted=yes] {REPOSITORY} ./' > /etc/apt/sources.list && apt-get update")
    old, before = {name: rising.versions(name) for name in ("ceph-osd", "condor")}, rising.started()

    plan = rising.play("upgrade.yml", "--check")
    rows = [line.split() for line in plan.output.splitlines() if line.strip().startswith(("ceph ", "condor "))]
    steps = ["ceph mon"] * 3 + ["ceph mgr"] * 3 + ["ceph osd"] * 3 + ["ceph mds"] * 2
    assert [" ".join(row[:2]) for row in rows] == [*steps, "condor manager", *["condor execute"] * 2]
    assert rows[0][:4] == ["ceph", "mon", "rise1", "18.2.7"]
    assert rows[0][5:] == [f"{rows[0][4]}{SUFFIX}", "packages,", "restart"]
    assert not plan.changed
    assert ({name: rising.versions(name) for name in old}, rising.started()) == (old, before)

    rising.ssh("rise1", "ceph osd set noout")  # the operator's own
    with Load(rising):
        for moment in AT_PACKAGES, WHILE_OSDS_RESTART:
            rising.kill_upgrade(moment)
        rising.play("upgrade.yml")
    assert "noout" in rising.flags()
    rising.ssh("rise1", "ceph osd unset noout")

    assert {name: rising.versions(name) for name in old} == {
        name: {f"{version}{SUFFIX}" for version in versions} for name, versions in old.items()
    }
    assert not rising.replaced()
    # Nothing was restarted by the packages, which came with the monitors, but each kind in its turn.
    after = rising.started()
    turns = [[since for name, since in after.items() if f"ceph-{kind}@" in name] for kind in DAEMONS]
    assert [len(turn) for turn in turns] == list(DAEMONS.values())
    turns += [[after["rise1 condor.service"]], [after["rise2 condor.service"], after["rise3 condor.service"]]]
    assert all(max(one) < min(other) for one, other in zip(turns, turns[1:]))
    rising.assert_nothing_is_left()
    again = rising.play("upgrade.yml")
    assert "Nothing is to be done." in again.output
    assert not again.changed


def test_what_the_releases_forbid_is_refused_and_nothing_is_changed(rising: Rising) -> None:
    """A repository has HTCondor two series further, and another priority would take Ceph down."""
    index = rising.ssh("rise1", "cat /srv/repo/Packages")
    rising.publish(index.replace("Version: 18.2.7", "Version: 17.2.7").replace("Version: 23.9.6", "Version: 25.0.3"))
    for host in rising.hosts():
        pin = "Package: *ceph*\nPin: version 17.*\nPin-Priority: 1001\n"
        rising.ssh(host, f"printf %s {shlex.quote(pin)} > /etc/apt/preferences.d/lower")
    before = rising.started()
    play = rising.play("upgrade.yml", rc=2)
    words = " ".join(play.output.split())
    assert "from 23 to 25 is more than 1 series" in words
    assert "would take Ceph down from 18.2.7" in words
    assert not play.changed
    assert rising.started() == before
    rising.publish(index)
    for host in rising.hosts():
        rising.ssh(host, "rm /etc/apt/preferences.d/lower; apt-get update")
    assert "Nothing is to be done." in rising.play("upgrade.yml").output
