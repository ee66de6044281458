# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Slurm by itself: a controller and two nodes, the second of which comes while a job runs on the first."""

from __future__ import annotations

import base64
import json
import re
import shlex
import time
import typing as t
from pathlib import Path

import pytest
from lab import ROOT, Lab, edit_inventory, kill

INVENTORY = ROOT / "tests" / "lab" / "inventories" / "slurm"
CONTROLLER, FIRST, SECOND = "slurm1", "slurm2", "slurm3"
HOSTS = (CONTROLLER, FIRST, SECOND)
SINCE = (
    "systemctl show --property=ActiveEnterTimestampMonotonic,NRestarts slurmctld.service slurmd.service munge.service"
)


class Slurm(Lab):
    """The lab's Slurm."""

    def as_user(self, command: str, user: str = "ann", host: str = CONTROLLER, timeout: int = 120) -> str:
        """Run a command as an ordinary user."""
        return self.ssh(host, f"cd /tmp && runuser -u {user} -- sh -c {shlex.quote(command)}", timeout)

    def submit(self, script: str, *options: str, user: str = "ann") -> str:
        """Submit a script, and return the job's number."""
        words = shlex.join(["sbatch", "--parsable", "--mem=100", *options])
        return self.as_user(f"{words} <<'END'\n#!/bin/sh\n{script}\nEND", user).strip()

    def job(self, number: str) -> dict[str, str]:
        """Return what Slurm says of a job."""
        shown = self.ssh(CONTROLLER, f"scontrol show job {number}")
        return dict(re.findall(r"(\w+)=(\S*)", shown))

    def wait_for(self, number: str, state: str) -> dict[str, str]:
        """Wait until a job is in a state."""
        command = f"scontrol show job {number} | grep -qw JobState={state}"
        self.wait_until(f"having job {number} {state}", CONTROLLER, command, 90)
        return self.job(number)

    def state(self, node: str) -> str:
        """Return the state of a node."""
        return self.ssh(CONTROLLER, f"sinfo --noheader --nodes={node} --format=%T").split()[0]

    def wait_for_state(self, node: str, state: str) -> None:
        """Wait until a node is in a state."""
        command = f"sinfo --noheader --nodes={node} --format=%T | grep -qx {state}"
        self.wait_until(f"having {node} {state}", CONTROLLER, command, 120)

    def since(self, *hosts: str) -> dict[str, str]:
        """Return since when the daemons of these hosts run."""
        return {host: self.ssh(host, SINCE) for host in hosts}


def keep_only_the_first(inventory: dict[str, t.Any]) -> None:
    del inventory["slurm_nodes"]["hosts"][SECOND]


def retire_the_second(inventory: dict[str, t.Any]) -> None:
    inventory["retiring"] = {"hosts": {SECOND: None}}


@pytest.fixture(scope="module")
def slurm() -> t.Iterator[Slurm]:
    lab = Slurm(INVENTORY)
    lab.create()
    for host in HOSTS:
        # Packages make keys of their own; the image's hosts would all have the same one.
        made = "head -c 128 /dev/urandom > /etc/munge/munge.key; useradd --uid 2001 ann; useradd --uid 2002 bob"
        lab.ssh(host, made)
    yield lab
    lab.destroy()


@pytest.fixture(scope="module")
def small(slurm: Slurm, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """The same cluster before its second node has come."""
    return edit_inventory(INVENTORY, tmp_path_factory.mktemp("small"), keep_only_the_first)


@pytest.fixture(scope="module")
def leaving(slurm: Slurm, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """The same cluster, whose second node retires."""
    return edit_inventory(INVENTORY, tmp_path_factory.mktemp("leaving"), retire_the_second)


def test_check_mode_tells_what_a_run_changes(slurm: Slurm, small: Lab) -> None:
    foreseen = small.play("batch.yml", "--check", "--diff")
    assert slurm.ssh(CONTROLLER, "ls /etc/slurm") == slurm.ssh(SECOND, "ls /etc/slurm")
    done = small.play("batch.yml", "-vvv")
    assert set(done.changed) == {CONTROLLER, FIRST}
    assert foreseen.changed == done.changed
    key = slurm.ssh(CONTROLLER, "base64 --wrap=0 /etc/munge/munge.key")
    assert key not in done.output
    assert not small.play("batch.yml").changed
    assert slurm.ssh(CONTROLLER, "base64 --wrap=0 /etc/munge/munge.key") == key


def test_the_nodes_have_the_controllers_key(slurm: Slurm) -> None:
    keys = [slurm.ssh(host, "base64 --wrap=0 /etc/munge/munge.key") for host in HOSTS]
    assert keys[0] == keys[1] != keys[2]
    assert len(base64.b64decode(keys[0])) == 128
    # In a private directory, whatever its mode.
    assert (
        slurm.ssh(FIRST, "stat -c '%U:%G %a' /etc/munge /etc/munge/munge.key") == "munge:munge 700\nmunge:munge 400\n"
    )
    assert slurm.try_ssh(FIRST, "runuser -u ann -- cat /etc/munge/munge.key").returncode != 0


def test_the_job_of_an_ordinary_user(slurm: Slurm) -> None:
    number = slurm.submit("echo $(id -un) on $SLURMD_NODENAME; echo oops >&2; exit 3", "--output=/tmp/%j.out")
    job = slurm.wait_for(number, "FAILED")
    assert job["ExitCode"] == "3:0"
    assert slurm.ssh(FIRST, f"cat /tmp/{number}.out") == f"ann on {FIRST}\noops\n"
    assert slurm.as_user("echo 42 | srun --mem=100 sed s/4/6/") == "62\n"


def test_a_node_that_comes_leaves_jobs_alone(slurm: Slurm) -> None:
    number = slurm.submit("echo $$ > /tmp/pid; sleep 600", "--output=/dev/null")
    slurm.wait_for(number, "RUNNING")
    slurm.wait_until("running the job", FIRST, "test -s /tmp/pid")
    process = "ps -o pid=,lstart= -p $(cat /tmp/pid)"
    before = (slurm.job(number), slurm.ssh(FIRST, process), slurm.since(CONTROLLER, FIRST))
    foreseen = slurm.play("batch.yml", "--limit", SECOND, "--check", "--diff")
    done = slurm.play("batch.yml", "--limit", SECOND)
    assert foreseen.changed == done.changed
    slurm.wait_for_state(SECOND, "idle")
    after = (slurm.job(number), slurm.ssh(FIRST, process), slurm.since(CONTROLLER, FIRST))
    for key in ("StartTime", "JobState", "Restarts", "NodeList"):
        assert before[0][key] == after[0][key]
    assert before[1:] == after[1:]
    # Its configuration has reached the other node, too.
    assert SECOND in slurm.ssh(FIRST, "scontrol show hostnames $(sinfo --noheader --format=%N)")
    assert SECOND in slurm.ssh(FIRST, "cat /run/slurm/conf/slurm.conf")
    assert not slurm.play("batch.yml").changed
    assert before[1:] == (slurm.ssh(FIRST, process), slurm.since(CONTROLLER, FIRST))
    slurm.as_user(f"scancel {number}")
    slurm.wait_for(number, "CANCELLED")


def test_jobs_across_nodes(slurm: Slurm) -> None:
    assert slurm.as_user("srun --nodes=2 --mem=100 hostname | sort") == f"{FIRST}\n{SECOND}\n"
    # From a node, too, which has no configuration of its own.
    assert slurm.as_user("srun --nodes=2 --mem=100 hostname | sort", host=SECOND) == f"{FIRST}\n{SECOND}\n"
    slurm.play("verify.yml")


def test_nothing_is_left_of_a_job(slurm: Slurm) -> None:
    """With no cgroup to hold them, processes that leave their parents are the epilog's."""
    number = slurm.submit(
        "(trap '' TERM; setsid nohup sleep 4711 >/dev/null 2>&1 &)\nsetsid nohup sh -c 'exec sleep 4712' &\n",
        f"-w{FIRST}",
    )
    other = slurm.submit("sleep 4713", f"-w{FIRST}")
    slurm.wait_for(number, "COMPLETED")
    slurm.wait_until("free of the job", FIRST, "! pgrep -f 'sleep 471[12]'")
    assert slurm.job(other)["JobState"] == "RUNNING"
    assert slurm.ssh(FIRST, "pgrep -f 'sleep 4713'")
    slurm.as_user(f"scancel {other}")
    slurm.wait_for_state(FIRST, "idle")


def test_one_user_cannot_end_the_job_of_another(slurm: Slurm) -> None:
    number = slurm.submit("sleep 600", "--output=/dev/null")
    slurm.wait_for(number, "RUNNING")
    done = slurm.try_ssh(CONTROLLER, f"runuser -u bob -- scancel {number}")
    assert "Access/permission denied" in done.stderr
    assert slurm.job(number)["JobState"] == "RUNNING"
    slurm.as_user(f"scancel {number}")


def test_a_drained_node_stays_drained(slurm: Slurm) -> None:
    slurm.ssh(CONTROLLER, f"scontrol update nodename={SECOND} state=drain reason=disk")
    # What the run changes has the controller read everything again.
    done = slurm.play("batch.yml", "-e", '{"slurm_features": ["big"]}')
    assert set(done.changed) == {CONTROLLER}
    assert slurm.state(SECOND) == "drained"
    assert "it is drained, and takes no jobs" in slurm.play("verify.yml").output
    slurm.restart([SECOND])
    slurm.wait_until("answering", SECOND, "systemctl is-active slurmd")
    assert not slurm.play("batch.yml", "-e", '{"slurm_features": ["big"]}').changed
    assert slurm.state(SECOND) == "drained"
    assert slurm.as_user("srun --constraint=big --mem=100 hostname") == f"{FIRST}\n"
    slurm.ssh(CONTROLLER, f"scontrol update nodename={SECOND} state=resume")
    assert set(slurm.play("batch.yml").changed) == {CONTROLLER}


def test_hosts_that_restart_come_back(slurm: Slurm) -> None:
    number = slurm.submit("sleep 600", f"-w{FIRST}", "--no-requeue", "--output=/dev/null")
    slurm.wait_for(number, "RUNNING")
    slurm.restart([FIRST])
    slurm.wait_for(number, "NODE_FAIL")
    slurm.wait_for_state(FIRST, "idle")
    slurm.restart(list(HOSTS))
    slurm.wait_until("answering", CONTROLLER, "scontrol ping | grep UP")
    for node in (FIRST, SECOND):
        slurm.wait_for_state(node, "idle")
    assert slurm.as_user("srun --nodes=2 --mem=100 hostname | sort") == f"{FIRST}\n{SECOND}\n"
    assert not slurm.play("batch.yml").changed


def test_daemons_are_restarted_while_jobs_run(slurm: Slurm) -> None:
    """A rolling restart, killed while a node is held: jobs go on, and no node is left held."""
    slurm.ssh(FIRST, "rm -f /tmp/pid")
    number = slurm.submit("echo $$ > /tmp/pid; sleep 600", f"-w{FIRST}", "--output=/dev/null")
    slurm.wait_for(number, "RUNNING")
    slurm.wait_until("running the job", FIRST, "test -s /tmp/pid")
    process = "ps -o pid=,lstart= -p $(cat /tmp/pid)"
    before = (slurm.job(number), slurm.ssh(FIRST, process))
    since = slurm.since(*HOSTS)
    slurm.ssh(CONTROLLER, f"scontrol update nodename={SECOND} state=drain reason=disk")  # the operator's own

    moment = ("-e", f"upgrade_restart={slurm.ssh(CONTROLLER, 'date +%s').strip()}")
    plan = slurm.play("upgrade.yml", *moment, "--check")
    told = [line.split() for line in plan.output.splitlines() if line.strip().startswith("slurm ")]
    assert [(*row[:3], *row[6:]) for row in told] == [
        ("slurm", "controller", CONTROLLER, "restart"),
        ("slurm", "node", FIRST, "hold,", "restart"),
        ("slurm", "node", SECOND, "hold,", "restart"),
    ]
    assert {row[3] for row in told} == {"24.11.5"}
    assert slurm.since(*HOSTS) == since
    slurm.kill_run("upgrade.yml", *moment, play="Upgrade Slurm's nodes", task="Restart the daemon", delay=0.3)
    slurm.play("upgrade.yml", *moment)
    assert "Nothing is to be done." in slurm.play("upgrade.yml", *moment).output
    after = slurm.since(*HOSTS)
    assert not [host for host in HOSTS if after[host] == since[host]]
    assert slurm.state(FIRST) in ("mixed", "allocated")
    assert slurm.state(SECOND) == "drained"
    slurm.ssh(CONTROLLER, f"scontrol update nodename={SECOND} state=resume")

    for key in ("StartTime", "JobState", "Restarts", "NodeList"):
        assert slurm.job(number)[key] == before[0][key]
    assert slurm.ssh(FIRST, process) == before[1]
    assert slurm.as_user("srun --nodes=2 --overlap --mem=100 hostname | sort") == f"{FIRST}\n{SECOND}\n"
    slurm.as_user(f"scancel {number}")


def test_munges_key_is_rotated_while_a_job_runs(slurm: Slurm) -> None:
    read = "base64 --wrap=0 /etc/munge/munge.key"
    old = slurm.ssh(CONTROLLER, read)
    number = slurm.submit("sleep 600", f"-w{FIRST}", "--output=/dev/null")
    before = slurm.wait_for(number, "RUNNING")
    time.sleep(1)
    since = time.time()

    def arguments() -> tuple[str, str]:
        return "-e", f"rotate_keys_older_than={int(time.time() - since)}"

    alone = slurm.play("rotate_keys.yml", *arguments(), "--limit", SECOND)
    assert f"would be locked out: {CONTROLLER}, {FIRST}" in " ".join(alone.output.split())
    assert set(slurm.play("rotate_keys.yml", *arguments(), "--check").changed) == {CONTROLLER}
    assert slurm.ssh(CONTROLLER, read) == old
    slurm.kill_run("rotate_keys.yml", *arguments(), task="Give it to the nodes", delay=0.2)
    play = slurm.play("rotate_keys.yml", *arguments())
    assert not slurm.play("rotate_keys.yml", *arguments()).changed
    keys = [slurm.ssh(host, read) for host in HOSTS]
    assert len(set(keys)) == 1
    assert keys[0] != old
    assert keys[0] not in play.output

    after = slurm.job(number)
    assert all(before[key] == after[key] for key in ("StartTime", "JobState", "Restarts", "NodeList"))
    assert slurm.as_user("srun --nodes=2 --overlap --mem=100 hostname | sort") == f"{FIRST}\n{SECOND}\n"
    assert not slurm.play("batch.yml").changed
    slurm.as_user(f"scancel {number}")
    slurm.wait_for(number, "CANCELLED")
    # What the old key proves, the new one does not.
    paths = " ".join(f"--{name}=/run/munge/old.{name}" for name in ("socket", "pid-file", "seed-file", "log-file"))
    install = f"echo {old} | base64 --decode | install -o munge -m 400 /dev/stdin /run/munge/old.key"
    slurm.ssh(SECOND, f"{install} && runuser -u munge -- munged --key-file=/run/munge/old.key {paths}")
    told = slurm.try_ssh(SECOND, "munge --no-input --socket=/run/munge/old.socket | unmunge")
    assert told.returncode != 0
    assert "Invalid credential" in told.stdout + told.stderr
    slurm.ssh(SECOND, "kill $(cat /run/munge/old.pid-file)")


def test_the_report_says_what_sinfo_says(slurm: Slurm, tmp_path: Path) -> None:
    slurm.play("report.yml", "-e", f"report_directory={tmp_path}")
    report = json.loads((tmp_path / "report.json").read_text())
    nodes = {}
    for line in slurm.ssh(CONTROLLER, "sinfo --Node --noheader --format='%N %C'").splitlines():
        name, cpus = line.split()
        used, _idle, _other, total = map(int, cpus.split("/"))
        nodes[name] = (used, total)
    told = report["sections"]["Slurm"]
    assert told["nodes"] == len(nodes)
    assert told["cpus"] == {"used": sum(n[0] for n in nodes.values()), "total": sum(n[1] for n in nodes.values())}
    seen = {name for name, host in report["hosts"].items() if "slurm_nodes" in host["services"]}
    assert seen == set(nodes)
    assert {host["state"] for host in report["hosts"].values()} == {"seen"}
    assert report["hosts"][CONTROLLER]["services"]["slurm_controllers"]["state"] == "seen"


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"SlurmTimeout": 5}, "Slurm refuses the new slurm.conf, so the old files stay"),
        (
            {"JobSubmitPlugins": "nonsense"},
            "The controller refuses the new configuration, so the old files were put back",
        ),
    ],
    ids=["unknown", "wrong"],
)
def test_a_configuration_that_slurm_refuses(slurm: Slurm, parameters: dict[str, t.Any], message: str) -> None:
    number = slurm.submit("sleep 600", f"-w{FIRST}", "--output=/dev/null")
    slurm.wait_for(number, "RUNNING")
    listed = "find /etc/slurm -type f -exec sha256sum {} +"
    before = slurm.ssh(CONTROLLER, listed)
    failed = slurm.play("batch.yml", "-e", str({"slurm_parameters": parameters}), rc=2)
    assert message in " ".join(failed.output.split())
    assert slurm.ssh(CONTROLLER, listed) == before
    assert slurm.job(number)["JobState"] == "RUNNING"
    slurm.as_user(f"scancel {number}")
    assert not slurm.play("batch.yml").changed
    assert slurm.as_user("srun --mem=100 echo fine") == "fine\n"


def test_a_faulty_inventory_is_refused(slurm: Slurm, tmp_path: Path) -> None:
    faulty = edit_inventory(INVENTORY, tmp_path, lambda inventory: inventory.pop("slurm_controllers"))
    assert "has no host, but slurm_nodes needs one" in " ".join(faulty.play("batch.yml", rc=2).output.split())


def test_a_node_with_jobs_does_not_leave(slurm: Slurm, small: Lab) -> None:
    number = slurm.submit("sleep 600", f"-w{SECOND}", "--output=/dev/null")
    slurm.wait_for(number, "RUNNING")
    failed = small.play("batch.yml", rc=2)
    assert f"still run jobs: {number} on {SECOND}" in " ".join(failed.output.split())
    slurm.as_user(f"scancel {number}")
    jobs = f"squeue --noheader --nodelist={SECOND} --states=RUNNING,COMPLETING"
    slurm.wait_until(f"having {SECOND} without jobs", CONTROLLER, f'[ -z "$({jobs})" ]')
    small.play("batch.yml")
    assert SECOND not in slurm.ssh(CONTROLLER, "sinfo --Node --noheader")


def test_a_node_retires_while_jobs_run(slurm: Slurm, small: Lab, leaving: Lab) -> None:
    slurm.play("batch.yml")
    slurm.wait_for_state(SECOND, "idle")
    slurm.ssh(CONTROLLER, "systemctl stop slurmctld")
    assert not leaving.play("retire.yml", rc=2).changed
    slurm.ssh(CONTROLLER, "systemctl start slurmctld")
    slurm.wait_for_state(SECOND, "idle")

    slurm.ssh(FIRST, "rm -f /tmp/pid")
    other = slurm.submit("echo $$ > /tmp/pid; sleep 3600", f"-w{FIRST}", "--output=/dev/null")
    until_told = "while ! [ -e /tmp/end ]; do sleep 1; done; echo ended"
    own = slurm.submit(until_told, f"-w{SECOND}", "--no-requeue", "--output=/tmp/%j.out")
    for number in (other, own):
        slurm.wait_for(number, "RUNNING")
    slurm.wait_until("running the job", FIRST, "test -s /tmp/pid")
    process = "ps -o pid=,lstart= -p $(cat /tmp/pid)"
    before = (slurm.job(other), slurm.ssh(FIRST, process), slurm.since(CONTROLLER, FIRST))

    assert set(leaving.play("retire.yml", "--check").changed) == {SECOND}
    assert slurm.state(SECOND) == "mixed"
    run = leaving.start("retire.yml")
    slurm.wait_for_state(SECOND, "draining")
    kill(run)
    assert slurm.job(own)["JobState"] == "RUNNING"
    failed = leaving.play("retire.yml", "-e", "retire_timeout=3", rc=2)
    assert f"1 jobs ({own} on {SECOND})" in " ".join(failed.output.split())
    assert slurm.job(own)["JobState"] == "RUNNING"
    slurm.ssh(SECOND, "touch /tmp/end")
    done = leaving.play("retire.yml")
    assert set(done.changed) == {SECOND}

    assert (slurm.job(own)["JobState"], slurm.job(own)["ExitCode"]) == ("COMPLETED", "0:0")
    assert slurm.ssh(SECOND, f"cat /tmp/{own}.out") == "ended\n"
    assert slurm.job(other)["JobState"] == "RUNNING"
    assert slurm.job(other)["StartTime"] == before[0]["StartTime"]
    assert before[1:] == (slurm.ssh(FIRST, process), slurm.since(CONTROLLER, FIRST))
    for host, path in ((CONTROLLER, "/etc/slurm"), (FIRST, "/run/slurm/conf")):
        assert slurm.try_ssh(host, f"grep -r {SECOND} {path}").returncode == 1
    assert SECOND not in slurm.ssh(CONTROLLER, "sinfo --Node --noheader")
    slurm.ssh(SECOND, "! pgrep -x 'slurmd|munged|slurmstepd' && ! ls /etc/munge/munge.key")

    assert not leaving.play("retire.yml").changed
    assert not leaving.play("batch.yml").changed
    assert not small.play("batch.yml").changed
    assert before[1:] == (slurm.ssh(FIRST, process), slurm.since(CONTROLLER, FIRST))
    slurm.as_user(f"scancel {other}")


def test_a_dead_node_is_retired_on_the_controller(slurm: Slurm, leaving: Lab) -> None:
    slurm.play("batch.yml", "--limit", SECOND)
    slurm.wait_for_state(SECOND, "idle")
    lost = slurm.submit("sleep 600", f"-w{SECOND}", "--no-requeue", "--output=/dev/null")
    slurm.wait_for(lost, "RUNNING")
    slurm.kill_hosts([SECOND])
    assert f"{SECOND} does not answer" in " ".join(leaving.play("retire.yml", rc=2).output.split())
    assert slurm.job(lost)["JobState"] == "RUNNING"
    leaving.play("retire.yml", "-e", "retire_dead_hosts=true")
    assert slurm.job(lost)["JobState"] == "NODE_FAIL"
    assert SECOND not in slurm.ssh(CONTROLLER, "sinfo --Node --noheader; cat /etc/slurm/slurm.conf")
    assert not leaving.play("retire.yml", "-e", "retire_dead_hosts=true").changed
    slurm.restart([SECOND])
    slurm.play("batch.yml")
    slurm.wait_for_state(SECOND, "idle")


def test_purge_takes_it_away(slurm: Slurm) -> None:
    slurm.play("purge.yml", "-e", "purge_site=slurm")
    for host in HOSTS:
        slurm.ssh(
            host, "! pgrep -x 'slurmctld|slurmd|munged|slurmstepd' && ! ls /etc/munge/munge.key /etc/slurm/slurm.conf"
        )
