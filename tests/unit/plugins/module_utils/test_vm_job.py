# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a batch system gives to a job that boots a guest, and what the guest leaves on the job's disk."""

from __future__ import annotations

import base64
import json
import typing as t

import pytest
from ansible_collections.sitewright.grid.plugins.module_utils._vm_job import (
    Entry,
    Given,
    JobError,
    Size,
    check_token,
    choose_accelerator,
    parse_exit_code,
    parse_listing,
    read_given,
    render_run,
    size_guest,
)

NOW = 1_000_000.0
MACHINE_AD = 'Cpus = 4\nMemory = 2048\nName = "slot1_1@worker1"\nTotalCpus = 8.0\n'
JOB_AD = "ClusterId = 17\nProcId = 3\nAllowedJobDuration = 3600\nRequirements = (A == 1)\n"
FILES = {"/m": MACHINE_AD, "/j": JOB_AD, "/none": ""}


@pytest.mark.parametrize(
    ("environ", "given"),
    [
        (
            {"_CONDOR_SCRATCH_DIR": "/s", "_CONDOR_MACHINE_AD": "/m", "_CONDOR_JOB_AD": "/j"},
            Given("htcondor", "17.3", 4, 2048, "/s", NOW + 3600),
        ),
        (
            {"_CONDOR_SCRATCH_DIR": "/s", "_CONDOR_MACHINE_AD": "/none"},
            Given("htcondor", "0.0", None, None, "/s", None),
        ),
        (
            {"SLURM_JOB_ID": "5", "SLURM_CPUS_ON_NODE": "2", "SLURM_MEM_PER_NODE": "1024", "TMPDIR": "/t"},
            Given("slurm", "5", 2, 1024, "/t", None),
        ),
        (
            {
                "SLURM_JOB_ID": "5",
                "SLURM_CPUS_ON_NODE": "2",
                "SLURM_MEM_PER_CPU": "700",
                "SLURM_JOB_END_TIME": "1000600",
            },
            Given("slurm", "5", 2, 1400, "/tmp", NOW + 600),
        ),
        ({"SLURM_JOB_ID": "5", "SLURM_MEM_PER_NODE": "0"}, Given("slurm", "5", None, None, "/tmp", None)),
        (
            {"PBS_JOBID": "9.head1", "NCPUS": "3", "PBS_JOBDIR": "/p", "PBS_WALLTIME": "60"},
            Given("pbs", "9", 3, None, "/p", NOW + 60),
        ),
        ({"PBS_JOBID": "9.head1", "PBS_NUM_PPN": "2"}, Given("pbs", "9", 2, None, "/tmp", None)),
        ({}, Given("none", "77", 1, 768, "/tmp", None)),
    ],
)
def test_what_the_batch_system_gives(environ: dict[str, str], given: Given) -> None:
    assert read_given(environ, FILES.__getitem__, 77, NOW) == given


def given_of(cpus: int | None, memory: int | None) -> Given:
    return Given("htcondor", "1.0", cpus, memory, "/s", None)


@pytest.mark.parametrize(
    ("cpus", "memory", "vcpus", "wished", "size"),
    [
        (4, 1024, None, None, Size(4, 768)),
        (4, 1024, 2, 512, Size(2, 512)),
        (None, None, None, 512, Size(1, 512)),
        (1, 320, None, None, Size(1, 64)),
    ],
)
def test_the_guest_gets_what_the_job_has(
    cpus: int | None, memory: int | None, vcpus: int | None, wished: int | None, size: Size
) -> None:
    assert size_guest(given_of(cpus, memory), vcpus, wished) == size


@pytest.mark.parametrize(
    ("cpus", "memory", "vcpus", "wished", "says"),
    [
        (2, 1024, 3, None, "--vcpus 3: the job has 2 CPUs"),
        (2, 1024, 0, None, "--vcpus 0"),
        (2, 1024, None, 800, "--memory 800: the job has 1024 MiB, of which QEMU needs 256. Ask .* for 1056 MiB"),
        (2, 300, None, None, "A guest needs 64 MiB: the job has 300 MiB"),
        (2, None, None, None, "does not say how much memory the job has: give --memory"),
        (2, None, None, 10, "--memory 10: a guest needs 64 MiB"),
    ],
)
def test_the_guest_gets_no_more(
    cpus: int, memory: int | None, vcpus: int | None, wished: int | None, says: str
) -> None:
    with pytest.raises(JobError, match=says):
        size_guest(given_of(cpus, memory), vcpus, wished)


WORKS = {"kvm": {"works": True}, "tcg": {"works": True}}
BROKEN = {"kvm": {"works": False, "reason": "no boot within 5 s"}, "tcg": {"works": True}}


@pytest.mark.parametrize(
    ("wished", "node", "accelerator"),
    [
        ("auto", WORKS, "kvm"),
        ("auto", BROKEN, "tcg"),
        ("auto", {}, "tcg"),
        ("tcg", WORKS, "tcg"),
        ("kvm", WORKS, "kvm"),
    ],
)
def test_the_probe_decides(wished: str, node: dict[str, t.Any], accelerator: str) -> None:
    assert choose_accelerator(wished, node) == accelerator


@pytest.mark.parametrize(("node", "says"), [(BROKEN, "no boot within 5 s"), ({}, "it was not probed on this node")])
def test_kvm_that_does_not_work_is_refused(node: dict[str, t.Any], says: str) -> None:
    with pytest.raises(JobError, match=f"KVM does not work here: {says}"):
        choose_accelerator("kvm", node)


def token_of(payload: t.Any) -> str:
    parts = [json.dumps(part).encode() for part in ({"alg": "HS256"}, payload)]
    return ".".join([*(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts), "c2lnbmF0dXJl"])


SCOPE = "condor:/ADVERTISE_STARTD condor:/READ"


def test_a_token_for_an_hour_is_given_on() -> None:
    token = token_of({"exp": NOW + 3600, "scope": SCOPE})
    assert check_token(f" {token}\n", NOW, None) == token


@pytest.mark.parametrize(
    ("token", "says"),
    [
        ("nothing", "holds no token"),
        ("a.b.c", "holds no token"),
        (token_of([1]), "holds no token"),
        (token_of({"scope": SCOPE}), "never ends"),
        (token_of({"exp": NOW - 1, "scope": SCOPE}), "has ended"),
        (token_of({"exp": NOW + 10**7, "scope": SCOPE}), "good for 10000000 s more"),
        (token_of({"exp": NOW + 60}), "good for everything"),
        (token_of({"exp": NOW + 60, "scope": "condor:/READ condor:/ADMINISTRATOR"}), "good for ADMINISTRATOR"),
    ],
)
def test_other_tokens_are_refused(token: str, says: str) -> None:
    with pytest.raises(JobError, match=says):
        check_token(token, NOW, None)


def test_the_script_gets_its_arguments_as_they_are() -> None:
    assert (
        render_run("job.sh", ["a b", "$(reboot)", "'"]).splitlines()[-1] == "exec ./job.sh 'a b' '$(reboot)' ''\"'\"''"
    )


LISTING = """/12/040755/0/0/.//
/2/040755/0/0/..//
/13/040755/0/0/a b//
/14/100644/0/0/file/3/
/15/120777/0/0/link/4/
/16/100755/0/0/run/20/
/17/100644/0/0/../../evil/3/
/18/100644/0/0/..//
no line of ours

"""


def test_names_that_lead_elsewhere_are_passed_over() -> None:
    assert parse_listing(LISTING) == [
        Entry("a b", 13, "directory", 0, 0o755),
        Entry("file", 14, "file", 3, 0o644),
        Entry("link", 15, "other", 4, 0o777),
        Entry("run", 16, "file", 20, 0o755),
    ]


@pytest.mark.parametrize(
    ("text", "code"), [("7\n", 7), ("0", 0), ("255", 255), ("256", None), ("-1", None), ("", None), (None, None)]
)
def test_exit_codes(text: str | None, code: int | None) -> None:
    assert parse_exit_code(text) == code
