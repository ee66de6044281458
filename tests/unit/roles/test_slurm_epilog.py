# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The epilog of Slurm's nodes, really run: what it ends of a job, and what it leaves alone."""

from __future__ import annotations

import os
import subprocess
import time
import typing as t
from pathlib import Path

import pytest

EPILOG = Path(__file__).resolve().parents[3] / "roles" / "slurm" / "files" / "epilog"
NOBODY = 65534
IGNORES = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(600)"


@pytest.fixture
def start() -> t.Iterator[t.Callable[..., subprocess.Popen[bytes]]]:
    """Starts processes of a user with an environment; they end with the test."""
    if os.getuid() != 0:
        pytest.skip("only root can start the processes of others")
    started = []

    def start(environ: dict[str, str], uid: int = NOBODY, ignores: bool = False) -> subprocess.Popen[bytes]:
        argv = ["/usr/bin/python3", "-c", IGNORES] if ignores else ["sleep", "600"]
        process = subprocess.Popen(argv, env=environ, user=uid, stdout=subprocess.PIPE, cwd="/")
        if ignores and process.stdout:
            process.stdout.readline()
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def epilog(job: str, uid: int = NOBODY) -> subprocess.CompletedProcess[str]:
    environ = {"SLURM_JOB_ID": job, "SLURM_JOB_UID": str(uid)}
    return subprocess.run(["/usr/bin/python3", EPILOG], env=environ, capture_output=True, text=True, check=False)


def test_what_is_left_of_a_job_is_ended(start: t.Callable[..., subprocess.Popen[bytes]]) -> None:
    number = f"9{os.getpid()}"
    left = start({"A": "", "SLURM_JOB_ID": number, "B": "1"})
    stubborn = start({"SLURM_JOB_ID": number}, ignores=True)
    guest = start({"XDG_RUNTIME_DIR": f"/tmp/vm-job-{number}-abc/r"})
    others = [start({"SLURM_JOB_ID": f"{number}0"}), start({"SLURM_JOB_ID": number}, uid=0), start({"X": number})]
    time.sleep(0.2)
    done = epilog(number)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert [process.wait(5) for process in (left, stubborn, guest)] == [-15, -9, -15]
    assert [process.poll() for process in others] == [None, None, None]


def test_a_job_that_has_left_nothing() -> None:
    done = epilog(f"8{os.getpid()}")
    assert (done.returncode, done.stderr) == (0, "")


def test_directories_of_the_jobs_guests_are_removed(start: t.Callable[..., subprocess.Popen[bytes]]) -> None:
    number = f"7{os.getpid()}"
    ours, foreign = Path(f"/tmp/vm-job-{number}-ours"), Path(f"/tmp/vm-job-{number}-foreign")
    for path in (ours, foreign):
        path.mkdir()
        (path / "overlay").write_text("x")
    os.chown(ours, NOBODY, NOBODY)
    try:
        assert epilog(number).returncode == 0
        assert not ours.exists()
        assert foreign.exists()
    finally:
        (foreign / "overlay").unlink()
        foreign.rmdir()
