# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Slurm's jobs that boot virtual machines: where they land, how many run at once, and that nothing of them stays."""

from __future__ import annotations

import json
import shlex
import typing as t

import pytest
from guests import HANG, REST, SLEEP, make_image
from lab import ROOT, Lab

INVENTORY = ROOT / "tests" / "lab" / "inventories" / "virt_slurm"
HEAD, NODE = "vslurm1", "vslurm2"
EXAMPLES = ROOT / "docs" / "examples" / "virt"


class Virt(Lab):
    """The lab's Slurm with a node of the virt queue."""

    def as_user(self, person: str, command: str, host: str = NODE) -> str:
        """Run a command as an ordinary user, in a directory of theirs."""
        return self.ssh(host, f"cd /home/{person} && runuser -u {person} -- sh -c {shlex.quote(command)}")

    def boot(self, person: str, script: str, *options: str, words: str = "") -> str:
        """Submit a job whose guest runs a script; return its number."""
        batch = f"#!/bin/sh\nmkdir $SLURM_JOB_ID && cd $SLURM_JOB_ID || exit 99\ncat >script <<'END'\n{script}\nEND\n"
        batch += f"exec grid-vm-run --image debian-13 {words} -- script"
        own = ("--parsable", "--partition=virt", "--mem=448", "--output=%j.out", *options)
        return self.as_user(person, f"{shlex.join(['sbatch', *own])} <<'BATCH'\n{batch}\nBATCH").strip()

    def wait_for(self, number: str, states: str, timeout: int = 240) -> str:
        """Wait until a job is in one of these states, and return what Slurm says of it."""
        command = f"scontrol show job {number} | grep -Ew 'JobState=({states})'"
        self.wait_until(f"having job {number} {states}", HEAD, command, timeout)
        return self.ssh(HEAD, f"scontrol show job {number}")

    def wait_for_guest(self, person: str, number: str) -> None:
        """Wait until a job's guest has come up."""
        self.wait_until(f"running the guest of {number}", NODE, f"grep -q 'guest: up' /home/{person}/{number}.out", 240)

    def assert_nothing_is_left(self) -> None:
        self.wait_until("rid of the jobs", NODE, f'[ -z "$({REST})" ]', 90)
        assert "drain" not in self.ssh(HEAD, f"sinfo --noheader --nodes={NODE} --format=%T")


@pytest.fixture(scope="module")
def images() -> dict[str, t.Any]:
    lab = Lab(INVENTORY)
    lab.create()
    for host in (HEAD, NODE):
        for uid, person in ((2001, "anna"), (2002, "ben")):
            lab.ssh(host, f"id {person} >/dev/null 2>&1 || useradd --create-home --uid {uid} {person}")
    return {"kvm_host_images": [make_image(lab, NODE)]}


@pytest.fixture(scope="module")
def virt(images: dict[str, t.Any]) -> t.Iterator[Virt]:
    virt = Virt(INVENTORY)
    virt.play("batch.yml", "-e", json.dumps(images))
    yield virt
    virt.destroy()


def test_a_second_run_changes_nothing(virt: Virt, images: dict[str, t.Any]) -> None:
    assert not virt.play("batch.yml", "-e", json.dumps(images), "--check").changed
    assert not virt.play("batch.yml", "-e", json.dumps(images)).changed


def test_the_documented_job(virt: Virt) -> None:
    text = "the quick brown fox jumps over the lazy dog\n"
    virt.as_user("anna", f"mkdir documented && printf %s {shlex.quote(text)} >documented/input.txt")
    for name in ("job.sh", "count.sh", "machine.xml"):
        virt.as_user("anna", f"cat >documented/{name} <<'END'\n{(EXAMPLES / name).read_text()}END")
    number = virt.as_user("anna", "cd documented && sbatch --parsable job.sh").strip()
    job = virt.wait_for(number, "COMPLETED|FAILED")
    messages = virt.as_user("anna", "cat documented/console documented/messages")
    assert "ExitCode=0:0" in job, messages
    assert "counted 8 words" in messages
    sums = virt.as_user("anna", "cd documented && sha256sum input.txt && cat output/checksum").splitlines()
    assert sums[0] == sums[1]
    virt.assert_nothing_is_left()


def test_the_exit_code_is_the_guests(virt: Virt) -> None:
    number = virt.boot("ben", "exit 7")
    assert "ExitCode=7:0" in virt.wait_for(number, "FAILED"), virt.as_user("ben", f"cat {number}.out")


def test_jobs_land_where_they_belong(virt: Virt) -> None:
    plain = "for n in 1 2 3 4; do sbatch --parsable --mem=16 --wait --output=plain.$n --wrap=hostname & done; wait"
    virt.as_user("ben", plain, HEAD)
    assert set(virt.as_user("ben", "cat plain.*", HEAD).split()) == {HEAD}
    for options, says in (
        ("--constraint=kvm", "A job that boots a guest needs --partition=virt."),
        ("--gres=vm:1", "A job that boots a guest needs --partition=virt."),
        ("--gres=vm", "A job that boots a guest needs --partition=virt."),
        ("--partition=work,virt", "names the partition virt alone"),
        (f"--nodelist={NODE}", "Requested node configuration is not available"),
    ):
        done = virt.try_ssh(HEAD, f"runuser -u ben -- sbatch --mem=16 {options} --wrap=hostname")
        assert (done.returncode != 0, says in done.stderr) == (True, True), done.stderr
    waiting = virt.as_user("ben", "sbatch --parsable --mem=16 --begin=now+1hour --wrap=hostname", HEAD).strip()
    done = virt.try_ssh(HEAD, f"runuser -u ben -- scontrol update jobid={waiting} partition=virt")
    assert "submit it anew" in done.stderr
    # A guest's job never gets to a node that cannot boot it.
    lost = virt.try_ssh(HEAD, f"runuser -u ben -- sbatch -p virt -w {HEAD} --mem=16 --wrap=hostname")
    assert lost.returncode != 0
    virt.ssh(HEAD, "scancel --user=ben")


def test_guests_of_two_users_end_in_all_ways_and_the_fifth_waits(virt: Virt) -> None:
    """Cancelled, killed, hung until its time is over; nothing is left of any, and the fifth runs then."""
    cancelled = virt.boot("anna", SLEEP)
    killed = virt.boot("ben", HANG)
    hung = virt.boot("anna", HANG, "--time=3")
    sleeping = virt.boot("ben", SLEEP, words="--walltime 150 --grace 10")
    fifth = virt.boot("ben", "exit 0")
    for person, number in (("anna", cancelled), ("ben", killed), ("anna", hung), ("ben", sleeping)):
        virt.wait_for_guest(person, number)
    assert virt.ssh(NODE, "pgrep --count qemu-system").strip() == "4"
    assert virt.ssh(HEAD, f"squeue --noheader --jobs={fifth} --format='%T %r'").split() == ["PENDING", "Resources"]
    assert sorted(virt.ssh(NODE, "ps -o user= -C qemu-system-x86_64").split()) == ["anna", "anna", "ben", "ben"]
    for attempt in (
        f"ls /tmp/vm-job-{cancelled}-*/",
        f"cat /home/anna/{cancelled}/output/x /tmp/vm-job-{cancelled}-*/console",
        "kill -9 $(pgrep --uid anna qemu-system)",
        f"scancel {cancelled}",
    ):
        virt.try_ssh(NODE, f"runuser -u ben -- sh -c {shlex.quote(attempt)}")
    assert virt.ssh(NODE, "pgrep --uid anna --count qemu-system").strip() == "2"
    virt.as_user("anna", f"scancel {cancelled}")
    ours = f"tr '\\0' '\\n' </proc/$p/environ | grep -qx SLURM_JOB_ID={killed}"
    virt.ssh(
        NODE, f"kill -9 $(for p in $(pgrep -u ben -f grid-vm-run); do {ours} && echo $p; done | sort -n | head -n 1)"
    )
    virt.wait_for(cancelled, "CANCELLED")
    virt.wait_for(hung, "TIMEOUT|FAILED", 300)
    virt.wait_for(sleeping, "FAILED|COMPLETED", 300)
    virt.wait_for(killed, "FAILED", 300)
    virt.wait_for(fifth, "COMPLETED", 300)
    virt.assert_nothing_is_left()


def test_a_node_that_restarts(virt: Virt) -> None:
    number = virt.boot("anna", SLEEP, "--no-requeue")
    virt.wait_for_guest("anna", number)
    virt.restart([NODE])
    virt.wait_for(number, "NODE_FAIL")
    virt.wait_until("back", HEAD, f"sinfo --noheader --nodes={NODE} --format=%T | grep -qx idle", 120)
    number = virt.boot("anna", "exit 0")
    virt.wait_for(number, "COMPLETED")
    virt.assert_nothing_is_left()
