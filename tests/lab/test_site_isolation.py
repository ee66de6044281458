# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs that try to reach one another and their host, on the running site; and jobs that share files on it."""

from __future__ import annotations

import json
import re
import typing as t
from dataclasses import dataclass
from pathlib import Path

import pytest
from lab import ROOT
from pool import Pool, only_on

INVENTORY = ROOT / "inventories" / "lab"
PROGRAM = "#!/usr/bin/python3\n" + Path(__file__).with_name("jobs").joinpath("isolation.py").read_text()
PEOPLE = {"anna": 2001, "ben": 2002}
PRIVATE = ("/tmp", "/var/tmp", "/dev/shm")
SANDBOXES = "/var/lib/condor/execute"
# How jobs get their accounts, and whose two jobs run at once. In the lab, processes are kept apart by PID namespaces.
MEETINGS = {
    "slot users, one person": ("slot_users", ("anna", "anna")),
    "slot users, two people": ("slot_users", ("anna", "ben")),
    "nobody, two people": ("nobody", ("anna", "ben")),
    "submitting user, two people": ("submitting_user", ("anna", "ben")),
    "submitting user, one person": ("submitting_user", ("anna", "anna")),
}


CHOSEN: list[tuple[str, str]] = []  # with what the pool was configured, one after another


@dataclass(frozen=True)
class Meeting:
    """Two jobs that ran at the same time on one host, what they told, and what the host looked like."""

    users: str
    people: tuple[str, str]
    reports: dict[str, dict[str, t.Any]]
    targets: dict[str, dict[str, t.Any]]
    alive: bool
    during: str
    space: dict[str, int]
    after: str
    left_processes: str


@pytest.fixture(scope="module")
def pool() -> t.Iterator[Pool]:
    """Give the site's pool, with people on its hosts; the site is as it was when the tests have ended."""
    pool = Pool(INVENTORY)
    pool.add_people(PEOPLE)
    yield pool
    choose(pool, "slot_users")
    pool.remove_people(PEOPLE)


def choose(pool: Pool, users: str, processes: str = "auto") -> None:
    """Let jobs run in the accounts of these users, their processes kept apart like this."""
    if (users, processes) not in CHOSEN[-1:]:
        words = f"condor_isolation_users={users} condor_isolation_processes={processes}"
        pool.play("batch.yml", "-e", words)
        CHOSEN.append((users, processes))


@pytest.fixture(scope="module", params=MEETINGS.values(), ids=MEETINGS.keys())
def meeting(request: pytest.FixtureRequest, pool: Pool) -> Meeting:
    users, people = request.param
    choose(pool, users)
    return let_meet(pool, users, people)


def let_meet(pool: Pool, users: str, people: tuple[str, str]) -> Meeting:
    host = pool.execution_points[0]
    # What lies about on the host, and a trap: a link to a file that a job could want to write.
    pool.ssh(
        host,
        "rm -rf /tmp/of-* /tmp/planted; touch /var/tmp/canary; chmod 666 /var/tmp/canary; "
        f"ln -s /var/tmp/canary /tmp/planted; for d in {' '.join(PRIVATE)}; do echo host > $d/of-host; done",
    )
    directories = {}
    for number, person in enumerate(people, start=1):
        name = f"job{number}"
        directories[name] = pool.make_directory(person, name)
        pool.rewrite(pool.access_point, f"{directories[name]}/isolation.py", PROGRAM, "0755", person)
        pool.rewrite(pool.access_point, f"{directories[name]}/proxy.pem", f"proxy of {name}", "0600", person)
        pool.submit(
            person,
            directories[name],
            {
                "executable": "isolation.py",
                "arguments": name,
                "transfer_input_files": "proxy.pem",
                "environment": "X509_USER_PROXY=proxy.pem",
                "output": "out",
                "error": "err",
                "log": "log",
                "request_memory": 64,
                "requirements": only_on(host),
            },
        )
    pool.wait_until("running both jobs", host, f'[ "$(cat {SANDBOXES}/dir_*/ready | wc -w)" = 2 ]', 120)

    listing = pool.ssh(host, f"cd {SANDBOXES}; for d in dir_*; do echo $d $(cat $d/ready) $(stat -c %U $d); done")
    sandboxes = {name: f"{SANDBOXES}/{directory}" for directory, name, _owner in map(str.split, listing.splitlines())}
    owners = {name: owner for _directory, name, owner in map(str.split, listing.splitlines())}
    # A process of the host that has the account of the first job, to be signalled by it.
    victim = pool.ssh(
        host, f"systemd-run --quiet --uid={owners['job1']} --unit=victim sleep 3000; systemctl show -P MainPID victim"
    ).strip()
    processes = {name: pool.ssh(host, f"pgrep --full 'isolation[.]py {name}'").split() for name in sandboxes}
    starters = pool.ssh(host, "pgrep condor_starter").split()
    targets = {}
    for name, other in (("job1", "job2"), ("job2", "job1")):
        targets[name] = {
            "processes": [*processes[other], *starters, victim],
            "files": [f"{sandboxes[other]}/{file}" for file in ("secret", "proxy.pem", "_condor_stdout", "ready")],
        }
    during = pool.ssh(host, f"ls {' '.join(PRIVATE)}")
    space = {
        name: int(pool.ssh(host, f"du --summarize --bytes {sandbox}/tmp/ballast").split("\t")[0])
        for name, sandbox in sandboxes.items()
    }
    for name, sandbox in sandboxes.items():
        pool.rewrite(host, f"{sandbox}/go.new", json.dumps(targets[name]))
        pool.ssh(host, f"mv {sandbox}/go.new {sandbox}/go")
    pool.wait_until("done with both jobs", host, f'[ "$(cat {SANDBOXES}/dir_*/done | wc -w)" = 2 ]', 120)
    # Now, for at the end of a job HTCondor itself ends what else runs in the account of its slot.
    alive = pool.try_ssh(host, "systemctl is-active victim").stdout.strip() == "active"
    for sandbox in sandboxes.values():
        pool.rewrite(host, f"{sandbox}/leave", "now")
    for directory in directories.values():
        pool.wait_for_jobs(directory, 120)
    pool.ssh(host, "systemctl stop victim; systemctl reset-failed victim 2>/dev/null; true")
    pool.wait_until("rid of the sandboxes", host, f"! ls {SANDBOXES} | grep dir_", 60)
    reports = {}
    for name, directory in directories.items():
        text = pool.ssh(pool.access_point, f"cat {directory}/out")
        assert text, pool.ssh(pool.access_point, f"cat {directory}/err {directory}/log")
        reports[name] = json.loads(text)
    return Meeting(
        users=users,
        people=people,
        reports=reports,
        targets=targets,
        alive=alive,
        during=during,
        space=space,
        after=pool.ssh(host, f"ls -d {' '.join(f'{directory}/*' for directory in PRIVATE)}; cat /var/tmp/canary"),
        left_processes=pool.ssh(host, "pgrep --full --list-full 'sleep 7[0-9]{3}|isolation[.]py' || true"),
    )


def test_neither_sees_a_file_of_the_other_or_of_the_host(meeting: Meeting) -> None:
    for name, report in meeting.reports.items():
        assert report["seen"] == {
            "/tmp": ["ballast", f"of-{name}"],
            "/var/tmp": [f"of-{name}"],
            "/dev/shm": [f"of-{name}"],
        }


def test_the_host_sees_nothing_of_theirs_there(meeting: Meeting) -> None:
    for listing in (meeting.during, meeting.after):
        assert "of-host" in listing
        assert "of-job" not in listing
        assert "ballast" not in listing


def test_a_link_planted_on_the_host_does_not_reach_them(meeting: Meeting) -> None:
    assert not any(report["link"] for report in meeting.reports.values())


def test_the_space_that_they_use_is_in_their_scratch(meeting: Meeting) -> None:
    assert meeting.space == {"job1": 8 * 1024 * 1024, "job2": 8 * 1024 * 1024}


def test_ps_shows_their_own_processes_only(meeting: Meeting) -> None:
    """The first one is HTCondor's own init, which runs the job."""
    for name, report in meeting.reports.items():
        assert re.search(rf"condor_pid_ns_init \S+ {name}$|isolation[.]py {name}$", report["first"]), report["first"]
        lines = [line.strip() for line in report["ps"].splitlines()]
        foreign = [line for line in lines if not re.search(rf"isolation[.]py {name}$|^/usr/bin/sleep 70|^ps -e", line)]
        assert not foreign
        assert len(lines) >= 4
        assert max(report["pids"]) < 50


def test_signals_and_ptrace_reach_nobody_else(meeting: Meeting) -> None:
    for name, report in meeting.reports.items():
        assert len(meeting.targets[name]["processes"]) >= 4
        assert set(report["signal"].values()) == {"ESRCH"}, report["signal"]
        assert set(report["trace"].values()) == {"ESRCH"}, report["trace"]
    assert meeting.alive, "a job has ended a process of the host"


def test_each_has_the_account_that_was_chosen(meeting: Meeting) -> None:
    accounts = [meeting.reports[name]["account"] for name in ("job1", "job2")]
    if meeting.users == "slot_users":
        assert sorted(accounts) == ["slot1_1", "slot1_2"]
    elif meeting.users == "submitting_user":
        assert accounts == list(meeting.people)
    else:
        assert accounts == ["nobody", "nobody"]


def test_neither_reads_the_others_sandbox_or_proxy(meeting: Meeting) -> None:
    """Accounts keep sandboxes apart, and nothing else does: what docs/isolation.md warns of is seen here, too."""
    accounts = {report["account"] for report in meeting.reports.values()}
    expected = {"EACCES"} if len(accounts) == 2 else {"done"}
    for report in meeting.reports.values():
        assert set(report["files"].values()) == expected, report["files"]


def test_nothing_runs_on_after_them(meeting: Meeting) -> None:
    assert not meeting.left_processes


def run_everywhere(pool: Pool, person: str, script: str, arguments: str) -> dict[str, list[str]]:
    """Run a job of a person on each execution point, one after the other, and return what each printed.

    Its first argument is the host.
    """
    printed = {}
    for host in pool.execution_points:
        home = pool.make_directory(person, "everywhere")
        pool.rewrite(pool.access_point, f"{home}/script", script, "0755", person)
        pool.submit(
            person,
            home,
            {
                "executable": "script",
                "arguments": f"{host} {arguments}",
                "output": "out",
                "error": "err",
                "log": "log",
                "request_memory": 64,
                "requirements": only_on(host),
            },
        )
        pool.wait_for_jobs(home, 120)
        printed[host] = pool.ssh(pool.access_point, f"cat {home}/out {home}/err").splitlines()
    return printed


# Leaves a process behind, and tells in which cgroup it is.
TRACKED = """#!/bin/sh
setsid sleep 7099 >/dev/null 2>&1 &
sed -n 's/^0:://p' /proc/self/cgroup
"""


def test_cgroups_in_place_of_pid_namespaces(pool: Pool) -> None:
    """Each job is in a cgroup of its own, with which HTCondor finds what the job has left."""
    choose(pool, "slot_users", "cgroups")
    cgroups = run_everywhere(pool, "anna", TRACKED, "")
    for host, lines in cgroups.items():
        assert re.fullmatch(r"/htcondor/\S*slot1_1@\S+", lines[0])
        assert pool.ssh(host, "pgrep --exact --full 'sleep 7099' || true") == ""


def test_what_the_hosts_cannot_do_is_refused_and_nothing_changes(pool: Pool) -> None:
    play = pool.play("batch.yml", "-e", "condor_isolation_processes=both condor_isolation_memory=hard", rc=2)
    assert "both cannot be had: before HTCondor 23.10.1" in play.output
    assert not play.changed


DIRECTORIES = {
    "ceph_directories": [
        {"path": f"/people/{person}", "owner": str(uid), "group": str(uid), "mode": "0700"}
        for person, uid in PEOPLE.items()
    ]
}
# Tells as whom it runs, writes to a directory, and reads what is there.
SHARE = """#!/bin/sh
id -un
(echo "$1" >"$2/by-$1") && echo written
cat "$2"/by-* && echo read
exit 0
"""


@pytest.fixture(scope="module")
def people(pool: Pool) -> t.Iterator[str]:
    """Give where the site's file system has a directory of each person, for nobody else."""
    directory = f"{pool.mount}/people"
    given = ("-e", json.dumps(DIRECTORIES))
    assert list(pool.play("storage.yml", "--check", *given).changed) == [pool.access_point]
    assert not pool.ssh(pool.access_point, f"ls {pool.mount}/ | grep people || true")
    assert list(pool.play("storage.yml", *given).changed) == [pool.access_point]
    assert not pool.play("storage.yml", *given).changed
    yield directory
    pool.ssh(pool.access_point, f"rm -rf {directory}")


def test_jobs_of_a_user_share_files_where_the_site_lets_the_user_write(pool: Pool, people: str) -> None:
    """What a job writes on one execution point, the next reads on another, and the user on the access point."""
    choose(pool, "submitting_user")
    first, second = pool.execution_points
    assert run_everywhere(pool, "anna", SHARE, f"{people}/anna") == {
        first: ["anna", "written", first, "read"],
        second: ["anna", "written", first, second, "read"],
    }
    own = pool.ssh(pool.access_point, f"runuser -u anna -- sh -c 'cat {people}/anna/by-*'")
    assert own.splitlines() == [first, second]


def test_jobs_of_others_neither_write_nor_read_there(pool: Pool, people: str) -> None:
    choose(pool, "submitting_user")
    for host, lines in run_everywhere(pool, "ben", SHARE, f"{people}/anna").items():
        assert lines[0] == "ben"
        assert "written" not in lines
        assert "read" not in lines
        assert sum("Permission denied" in line for line in lines) == 2, (host, lines)


def test_jobs_in_the_accounts_of_slots_do_not_either(pool: Pool, people: str) -> None:
    choose(pool, "slot_users")
    for host, lines in run_everywhere(pool, "anna", SHARE, f"{people}/anna").items():
        assert re.fullmatch(r"slot1_[0-9]+", lines[0])
        assert not {"written", "read"} & set(lines), (host, lines)


def test_the_site_is_as_it_was(pool: Pool) -> None:
    choose(pool, "slot_users")
    assert not pool.play("site.yml").changed
