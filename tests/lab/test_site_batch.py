# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pool of the running site: its changes under running jobs, strangers who want to join, and many jobs."""

from __future__ import annotations

import json
import re
import shlex
import time
import typing as t
from collections import Counter

import pytest
from lab import ROOT
from pool import Pool, only_on

PERSON = "carol"
CONFIG = "/etc/condor/config.d/50-sitewright.conf"
JOBS = 500
# Events in a job's log by which HTCondor tells that it will run the job again: evicted, failed shadow, lost connection.
RETRIES = ("004", "007", "024")


@pytest.fixture(scope="module")
def pool() -> t.Iterator[Pool]:
    """Give the site's pool, with a user on its hosts; the site is as it was when the tests have ended."""
    pool = Pool(ROOT / "inventories" / "lab")
    pool.add_people({PERSON: 2003})
    yield pool
    pool.remove_people([PERSON])
    assert not pool.play("site.yml").changed


def knobs(**values: t.Any) -> tuple[str, str]:
    """Return the words that give knobs to a run; they are merged with those of the inventory."""
    return "-e", json.dumps({"condor_knobs": values})


def start_job(pool: Pool, name: str, host: str, seconds: int) -> str:
    """Start a job on a host, and return its number when it runs."""
    cluster = pool.submit(
        PERSON,
        pool.make_directory(PERSON, name),
        {
            "executable": "/bin/sleep",
            "arguments": seconds,
            "transfer_executable": "false",
            "log": "log",
            "request_memory": 64,
            "request_disk": 1024,
            "requirements": only_on(host),
        },
    )
    pool.wait_until("running the job", pool.access_point, f"grep '^001 ' /home/{PERSON}/{name}/log", 120)
    return cluster


def test_the_first_job_of_the_tutorial(pool: Pool) -> None:
    pool.wait_for_machines()
    _before, section = (ROOT / "docs" / "first-site.md").read_text().split("\n## 6. ")
    console = section.split("```")[1].removeprefix("console\n")
    script = re.sub(r"^[$] ", "", console, flags=re.M)
    home = pool.make_directory(PERSON, "first")
    said = pool.ssh(pool.access_point, f"cd {home} && runuser -u {PERSON} -- sh -c {shlex.quote(script)}", 180)
    assert said.splitlines()[-1].split(".")[0] in pool.execution_points


def test_every_slot_is_in_the_pool(pool: Pool) -> None:
    pool.wait_for_machines()
    slots = pool.ads("condor_status -constraint PartitionableSlot")
    assert pool.machines() == pool.execution_points
    assert len(slots) == len(pool.execution_points)
    for host in pool.execution_points:
        total = sum(slot["TotalSlotCpus"] for slot in slots if slot["Machine"].split(".")[0] == host)
        assert total == int(pool.ssh(host, "nproc"))


def test_a_run_changes_nothing_and_restarts_nothing(pool: Pool) -> None:
    before = pool.daemons_since()
    assert len(before) >= 7
    assert not pool.play("site.yml", "--check", "--diff").changed
    assert not pool.play("batch.yml").changed
    assert pool.daemons_since() == before


def test_a_job_runs_on_through_a_reconfig_and_a_run_of_the_site(pool: Pool) -> None:
    host = pool.execution_points[0]
    cluster = start_job(pool, "reconfig", host, 900)
    before = pool.job(cluster)
    process = pool.ssh(host, "pgrep --exact --list-full sleep | grep 'sleep 900'")
    daemons = pool.daemons_since()
    change = knobs(STARTD_ATTRS=["$(STARTD_ATTRS)", "Rack"], Rack='"r12"', MAXJOBRETIREMENTTIME=7200)
    expected = pool.play("batch.yml", "--check", *change)
    play = pool.play("batch.yml", *change)
    assert sorted(expected.changed) == sorted(play.changed) == ["head1", *pool.execution_points]
    known = f"condor_status -constraint 'Rack == \"r12\"' -format '%s\\n' Machine | grep -E '^{host}([.]|$)'"
    pool.wait_until("knowing the change", pool.access_point, known, 60)
    pool.play("site.yml")  # takes the change away again
    assert pool.daemons_since() == daemons
    after = pool.job(cluster)
    for attribute in ("JobStartDate", "JobCurrentStartDate", "NumShadowStarts", "RemoteHost"):
        assert after[attribute] == before[attribute], attribute
    assert after["JobStatus"] == 2
    assert pool.ssh(host, "pgrep --exact --list-full sleep | grep 'sleep 900'") == process
    pool.ssh(pool.access_point, f"condor_rm {cluster}")


def test_a_change_that_needs_a_restart_lets_the_job_end_first(pool: Pool) -> None:
    host, other = pool.execution_points[:2]
    cluster = start_job(pool, "restart", host, 45)
    before = pool.daemons_since()
    change = knobs(NUM_CPUS=1)
    expected = pool.play("batch.yml", "--check", "--limit", host, *change)
    assert list(expected.changed) == [host]
    assert pool.job(cluster)["JobStatus"] == 2, "check mode has ended a job"
    play = pool.play("batch.yml", "--limit", host, *change)
    assert list(play.changed) == [host]
    assert "restart | Let the jobs of the execution point end" in play.output
    # The collector may still have the slots of before, or none for a moment.
    since = max(moment for name, moment in before.items() if re.search(rf"[ @]{host}([.]|$)", name))
    slots = f"condor_status -startd -constraint '{only_on(host)} && DaemonStartTime > {since}' -af Name | grep ."
    pool.wait_until("knowing the new slots", pool.access_point, slots, 120)
    pool.wait_for_machines()
    job = pool.job(cluster)
    assert (job["JobStatus"], job["NumJobStarts"], job["ExitCode"]) == (4, 1, 0)
    after = pool.daemons_since()
    restarted = {name for name, since in after.items() if before[name] != since}
    assert {re.split(r"[ @.]", name)[0] for name in restarted} <= {"StartD", "Machine"}
    assert restarted
    assert not [name for name in restarted if host not in name or other in name], restarted
    started = pool.ads(f"condor_status -startd -constraint '{only_on(host)}' -attributes DaemonStartTime")
    assert started
    assert job["CompletionDate"] <= min(ad["DaemonStartTime"] for ad in started)
    pool.play("batch.yml")
    pool.wait_for_machines()
    assert not pool.play("batch.yml", "--check").changed, "one run is not enough to take the change away"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("-e", '{"condor_templates": ["FEATURE:Nope"]}'), "does not recognise Nope"),
        (knobs(NOTE="a\n@end\n)("), "Configuration Error"),
    ],
    ids=["an unknown template", "wrong syntax"],
)
def test_a_broken_configuration_is_refused_and_the_pool_goes_on(pool: Pool, change: tuple[str, str], said: str) -> None:
    host = pool.execution_points[0]
    before = pool.ssh(host, f"cat {CONFIG}")
    daemons = pool.daemons_since()
    for mode in (["--check"], []):
        play = pool.play("batch.yml", "--limit", host, *mode, *change, rc=2)
        words = " ".join(play.output.split())
        assert "HTCondor cannot read the new configuration, so the old one stays" in words
        assert said in words
        assert re.search(rf"[Ll]ine \d+.{{0,40}}{CONFIG}|{CONFIG}.{{0,20}}[Ll]ine \d+", words), words[-2000:]
    assert pool.ssh(host, f"cat {CONFIG}") == before
    assert pool.daemons_since() == daemons
    pool.wait_for_machines()


def test_a_knob_that_is_misspelt_is_pointed_out(pool: Pool) -> None:
    play = pool.play("batch.yml", "--check", *knobs(MONT_UNDER_SCRATCH="/tmp"))
    assert "does not know MONT_UNDER_SCRATCH" in play.output
    assert "is MOUNT_UNDER_SCRATCH meant?" in " ".join(play.output.split())


class Stranger:
    """A host that is not of the pool, and its tools, which have no way to prove who they are but a token."""

    HOME = "/opt/stranger"

    def __init__(self, pool: Pool, host: str) -> None:
        self.pool, self.host = pool, host
        address = pool.ssh(pool.access_point, "condor_config_val COLLECTOR_HOST").strip()
        domain = pool.ssh(pool.access_point, "condor_config_val TRUST_DOMAIN").strip()
        self.identity = f"stranger@execute.{domain}"
        config = {
            "COLLECTOR_HOST": address,
            "TRUST_DOMAIN": domain,
            "UID_DOMAIN": domain,
            "LOG": self.HOME,
            **{f"SEC_DEFAULT_{what}": "REQUIRED" for what in ("AUTHENTICATION", "ENCRYPTION", "INTEGRITY")},
            "SEC_DEFAULT_AUTHENTICATION_METHODS": "IDTOKENS",
            "SEC_CLIENT_AUTHENTICATION_METHODS": "IDTOKENS",
            "SEC_TOKEN_DIRECTORY": f"{self.HOME}/tokens",
            "SEC_TOKEN_SYSTEM_DIRECTORY": f"{self.HOME}/tokens",
        }
        ads = {kind: f'MyType = "{kind}"\nName = "stranger"\nMachine = "stranger"' for kind in ("Machine", "Scheduler")}
        ads["Machine"] += '\nSlotType = "Dynamic"'  # others are remembered when they have left
        ads["schedd"] = pool.ssh(pool.access_point, "condor_status -schedd -long").strip()
        ads["gone"] = 'MyType = "Query"\nTargetType = "Machine"\nRequirements = Name == "stranger"'
        pool.ssh(host, f"rm -rf {self.HOME}; install -d {self.HOME}; install -d -m 0700 {self.HOME}/tokens")
        pool.rewrite(host, f"{self.HOME}/condor_config", "\n".join(f"{name} = {config[name]}" for name in config))
        for name, ad in ads.items():
            pool.rewrite(
                host,
                f"{self.HOME}/{name}",
                f'{ad}\nMyAddress = "<198.51.100.99:9618>"' if name in ("Machine", "Scheduler") else ad,
            )

    def take_token(self, lifetime: int | None = None) -> None:
        """Take a token such as an execution point has, made where the signing key is."""
        words = "".join(f" -authz {name}" for name in ("READ", "ADVERTISE_MASTER", "ADVERTISE_STARTD"))
        words += "" if lifetime is None else f" -lifetime {lifetime}"
        token = self.pool.ssh(self.pool.access_point, f"condor_token_create -identity {self.identity}{words}")
        self.pool.rewrite(self.host, f"{self.HOME}/tokens/token", token.strip(), "0600")

    def drop_token(self) -> None:
        self.pool.ssh(self.host, f"rm -f {self.HOME}/tokens/token")

    def run(self, command: str) -> tuple[bool, str]:
        """Run a command, and return whether it succeeded, and what it said."""
        words = f"cd {self.HOME}; export CONDOR_CONFIG=$PWD/condor_config; timeout 60 {command}"
        done = self.pool.try_ssh(self.host, words)
        return done.returncode == 0, done.stdout + done.stderr

    def ask(self, expression: str) -> tuple[bool, str]:
        """Evaluate an expression with HTCondor's Python module, where schedd is the access point's."""
        program = (
            "import classad, htcondor; "
            "schedd = htcondor.Schedd(classad.parseOne(open('schedd').read())); "
            f"print({expression})"
        )
        return self.run(f"python3 -c {shlex.quote(program)}")


@pytest.fixture(scope="module")
def stranger(pool: Pool) -> t.Iterator[Stranger]:
    """Give a host of the lab that is in no group of the pool, but has HTCondor's tools."""
    members = {pool.access_point, *pool.execution_points}
    stranger = Stranger(pool, sorted(set(pool.hosts()) - members)[0])
    yield stranger
    pool.ssh(stranger.host, f"rm -rf {stranger.HOME}")


class Log:
    """What a daemon of the access point writes from now on."""

    def __init__(self, pool: Pool, name: str) -> None:
        self.pool, self.path = pool, f"/var/log/condor/{name}"
        self.start = int(pool.ssh(pool.access_point, f"cat {self.path} | wc -l")) + 1

    def read(self) -> str:
        return self.pool.ssh(self.pool.access_point, f"tail -n +{self.start} {self.path}")


@pytest.mark.parametrize("lifetime", [None, 1], ids=["without a token", "with a token that has expired"])
def test_a_stranger_cannot_join(pool: Pool, stranger: Stranger, lifetime: int | None) -> None:
    stranger.drop_token()
    if lifetime is not None:
        stranger.take_token(lifetime)
        time.sleep(lifetime + 1)
    log = Log(pool, "CollectorLog")
    for command in ("condor_advertise UPDATE_STARTD_AD Machine", "condor_status -any"):
        assert not stranger.run(command)[0], command
    assert "stranger" not in pool.machines()
    said = log.read()
    address = pool.ssh(stranger.host, "hostname -I").split()[0]
    assert re.search(rf"required authentication of {address} failed|DC_AUTHENTICATE: .*{address}.*fail", said), said


def test_a_token_of_an_execution_point_is_good_for_what_it_does(pool: Pool, stranger: Stranger) -> None:
    """The same tools, with the same configuration, that are refused everything else below."""
    stranger.take_token()
    assert stranger.run("condor_advertise UPDATE_STARTD_AD Machine")[0]
    assert "stranger" in pool.machines()
    assert stranger.ask("htcondor.Collector().query(htcondor.AdTypes.Startd, projection=['Name'])")[0]
    assert stranger.run("condor_advertise INVALIDATE_STARTD_ADS gone")[0]
    assert "stranger" not in pool.machines()


@pytest.mark.parametrize(
    ("log", "command", "words"),
    [
        ("CollectorLog", "UPDATE_SCHEDD_AD", "condor_advertise UPDATE_SCHEDD_AD Scheduler"),
        ("CollectorLog", "UPDATE_NEGOTIATOR_AD", "condor_advertise UPDATE_NEGOTIATOR_AD Scheduler"),
        ("CollectorLog", "QUERY_STARTD_PVT_ADS", "htcondor.Collector().query(htcondor.AdTypes.StartdPrivate)"),
        ("NegotiatorLog", "SetPriority", "condor_userprio -setprio carol@lab 1"),
        ("SchedLog", "QUERY_JOB_ADS", "list(schedd.query())"),
        ("SchedLog", "QMGMT_WRITE_CMD", "schedd.submit(htcondor.Submit({'executable': '/bin/true'}))"),
        ("SchedLog", "ACT_ON_JOBS", "schedd.act(htcondor.JobAction.Hold, 'true')"),
        ("SchedLog", "TRANSFER_DATA", "schedd.retrieve('true')"),
    ],
)
def test_a_token_of_an_execution_point_is_good_for_nothing_else(
    pool: Pool, stranger: Stranger, log: str, command: str, words: str
) -> None:
    stranger.take_token()
    before = Log(pool, log)
    done, said = (stranger.run if words.startswith("condor_") else stranger.ask)(words)
    assert not done or "failed" in said, said
    refused = [line for line in before.read().splitlines() if command in line]
    assert any(re.search("DENIED|limited authorization", line) for line in refused), before.read()
    names = pool.ssh(pool.access_point, "condor_status -any -af Name")
    assert "stranger" not in names
    assert not pool.ads("condor_q -allusers")


def test_a_host_more_needs_nothing_of_the_others(pool: Pool) -> None:
    """A token that is lost is made again; a run that is limited to its host reaches nobody else but the signing key."""
    host = pool.execution_points[1]
    pool.ssh(host, "rm /etc/condor/tokens.d/sitewright")
    play = pool.play("batch.yml", "--limit", host, "--diff")
    assert list(play.changed) == [host]
    assert "eyJ" not in play.output, "a token is in the output"
    assert pool.ssh(host, "stat -c '%a %U' /etc/condor/tokens.d/sitewright").split() == ["600", "root"]
    pool.wait_for_machines()
    assert not pool.play("batch.yml").changed


def test_many_jobs_while_an_execution_point_restarts(pool: Pool) -> None:
    """Each job tells the host's journal that it runs, which says more than HTCondor's own count."""
    directory = pool.make_directory(PERSON, "many")
    first, second = pool.execution_points[:2]
    marks = {host: pool.ssh(host, "date +%s").strip() for host in (first, second)}
    pool.rewrite(
        pool.access_point, f"{directory}/job", '#!/bin/sh\nlogger -t sitewright-job "$1"\nsleep 0.2', "0755", PERSON
    )
    cluster = pool.submit(
        PERSON,
        directory,
        {
            "executable": "job",
            "arguments": "$(Process)",
            "log": "log",
            "should_transfer_files": "YES",
            "request_memory": 32,
            "request_disk": 1024,
            # How long a shadow looks for a job whose host has gone: 40 minutes otherwise.
            "job_lease_duration": 60,
        },
        str(JOBS),
    )
    ended = f"grep -c ^005 {directory}/log"
    pool.wait_until("running jobs", pool.access_point, f"[ $({ended}) -ge {JOBS // 10} ]", 300)
    running = f"condor_q {cluster} -constraint 'JobStatus == 2' -af RemoteHost | grep -q '@{first}'"
    pool.wait_until("running jobs there", pool.access_point, running, 60)
    pool.ssh(first, "systemctl restart condor")
    pool.wait_for_jobs(directory, 900)
    events = parse_events(pool.ssh(pool.access_point, f"cat {directory}/log"))
    runs: Counter[int] = Counter()
    for host, since in marks.items():
        runs.update(map(int, pool.ssh(host, f"journalctl -q -t sitewright-job --since @{since} -o cat").split()))
    assert set(events) == set(range(JOBS)) == set(runs)
    assert all(job.count("005") == 1 for job in events.values())
    again = {number for number, count in runs.items() if count > 1}
    recorded = {number for number, job in events.items() if any(event in RETRIES for event in job)}
    assert again <= recorded, again - recorded
    assert recorded, "the restart has hit no job: it proves nothing"
    assert sum(runs.values()) - JOBS <= len(recorded)
    history = pool.ads(f"condor_history {cluster} -attributes JobStatus,ExitCode")
    assert Counter((ad["JobStatus"], ad["ExitCode"]) for ad in history) == {(4, 0): JOBS}
    pool.wait_for_machines()


def parse_events(text: str) -> dict[int, list[str]]:
    """Return the numbers of the events in a job log, by the jobs of its cluster."""
    events: dict[int, list[str]] = {}
    for event, process in re.findall(r"^(\d{3}) \(\d+\.(\d+)\.\d+\)", text, re.MULTILINE):
        events.setdefault(int(process), []).append(event)
    return events


def test_a_reboot_of_any_host_heals(pool: Pool) -> None:
    hosts = [pool.access_point, *pool.execution_points]
    for some in ([pool.execution_points[0]], [pool.access_point], hosts):
        pool.restart(some)
        for host in some:
            pool.wait_until("answering", host, "systemctl is-active condor")
        pool.wait_for_machines(300)
    for host in hosts:
        pool.wait_until("mounted", host, f"mountpoint --quiet {pool.mount} && stat --file-system {pool.mount}")
    pool.play("verify.yml")
