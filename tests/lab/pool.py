# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTCondor pool of the running lab: people who submit jobs, and what became of these."""

from __future__ import annotations

import json
import shlex
import typing as t

import pytest
from lab import Lab


def only_on(host: str) -> str:
    """Return the requirements of a job that is to run on this host."""
    return f'regexp("^{host}([.].*)?$", Machine)'


class Pool(Lab):
    """The lab's pool."""

    @property
    def access_point(self) -> str:
        return self.hosts("condor_submits")[0]

    @property
    def execution_points(self) -> list[str]:
        return self.hosts("condor_executes")

    @property
    def mount(self) -> str:
        """Where the hosts have the site's file system."""
        return "/cephfs"

    def add_people(self, people: t.Mapping[str, int]) -> None:
        """Give these people accounts on the pool's hosts, which the running site has to have."""
        if self.try_ssh(self.access_point, "condor_status -schedd").returncode != 0:
            pytest.fail("the lab's site does not run: run test_site.py first", pytrace=False)
        for host in sorted({self.access_point, *self.execution_points}):
            for person, uid in people.items():
                self.ssh(host, f"id {person} >/dev/null 2>&1 || useradd --create-home --uid {uid} {person}")

    def remove_people(self, people: t.Iterable[str]) -> None:
        """Take their accounts away."""
        for host in sorted({self.access_point, *self.execution_points}):
            self.ssh(host, f"for person in {' '.join(people)}; do userdel --remove $person 2>/dev/null; done; true")

    def submit(self, person: str, directory: str, description: dict[str, t.Any], queue: str = "1") -> str:
        """Submit jobs from a directory of this person, and return the number of their cluster."""
        lines = [*(f"{key} = {value}" for key, value in description.items()), f"queue {queue}"]
        text = "\n".join(lines)
        words = f"cd {directory} && cat > job.sub <<'END'\n{text}\nEND\n"
        script = shlex.quote(f"{words}condor_submit -terse job.sub")
        printed = self.ssh(self.access_point, f"runuser -u {person} -- sh -c {script}")
        return printed.split(".")[0]

    def make_directory(self, person: str, name: str) -> str:
        """Make an empty directory in a person's home on the access point, and return its path."""
        directory = f"/home/{person}/{name}"
        self.ssh(self.access_point, f"rm -rf {directory}; install -d -o {person} {directory}")
        return directory

    def wait_for_jobs(self, directory: str, seconds: int) -> None:
        """Wait until all jobs that write their log into this directory have ended."""
        self.ssh(self.access_point, f"cd {directory} && condor_wait -wait {seconds} log", timeout=seconds + 30)

    def rewrite(self, host: str, path: str, content: str, mode: str = "0644", owner: str = "root") -> None:
        """Write a file on a host."""
        self.ssh(host, f"cat > {path} <<'END'\n{content}\nEND\nchmod {mode} {path}; chown {owner}: {path}")

    def ads(self, command: str) -> list[dict[str, t.Any]]:
        """Return the ads that a command prints on the access point."""
        printed = self.ssh(self.access_point, f"{command} -json").strip()
        return t.cast("list[dict[str, t.Any]]", json.loads(printed)) if printed else []

    def job(self, cluster: str) -> dict[str, t.Any]:
        """Return the ad of the first job of a cluster, whether it is in the queue or has left it."""
        found = self.ads(f"condor_q {cluster}.0") or self.ads(f"condor_history {cluster}.0")
        return found[0]

    def machines(self) -> list[str]:
        """Return the hosts that have slots in the pool."""
        return sorted({ad["Machine"].split(".")[0] for ad in self.ads("condor_status -attributes Machine")})

    def wait_for_machines(self, timeout: int = 120) -> None:
        """Wait until every execution point is in the pool, and takes jobs."""
        machines = (
            "condor_status -constraint 'PartitionableSlot && State == \"Unclaimed\"' -af Machine | cut -d. -f1 | sort"
        )
        wanted = "\n".join(self.execution_points)
        self.wait_until(
            "having all execution points", self.access_point, f'[ "$({machines})" = {shlex.quote(wanted)} ]', timeout
        )

    def daemons_since(self) -> dict[str, int]:
        """Return when each daemon of the pool has started, by its kind and host."""
        ads = self.ads("condor_status -any -attributes MyType,Name,DaemonStartTime")
        return {f"{ad['MyType']} {ad['Name']}": ad["DaemonStartTime"] for ad in ads if "DaemonStartTime" in ad}
