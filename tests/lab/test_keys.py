# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small site whose keys are rotated while it works: by runs that are killed, and one that ends."""

from __future__ import annotations

import json
import re
import time
import typing as t
from pathlib import Path

import pytest
from lab import Lab
from pool import Pool

INVENTORY = Path(__file__).parent / "inventories" / "keys"
KEY = re.compile(r"(?<![A-Za-z0-9+/])(?:[A-Za-z0-9+/]{38}==|[A-Za-z0-9+/]{59}=)(?![A-Za-z0-9+/=])")
PERSON = "dora"
STORE, HEAD, WORKER = "lock1", "lock4", "lock5"
TOKENS = "/etc/condor/tokens.d"
SIGNING_KEYS = "/etc/condor/passwords.d"
OLD = "/root/old-keys"
# The moments to kill a run at: this many seconds after it has begun the task with these words in its name.
MOMENTS = (
    ("Give the daemons' keys successors", 1.0),
    ("Let the host's daemons use them", 4.0),
    ("Write them, on all hosts", 0.5),
    ("Use them on every host", 0.5),
    ("mount_fuse | Mount", 1.0),
    ("Make a successor of the signing key", 0.5),
    ("token | Install it", 0.3),
    ("Replace the signing key", 0.4),
    ("Remove the successor", 0.2),
)
SHORT = (4,)
# Writes a file for ever into one that stays open, and others that it reads again. Its journal tells every fault.
WRITER = r"""
import hashlib, os, sys, time
directory = sys.argv[1]
os.makedirs(directory, exist_ok=True)
number = 0
with open(f"{directory}/open", "wb", buffering=0) as stays, open(f"{directory}/sums", "w") as sums:
    while not os.path.exists("/run/writer-end"):
        block = os.urandom(65536)
        stays.write(block)
        os.fsync(stays.fileno())
        path = f"{directory}/file-{number % 20}"
        with open(path, "wb") as file:
            file.write(block)
            file.flush()
            os.fsync(file.fileno())
        with open(path, "rb") as file:
            assert hashlib.sha256(file.read()).digest() == hashlib.sha256(block).digest(), path
        print(hashlib.sha256(block).hexdigest(), file=sums, flush=True)
        number += 1
        time.sleep(0.05)
"""
READER = r"""
import hashlib, sys
directory = sys.argv[1]
sums = open(f"{directory}/sums").read().split()
with open(f"{directory}/open", "rb") as file:
    assert [hashlib.sha256(file.read(65536)).hexdigest() for _ in sums] == sums
    assert not file.read(1)
print(len(sums))
"""


@pytest.fixture(scope="module")
def site() -> t.Iterator[Pool]:
    site = Pool(INVENTORY)
    site.destroy()
    site.create()
    site.play("site.yml")
    site.wait_for_health(STORE)
    site.add_people({PERSON: 2005})
    yield site
    site.destroy()


def keys(site: Lab) -> dict[str, str]:
    """Return the keys of those entities that hosts of the site use."""
    entities = {entity["entity"]: entity for entity in site.ceph(STORE, "auth export")}
    assert not [name for name, entity in entities.items() if entity.get("pending_key")]
    return {
        name: entity["key"]
        for name, entity in entities.items()
        if not name.startswith("client.bootstrap-") or name == "client.bootstrap-osd"
    }


def opens(site: Lab, entity: str, key: str) -> bool:
    """Tell whether the cluster takes this key."""
    path = "/root/tried.keyring"
    site.ssh(STORE, f"umask 077; printf '[{entity}]\\n\\tkey = {key}\\n' > {path}")
    done = site.try_ssh(STORE, f"ceph --name {entity} --keyring {path} --connect-timeout 10 mon dump; rm -f {path}")
    assert "permission denied" in done.stderr or "epoch" in done.stdout, done.stderr
    return "epoch" in done.stdout


def token_opens(site: Lab, directory: str) -> bool:
    """Tell whether the pool takes what is in this directory of the execution point as a token."""
    places = " ".join(f"_CONDOR_SEC_TOKEN_{name}={directory}" for name in ("DIRECTORY", "SYSTEM_DIRECTORY"))
    done = site.try_ssh(WORKER, f"{places} condor_status -any -af Name")
    return done.returncode == 0 and HEAD in done.stdout


def start_work(site: Pool) -> None:
    """Start the writers on both clients, and jobs in the pool."""
    for host in (HEAD, WORKER):
        site.rewrite(host, "/root/writer.py", WRITER)
        site.rewrite(host, "/root/reader.py", READER)
        site.ssh(host, f"rm -f /run/writer-end; systemd-run --unit=writer python3 /root/writer.py /cephfs/{host}")
    site.submit(
        PERSON,
        site.make_directory(PERSON, "work"),
        {
            "executable": "/bin/sleep",
            "arguments": "4",
            "transfer_executable": "false",
            "log": "log",
            "request_memory": 16,
            "request_disk": 1024,
            "max_idle": 20,
        },
        "2000",
    )


def assert_work_is_whole(site: Pool) -> None:
    """End the work, and see that none of it was lost."""
    for host in (HEAD, WORKER):
        site.ssh(host, "touch /run/writer-end")
        site.wait_until("ended", host, "! systemctl is-active --quiet writer")
        told = site.ssh(host, "journalctl --quiet --unit writer --output short-precise")
        assert "Error" not in told, told
        assert int(site.ssh(host, f"python3 /root/reader.py /cephfs/{host}")) > 100
    log = site.ssh(HEAD, f"cat /home/{PERSON}/work/log")
    events = re.findall(r"^(\d{3}) \(", log, re.MULTILINE)
    assert events.count("005") > 20
    assert not {"004", "007", "009", "012", "022", "024"} & set(events), "a job was evicted, held, or lost its host"
    assert "(1) Normal termination (return value 0)" in log
    assert "Abnormal" not in log
    site.ssh(HEAD, f"condor_rm {PERSON}")


@pytest.fixture(scope="module")
def since(site: Pool) -> float:
    """Keys that were made before this moment are old. They are kept aside."""
    del site
    time.sleep(1)
    return time.time()


def rotate(since: float, *more: str) -> tuple[str, ...]:
    """Return the arguments of a run that replaces the keys of before that moment."""
    return "-e", f"rotate_keys_older_than={int(time.time() - since)}", "--diff", *more


def kill_after(site: Lab, since: float, moment: tuple[str, float]) -> str:
    """Kill a run at its moment, and return what it has said."""
    task, delay = moment
    return site.kill_run("rotate_keys.yml", *rotate(since), task=task, delay=delay)


def test_check_mode_tells_what_would_be_rotated_in_which_order(site: Pool, since: float) -> None:
    before = keys(site)
    play = site.play("rotate_keys.yml", *rotate(since, "--check"))
    assert set(play.changed) == set(site.hosts())
    places = [play.output.index(name) for name in ("osd.0", "client.grid.lock4", "client.grid.lock5")]
    assert places == sorted(places)
    assert not KEY.findall(play.output)
    assert keys(site) == before


def test_keys_are_rotated_under_load(site: Pool, since: float, soak: bool) -> None:
    old = keys(site)
    site.ssh(WORKER, f"install -d -m 0700 {OLD} && cp {TOKENS}/sitewright {OLD}/")
    assert token_opens(site, OLD)
    assert len(old) == 3 + 3 + 2 + 2 + 2  # mgr, osd, mds, clients, admin and bootstrap-osd
    assert opens(site, "osd.0", old["osd.0"])
    start_work(site)

    outputs = [kill_after(site, since, MOMENTS[number]) for number in (range(len(MOMENTS)) if soak else SHORT)]
    play = site.play("rotate_keys.yml", *rotate(since))
    outputs.append(play.output)
    assert not site.play("rotate_keys.yml", *rotate(since)).changed
    assert not [found for output in outputs for found in KEY.findall(output)]
    assert not [output for output in outputs if "eyJ" in output], "a token is in the output"

    new = keys(site)
    assert new.keys() == old.keys()
    assert not [name for name in new if new[name] == old[name]]
    assert not [name for name in old if opens(site, name, old[name])], "an old key still opens the cluster"
    assert all(opens(site, name, new[name]) for name in ("osd.0", "mds.lock1", "client.grid.lock4", "client.admin"))
    assert token_opens(site, TOKENS)
    assert not token_opens(site, OLD), "an old token still opens the pool"
    assert site.ssh(HEAD, f"ls {SIGNING_KEYS}").split() == ["POOL"]

    # An OSD's device has its new key, too: a lost data directory would be made from it.
    for host in site.hosts("ceph_osds"):
        directory = site.ssh(host, "ls -d /var/lib/ceph/osd/ceph-*").strip()
        number = directory.rpartition("-")[2]
        label = site.ssh(host, f"ceph-bluestore-tool show-label --dev {directory}/block")
        assert [device["osd_key"] for device in json.loads(label).values()] == [new[f"osd.{number}"]]

    # Whoever has to prove who it is once more can do so: no monitor has the sessions of before.
    for host in site.hosts("ceph_mons"):
        site.ssh(host, "systemctl restart ceph-mon.target")
        site.wait_for_health(STORE)
    assert_work_is_whole(site)
    # The ceph-fuse of before has ended with its last file, and its successor comes back by itself.
    for host in (HEAD, WORKER):
        site.wait_until("left to one ceph-fuse", host, "[ $(pgrep --count --exact ceph-fuse) = 1 ]", 60)
        site.ssh(host, "pkill --signal KILL --exact ceph-fuse")
        site.wait_until("mounted again", host, f"stat /cephfs/{host}/sums", 60)
    site.ssh(WORKER, "systemctl restart condor")
    site.wait_for_machines()


def test_the_site_is_what_it_was(site: Pool) -> None:
    assert not site.play("site.yml").changed
    site.wait_for_machines()


def test_one_host_alone(site: Pool) -> None:
    """Nothing of another host's is touched, and what several hosts share stays."""
    time.sleep(1)
    since, before = time.time(), keys(site)
    play = site.play("rotate_keys.yml", *rotate(since, "--limit", WORKER))
    assert list(play.changed) == [WORKER]
    after = keys(site)
    assert [name for name in after if after[name] != before[name]] == [f"client.grid.{WORKER}"]
    assert f"these hosts of the pool do not take part and would be locked out: {HEAD}" in " ".join(play.output.split())
