# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The workers of OSG on the running site: what a job of an ordinary user finds, and what the pool knows of them."""

from __future__ import annotations

import json
import re
import typing as t
from pathlib import Path

import pytest
from lab import ROOT
from pool import Pool, only_on

PROGRAM = Path(__file__).with_name("jobs").joinpath("worker.sh").read_text()
PERSON = "dora"
APP, DATA = "/cephfs/osg/app", "/cephfs/osg/data"
# A worker to its OSG_WN_TMP: the default, and a directory of its own.
WORKERS = {"worker1": "/tmp", "worker2": "/srv/osg-tmp"}
COMMANDS = ("curl", "gfal-copy", "ldapsearch", "voms-proxy-init", "wget", "xrdcp")
AUTHORITIES = "/etc/grid-security/certificates"
# A certificate authority, its list of revoked certificates, and a web server that has both.
AUTHORITY = """
rm -rf /root/authority; mkdir /root/authority; cd /root/authority
printf '%s\\n' '[ca]' default_ca=d '[d]' database=index crlnumber=number default_md=sha256 default_crl_days=1 > config
touch index; echo 01 > number
openssl req -x509 -newkey rsa:2048 -nodes -keyout key -out certificate -subj /CN=sitewright-test -days 2
openssl ca -config config -gencrl -keyfile key -cert certificate -out list
systemd-run --unit sitewright-crl --quiet python3 -m http.server 8099 --directory /root/authority
openssl x509 -in certificate -noout -hash
"""
MODES = f"stat --format='%a %U %G' {APP} {DATA}"


@pytest.fixture(scope="module")
def pool() -> t.Iterator[Pool]:
    """Give the site's pool, with a user on its hosts; the site is as it was when the tests have ended."""
    pool = Pool(ROOT / "inventories" / "lab")
    pool.add_people({PERSON: 2005})
    yield pool
    pool.ssh("head1", f"rm -f {APP}/* {DATA}/*")
    pool.remove_people([PERSON])


def environment(host: str) -> dict[str, str]:
    return {
        "OSG_APP": APP,
        "OSG_DATA": DATA,
        "OSG_GRID": "/etc/osg/wn-client",
        "OSG_SQUID_LOCATION": "UNAVAILABLE",
        "OSG_WN_TMP": WORKERS[host],
        "X509_CERT_DIR": AUTHORITIES,
    }


def run_job(pool: Pool, host: str, requirements: str) -> dict[str, str]:
    """Run a job that needs more than the host alone, and return what it told."""
    directory = pool.make_directory(PERSON, host)
    pool.rewrite(pool.access_point, f"{directory}/worker.sh", PROGRAM, "0755", PERSON)
    description = {
        "executable": "worker.sh",
        "arguments": host,
        "should_transfer_files": "YES",
        "output": "out",
        "error": "err",
        "log": "log",
        "request_memory": 64,
        "request_disk": 10240,
        "requirements": f"{only_on(host)} && {requirements}",
    }
    pool.submit(PERSON, directory, description)
    pool.wait_for_jobs(directory, 180)
    assert pool.ssh(pool.access_point, f"cat {directory}/err") == ""
    lines = pool.ssh(pool.access_point, f"cat {directory}/out").splitlines()
    return {name: value for name, _blank, value in (line.partition(" ") for line in lines)}


@pytest.fixture(scope="module", params=WORKERS)
def told(request: pytest.FixtureRequest, pool: Pool) -> tuple[str, dict[str, str]]:
    """Give a worker, and what a job that requires its client told there."""
    pool.ssh("head1", f"echo 1.0 > {APP}/software")
    host = request.param
    client = 'HasOSGClient && OSGClient == "Debian" && versionGE(CACertsVersion, "1.100")'
    return host, run_job(pool, host, client)


def test_a_job_finds_the_commands_and_can_use_them(told: tuple[str, dict[str, str]]) -> None:
    _host, found = told
    assert all(found[name] == f"/usr/bin/{name}" for name in COMMANDS), found
    assert found["account"].startswith("slot1_"), "no ordinary user ran it"
    assert found["copied"] == "something"
    assert found["voms"]
    assert found["xrootd"]


def test_a_job_finds_its_environment_and_so_does_a_login_shell(pool: Pool, told: tuple[str, dict[str, str]]) -> None:
    host, found = told
    wanted = environment(host)
    assert {name: found[name] for name in wanted} == wanted
    shell = pool.ssh(host, f"su --login {PERSON} --command printenv").splitlines()
    assert {line for line in shell if line.split("=")[0] in wanted} == {f"{n}={v}" for n, v in wanted.items()}
    assert pool.ssh(host, f"sh -c '. {wanted['OSG_GRID']}/setup.sh; echo $OSG_WN_TMP'").strip() == WORKERS[host]


def test_a_job_finds_the_certificates(pool: Pool, told: tuple[str, dict[str, str]]) -> None:
    host, found = told
    assert int(found["authorities"]) > 50
    one = pool.ssh(host, f"ls {AUTHORITIES}/*.0").split()[0]
    assert one in pool.ssh(host, f"openssl verify -CApath {AUTHORITIES} -partial_chain {one}")


def test_a_job_has_temporary_files_of_its_own(pool: Pool, told: tuple[str, dict[str, str]]) -> None:
    host, found = told
    assert found["scratch"] == f"{WORKERS[host]}/job.{host}"
    assert pool.try_ssh(host, f"ls {WORKERS[host]}/job.{host}").returncode != 0
    assert pool.ssh(host, f"stat --format=%a {WORKERS[host]}").strip() == "1777"
    private = pool.ssh(host, "condor_config_val MOUNT_UNDER_SCRATCH").strip().strip('"').split(",")
    assert private == list(dict.fromkeys(["/tmp", "/var/tmp", WORKERS[host]]))


def test_a_job_reads_software_and_leaves_data(pool: Pool, told: tuple[str, dict[str, str]]) -> None:
    host, found = told
    assert found["software"] == "1.0"
    assert found["app"] in ("Read-only file system", "Permission denied")
    assert found["data"] == ""
    assert pool.ssh("head1", f"cat {DATA}/job.{host}").strip() == host


def test_nobody_changes_software_on_a_worker_or_takes_the_data_of_others(pool: Pool) -> None:
    assert pool.ssh("head1", MODES).splitlines() == ["755 root root", "1777 root root"]
    pool.ssh("head1", f"echo mine > {DATA}/roots; chmod 0644 {DATA}/roots")
    for host in WORKERS:
        assert pool.ssh(host, MODES).splitlines() == ["755 root root", "1777 root root"]
        for command in (f"touch {APP}/x", f"rm {APP}/software", f"chmod 1777 {APP}", f"rmdir {APP}"):
            refused = pool.try_ssh(host, command)
            assert refused.returncode != 0, command
            assert "Read-only file system" in refused.stderr or "busy" in refused.stderr, refused.stderr
        assert pool.try_ssh(host, f"runuser -u {PERSON} -- rm -f {DATA}/roots").returncode != 0
        assert pool.ssh(host, f"cat {DATA}/roots").strip() == "mine"


def test_software_stays_read_only_when_the_mount_below_it_dies(pool: Pool) -> None:
    host = next(iter(WORKERS))
    for end in ("pkill --signal KILL --exact ceph-fuse", "systemctl restart cephfs.service"):
        pool.ssh(host, end)
        mounted = f"mountpoint --quiet {APP} && ls {APP}/software"
        pool.wait_until("mounted again", host, mounted, 60)
        assert "Read-only file system" in pool.try_ssh(host, f"touch {APP}/x").stderr, end


def test_the_pool_knows_what_its_workers_have(pool: Pool) -> None:
    pool.wait_for_machines()
    names = {"XrootdClientVersion": "xrootd-client", "VomsClientsVersion": "voms-clients"}
    for host in WORKERS:
        [ad] = pool.ads(f"condor_status -constraint 'PartitionableSlot && {only_on(host)}'")
        assert (ad["HasOSGClient"], ad["OSGClient"], ad["OSGClientVersion"]) == (True, "Debian", "13")
        assert ad["HasCVMFS"] is False
        for attribute, package in names.items():
            installed = pool.ssh(host, f"dpkg-query --show --showformat='${{Version}}' {package}")
            assert installed.startswith(ad[attribute]), attribute
    assert not pool.ads("condor_status -constraint 'HasOSGClient && versionGE(CACertsVersion, \"99\")'")
    assert not pool.ads("condor_status -constraint HasCVMFS")


def test_lists_of_revoked_certificates_are_fetched_by_a_timer(pool: Pool) -> None:
    for host in WORKERS:
        assert pool.ssh(host, "systemctl is-active fetch-crl.timer; systemctl is-enabled fetch-crl.timer").split() == [
            "active",
            "enabled",
        ]
        assert "fetch-crl.service" in pool.ssh(host, "systemctl list-timers --all fetch-crl.timer")


def test_a_list_of_revoked_certificates_comes_where_there_is_a_route_to_its_authority(pool: Pool) -> None:
    host = next(iter(WORKERS))
    try:
        name = f"{AUTHORITIES}/{pool.ssh('head1', AUTHORITY).split()[-1]}"
        address = pool.ssh("head1", "hostname -I").split()[0]
        pool.rewrite(host, f"{name}.0", pool.ssh("head1", "cat /root/authority/certificate"))
        pool.rewrite(host, f"{name}.crl_url", f"http://{address}:8099/list")
        pool.ssh(host, "systemctl start --wait fetch-crl.service", timeout=180)
        assert "X509 CRL" in pool.ssh(host, f"cat {name}.r0")
        report = pool.play("verify.yml").output
        for words in ("has the client, CA certificates and the environment", "a job can use what OSG's jobs expect"):
            assert re.search(rf"workers +{words} +ok +2 of 2 hosts", report), report[-3000:]
        assert re.search("workers +has lists of revoked certificates +ok +1 of 2 hosts", report)
        assert "worker2: skipped: the timer runs, but none has come yet" in report
    finally:
        pool.ssh("head1", "systemctl stop sitewright-crl; rm -rf /root/authority")
        pool.ssh(host, f"rm -f {name}.* {AUTHORITIES}/*.r0")


def test_a_change_reaches_running_hosts_without_a_restart(pool: Pool) -> None:
    """The environment follows by a reconfig, and a run without the phase of the workers takes nothing away."""
    before = pool.daemons_since()
    host = next(iter(WORKERS))
    change = ("-e", json.dumps({"osg_environment": {"OSG_SITE_NAME": 'It\'s $1 "lab"'}}))
    expected = pool.play("site.yml", "--check", "--limit", host, *change)
    play = pool.play("site.yml", "--limit", host, *change)
    assert expected.changed == {host: 2}
    assert play.changed == {host: 3}, "the files, the knobs, and a reconfig"
    directory = pool.make_directory(PERSON, "environment")
    description = {
        "executable": "/usr/bin/printenv",
        "transfer_executable": "false",
        "arguments": "OSG_SITE_NAME",
        "output": "out",
        "log": "log",
        "requirements": only_on(host),
        "request_memory": 64,
        "request_disk": 1024,
    }
    pool.submit(PERSON, directory, description)
    pool.wait_for_jobs(directory, 120)
    assert pool.ssh(pool.access_point, f"cat {directory}/out") == 'It\'s $1 "lab"\n'
    assert pool.ssh(host, f"su --login {PERSON} --command 'printenv OSG_SITE_NAME'") == 'It\'s $1 "lab"\n'
    assert not pool.play("batch.yml", "--limit", host, *change).changed
    pool.play("site.yml", "--limit", host)
    assert pool.daemons_since() == before


def test_a_run_changes_nothing(pool: Pool) -> None:
    assert not pool.play("site.yml").changed
