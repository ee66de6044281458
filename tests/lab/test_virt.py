# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Batch jobs that boot virtual machines on a node of the virt queue, however they end, and whoever wrote them."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shlex
import tarfile
import typing as t
from io import BytesIO
from pathlib import Path

import pytest
from ansible_collections.sitewright.grid.plugins.module_utils._domain_xml import (
    Disk,
    Guest,
    make_guest,
    parse_domain,
    render_domain,
)
from guests import HANG, REST, SLEEP, make_image
from lab import ROOT, Lab, edit_inventory
from pool import Pool, only_on

INVENTORY = Path(__file__).parent / "inventories" / "virt"
HEAD, NODE = "vhead1", "virt1"
PEOPLE = {"anna": 2001, "ben": 2002}
IMAGE = "/var/lib/grid-vm/images/debian-13"
EXECUTE = "/var/lib/condor/execute"
# Of HTCondor's jobs a sandbox has to be gone as well.
REST_OF_JOBS = f"ls -d {EXECUTE}/dir_* 2>/dev/null ; {REST}"
UNIVERSE = "virsh --connect qemu:///system list --all --name | grep ."  # prints the domains of the VM universe
DOMAINS = ROOT / "tests" / "unit" / "plugins" / "module_utils" / "domains"
JOB = {
    "executable": "/usr/local/bin/grid-vm-run",
    "transfer_executable": "false",
    "transfer_output_files": "output",
    "+RequiresVirtualization": "True",
    "request_cpus": 1,
    "request_memory": 448,
    "request_disk": "1G",
    "output": "console",
    "error": "messages",
    "log": "log",
}
PANIC = "#!/bin/sh\necho c >/proc/sysrq-trigger\n"
CODE = """#!/bin/sh
sha256sum ../token 2>/dev/null | cut -c 1-64 >../output/token
ln -s /etc/passwd ../output/link
exit 7
"""


class Virt(Pool):
    """The pool, and its node of the virt queue."""

    def send(self, host: str, files: dict[str, str | bytes], directory: str, owner: str) -> None:
        """Write files into a directory of a host."""
        archive = BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            for name, content in files.items():
                data = content if isinstance(content, bytes) else content.encode()
                info = tarfile.TarInfo(name)
                info.size, info.mode = len(data), 0o755 if data.startswith(b"#!") else 0o644
                tar.addfile(info, BytesIO(data))
        self.ssh(host, f"install -d -o {owner} {directory}")
        words = archive.getvalue().hex()
        script = "import sys; sys.stdout.buffer.write(bytes.fromhex(sys.stdin.read()))"
        for start in range(0, len(words), 100_000):
            self.ssh(host, f"echo -n {words[start : start + 100_000]} >>/tmp/sent")
        unpack = f"python3 -c {shlex.quote(script)} </tmp/sent | tar --extract --no-same-owner --directory {directory}"
        self.ssh(host, f"{unpack}; rm /tmp/sent; chown -R {owner}: {directory}")

    def boot(self, person: str, name: str, script: str, words: str = "", **more: t.Any) -> tuple[str, str]:
        """Submit a job whose guest runs a script; return its directory and the number of its cluster."""
        directory = self.make_directory(person, name)
        self.rewrite(HEAD, f"{directory}/script", script, "0755", person)
        files = ", ".join(["script", *more.pop("files", [])])
        arguments = f"--image debian-13 {words} -- script"
        job = {**JOB, "arguments": arguments, "transfer_input_files": files, **more}
        return directory, self.submit(person, directory, job)

    def wait_for_guests(self, count: int, timeout: int = 180) -> None:
        """Wait until so many guests have come up on the node."""
        up = f"grep --files-with-matches 'guest: up' {EXECUTE}/dir_*/_condor_stdout | wc -l"
        self.wait_until(f"running {count} guests", NODE, f"[ $({up}) = {count} ]", timeout)

    def launcher_of(self, cluster: str) -> str:
        """Return the process of a job's launcher on the node: the first one, for it has another that cleans up."""
        found = self.ssh(
            NODE,
            f"for d in {EXECUTE}/dir_*; do grep --quiet '^ClusterId = {cluster}$' $d/.job.ad && "
            "for p in $(pgrep --full '^[^ ]*python3 /usr/local/bin/grid-vm-run'); do "
            '[ "$(readlink /proc/$p/cwd)" = $d ] && echo $p; done; done; true',
        ).split()
        return min(found, key=int)

    def read(self, directory: str) -> tuple[str, str]:
        """Return the console and the messages of a job."""
        return self.ssh(HEAD, f"cat {directory}/console"), self.ssh(HEAD, f"cat {directory}/messages")

    def assert_nothing_is_left(self, timeout: int = 60) -> None:
        self.wait_until("rid of the jobs", NODE, f'[ -z "$({REST_OF_JOBS})" ]', timeout)

    def launch(self, person: str, words: str, directory: str = "/home/anna/direct") -> tuple[int, str]:
        """Run the launcher on the node without a batch system; return its exit code and messages."""
        command = f"cd {directory} && rm -rf output && exec grid-vm-run {words} 2>&1"
        done = self.try_ssh(NODE, f"runuser -u {person} -- sh -c {shlex.quote(command)}", 300)
        return done.returncode, done.stdout


@pytest.fixture(scope="module")
def image() -> dict[str, str]:
    lab = Lab(INVENTORY)
    lab.create()
    return make_image(lab, NODE)


@pytest.fixture(scope="module")
def virt(image: dict[str, str]) -> Virt:
    """The site, with the image in the node's cache."""
    virt = Virt(INVENTORY)
    virt.play("batch.yml", "-e", json.dumps({"kvm_host_images": [image]}))
    virt.add_people(PEOPLE)
    virt.wait_for_machines()
    return virt


def test_a_second_run_changes_nothing(virt: Virt, image: dict[str, str]) -> None:
    words = ("-e", json.dumps({"kvm_host_images": [image]}))
    assert not virt.play("batch.yml", *words, "--check").changed
    assert not virt.play("batch.yml", *words).changed


def test_more_memory_than_the_node_has_is_refused(virt: Virt, image: dict[str, str]) -> None:
    words = json.dumps({"kvm_host_images": [image], "virt_queue_guest_memory": 10**6})
    play = virt.play("virt.yml", "-e", words, rc=2)
    assert "(4) times virt_queue_guest_memory (1000000 MiB) is above the host's memory" in " ".join(play.output.split())
    assert not play.changed


def test_the_probe_tells_that_kvm_is_there_and_does_not_work(virt: Virt) -> None:
    node = json.loads(virt.ssh(NODE, "cat /var/lib/grid-vm/node.json"))
    assert virt.ssh(NODE, "stat --format '%F %G %a' /dev/kvm").strip() == "character special file kvm 660"
    assert (node["kvm"]["works"], node["accelerator"]) == (False, "tcg")
    assert "has not ended within 5 s" in node["kvm"]["reason"]
    ad = virt.ads(f"condor_status -constraint 'regexp(\"^{NODE}\", Machine)'")[0]
    assert (ad["CAN_RUN_VIRTUAL_MACHINE"], ad["GridVmAccelerator"]) == (True, "tcg")
    assert ad["GridVmReason"] == node["kvm"]["reason"]
    assert "CAN_RUN_VIRTUAL_MACHINE" not in virt.ads(f"condor_status -constraint 'regexp(\"^{HEAD}\", Machine)'")[0]


def test_the_documented_job(virt: Virt) -> None:
    directory = virt.make_directory("anna", "documented")
    examples = ROOT / "docs" / "examples" / "virt"
    files: dict[str, str | bytes] = {path.name: path.read_text() for path in sorted(examples.iterdir())}
    virt.send(HEAD, {**files, "input.txt": "the quick brown fox jumps over the lazy dog\n"}, directory, "anna")
    virt.ssh(HEAD, f"cd {directory} && runuser -u anna -- condor_submit job.sub")
    virt.wait_for_jobs(directory, 180)
    console, messages = virt.read(directory)
    assert "counted 8 words" in console, console + messages
    assert "the guest ended with 0" in messages
    assert virt.ssh(HEAD, f"head -n 1 {directory}/output/words").split() == ["2", "the"]
    sums = virt.ssh(HEAD, f"cd {directory} && sha256sum input.txt && cat output/checksum").splitlines()
    assert sums[0] == sums[1]
    virt.assert_nothing_is_left()


def test_the_guests_exit_code_and_its_token(virt: Virt) -> None:
    rights = "-authz ADVERTISE_STARTD -authz ADVERTISE_MASTER -authz READ"
    make = f"condor_token_create -identity vm-1@virt -lifetime 600 {rights}"
    directory = virt.make_directory("anna", "code")
    virt.ssh(HEAD, f"{make} >{directory}.token && install -o anna -m 600 {directory}.token /home/anna/token")
    directory, cluster = virt.boot(
        "anna", "code", CODE, "--token token", files=["/home/anna/token"], transfer_output_remaps='""'
    )
    virt.wait_for_jobs(directory, 180)
    _console, messages = virt.read(directory)
    assert virt.job(cluster)["ExitCode"] == 7, messages
    assert "left out of the output, for they are neither files nor directories: link" in messages
    sums = virt.ssh(HEAD, f"sha256sum </home/anna/token; cat {directory}/output/token; ls {directory}/output").split()
    assert (sums[0], sums[3:]) == (sums[2], ["token"])
    assert virt.ssh(HEAD, "cat /home/anna/token").strip() not in _console + messages


def test_jobs_land_where_they_belong(virt: Virt) -> None:
    directory = virt.make_directory("ben", "plain")
    job = {"executable": "/bin/sh", "transfer_executable": "false", "arguments": "-c hostname", "log": "log"}
    job["should_transfer_files"] = "YES"
    virt.submit("ben", directory, {**job, "output": "$(Process).out", "request_memory": 16}, "10")
    # One that asks for a guest, and for the one host that has none.
    lost = virt.make_directory("ben", "lost")
    wish = {**job, "+RequiresVirtualization": "True", "requirements": only_on(HEAD)}
    cluster = virt.submit("ben", lost, wish)
    virt.wait_for_jobs(directory, 180)
    assert set(virt.ssh(HEAD, f"cat {directory}/*.out").split()) == {HEAD}
    assert virt.job(cluster)["JobStatus"] == 1
    assert "CAN_RUN_VIRTUAL_MACHINE" in virt.job(cluster)["Requirements"]
    virt.ssh(HEAD, f"condor_rm {cluster}")


def test_guests_of_two_users_end_in_all_ways_and_the_fifth_waits(virt: Virt) -> None:
    """Four at once: removed, killed, panicked, out of time; nothing is left of any, and a fifth runs then."""
    removed = virt.boot("anna", "removed", SLEEP)
    killed = virt.boot("ben", "killed", HANG)
    hung = virt.boot("anna", "hung", HANG, "--walltime 100 --grace 3")
    sleeping = virt.boot("ben", "sleeping", SLEEP, "--walltime 100")
    virt.wait_for_guests(4)
    panicked = virt.boot("anna", "panicked", PANIC)
    virt.ssh(HEAD, "condor_reschedule")

    # Names, disks and consoles are of one job each, and nobody sees another's.
    looks = "for p in $(pgrep qemu-system); do tr '\\0' '\\n' </proc/$p/cmdline; done"
    arguments = virt.ssh(NODE, looks).splitlines()
    names = [word for word in arguments if word.startswith("guest=job-")]
    files = re.findall(rf"{EXECUTE}/dir_\d+/vm-[\w.-]+/(?:overlay|job)\b", " ".join(arguments))
    assert len(names) == len(set(names)) == 4
    assert len(set(files)) == 8
    owners = virt.ssh(NODE, "for p in $(pgrep qemu-system); do stat --format %U /proc/$p; done").split()
    assert len(set(owners)) == 4
    one, other = (f"{EXECUTE}/{name}" for name in virt.ssh(NODE, f"ls {EXECUTE}").split()[:2])
    thief = virt.ssh(NODE, f"stat --format %U {one}").strip()
    for attempt in (
        f"ls {other}/vm*",
        f"cat {other}/vm*/console",
        f"virsh --connect 'qemu+unix:///session?socket={other}/vm1/r/libvirt/libvirt-sock' list",
        f"kill -9 $(pgrep --uid $(stat --format %U {other}) qemu-system)",
    ):
        assert virt.try_ssh(NODE, f"runuser -u {thief} -- sh -c {shlex.quote(attempt)}").returncode != 0, attempt
    assert virt.ssh(NODE, "pgrep --count qemu-system").strip() == "4"
    # The queue's bound holds the fifth back.
    assert virt.job(panicked[1])["JobStatus"] == 1

    virt.ssh(HEAD, f"condor_rm {removed[1]}")
    virt.ssh(NODE, f"kill -9 {virt.launcher_of(killed[1])}")
    for directory, _cluster in (killed, hung, sleeping, panicked):
        virt.wait_for_jobs(directory, 240)
    virt.assert_nothing_is_left()

    assert virt.job(removed[1])["JobStatus"] == 3
    assert virt.job(killed[1])["ExitBySignal"] is True
    assert virt.job(hung[1])["ExitCode"] == 124
    assert virt.job(sleeping[1])["ExitCode"] == 124
    assert "guest: power button" in virt.read(sleeping[0])[0]
    assert virt.job(panicked[1])["ExitCode"] == 123
    console, messages = virt.read(panicked[0])
    assert "Kernel panic - not syncing" in console
    assert "The guest's kernel panicked." in messages


def test_a_job_that_is_told_to_end_powers_its_guest_off(virt: Virt) -> None:
    """On the node itself, for HTCondor tells nobody of the exit code of a job that it removes."""
    virt.send(NODE, {"script": SLEEP}, "/home/anna/direct", "anna")
    start = "cd /home/anna/direct && rm -rf output && exec grid-vm-run --image debian-13 -- script >console 2>messages"
    wait = "until grep -q 'guest: up' /home/anna/direct/console; do sleep 1; done"
    script = (
        f"runuser -u anna -- sh -c {shlex.quote(start)} & {wait}; "
        "kill -TERM $(pgrep --uid anna --full --oldest 'grid-vm-run --image'); wait $!; echo $?"
    )
    assert virt.ssh(NODE, script, 240).strip() == str(128 + 15)
    assert "guest: power button" in virt.ssh(NODE, "cat /home/anna/direct/console")
    virt.assert_nothing_is_left()


def test_what_is_refused_before_anything_boots(virt: Virt, image: dict[str, str]) -> None:
    hostile = (DOMAINS / "smallest.xml").read_text().replace("</devices>", "<hostdev mode='subsystem'/></devices>")
    entity = "<!DOCTYPE domain [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><domain>&x;</domain>"
    virt.send(NODE, {"script": SLEEP, "hostile.xml": hostile, "entity.xml": entity}, "/home/anna/direct", "anna")
    virt.ssh(
        NODE,
        "cd /home/anna/direct && head -c 5000000 /srv/guest/image.qcow2 >cut.qcow2 && echo no image >text && "
        "head -c 20000000 /dev/urandom >large && "
        "qemu-img create -q -f qcow2 -b /etc/shadow -F raw overlay.qcow2 1M && "
        f"ln -sf {IMAGE} link && chown -R anna: .",
    )
    for words, code, says in (
        (f"--image debian-13 --checksum sha256:{'0' * 64} -- script", 121, "has the checksum sha256:"),
        (f"--image link --checksum {image['checksum']} --accelerator kvm -- script", 122, "has not ended within 5 s"),
        ("--image cut.qcow2 -- script", 121, "is damaged or truncated"),
        ("--image text -- script", 121, "no whole number of sectors: is it truncated"),
        ("--image overlay.qcow2 -- script", 121, "is an overlay of /etc/shadow"),
        ("--image /dev/kvm -- script", 121, "is no file"),
        ("--image /etc/shadow -- script", 121, "Could not open"),
        ("--image gone -- script", 121, "No such file"),
        (f"--image file:///gone --checksum sha256:{'0' * 64} -- script", 121, "cannot be fetched"),
        ("--image https://192.0.2.1/x -- script", 121, "needs a --checksum"),
        ("--image debian-13 --domain hostile.xml -- script", 121, "<hostdev> passes a device of its host through"),
        ("--image debian-13 --domain entity.xml -- script", 121, "has a document type"),
        ("--image debian-13 --vcpus 100000 -- script", 121, "--vcpus 100000: the job has 1 CPUs"),
        ("--image debian-13 --memory 100000000 -- script", 121, "--memory 100000000: the job has 768 MiB"),
        ("--image debian-13 --disk-size 16 --input large -- script", 121, "do not fit on a disk of 16"),
        ("--image debian-13 --scratch /root -- script", 122, "no directory can be made there"),
    ):
        rc, messages = virt.launch("anna", words)
        assert (rc, says in messages) == (code, True), f"{words}: {rc}: {messages}"
    assert virt.launch("root", "--image debian-13 -- script")[0] == 121
    virt.assert_nothing_is_left()


def test_libvirt_accepts_every_domain(virt: Virt, tmp_path: Path) -> None:
    """Each domain of the unit tests, made a guest's, is validated by libvirt's schema and defined by its driver."""
    files: dict[str, str | bytes] = {}
    for accelerator in ("kvm", "tcg"):
        for path in sorted(DOMAINS.glob("*.xml")):
            document = parse_domain(path.read_text())
            overlay, disk = Disk("/tmp/overlay", "qcow2"), Disk("/tmp/job", "raw")
            uuid = f"0f8fad5b-d9cb-469f-a165-{len(files):012d}"
            make_guest(document, Guest(f"job-{len(files)}", uuid, 2, 512, accelerator, overlay, disk, "/tmp/console"))
            files[f"{accelerator}-{path.stem}.xml"] = render_domain(document)
    virt.send(NODE, files, "/home/anna/domains", "anna")
    script = (
        "cd /home/anna/domains; export XDG_RUNTIME_DIR=$PWD/r XDG_CONFIG_HOME=$PWD/c XDG_CACHE_HOME=$PWD/k; "
        "mkdir -p -m 700 r; libvirtd & trap 'kill %1; wait' EXIT; "
        "until [ -e r/libvirt/libvirt-sock ]; do sleep 0.2; done; "
        "for f in *.xml; do virt-xml-validate $f domain >log 2>&1 || { echo $f; cat log; }; done; "
        "for f in tcg*.xml; do echo define --validate $f; done | virsh -c qemu:///session 2>&1 | grep -A 3 error; true"
    )
    said = virt.ssh(NODE, f"runuser -u anna -- bash -c {shlex.quote(script)} 2>/dev/null", 300)
    defined = virt.ssh(NODE, "ls /home/anna/domains/c/libvirt/qemu/*.xml | wc -l; rm -r /home/anna/domains").strip()
    assert (said, int(defined)) == ("", len(files) // 2)


def test_the_granted_access_makes_nobody_root(virt: Virt) -> None:
    """A job that boots no guest, but tries what the node gives it."""
    attempts = {
        "system": "virsh --connect qemu:///system list",
        "image": f"dd if=/dev/zero of={IMAGE} count=1",
        "cache": "touch /var/lib/grid-vm/images/.x.new",
        "verdict": "echo >/var/lib/grid-vm/node.json",
        "launcher": "echo >/usr/local/bin/grid-vm-run",
        "hooks": "mkdir -p /etc/libvirt/hooks && echo >/etc/libvirt/hooks/qemu",
        "socket": "virsh --connect 'qemu+unix:///system?socket=/run/libvirt/libvirt-sock' define /dev/stdin",
        "disks": "head -c 1 /dev/vda",
    }
    lines = [f"if ({command}) >/dev/null 2>&1; then echo reached {name}; fi" for name, command in attempts.items()]
    directory = virt.make_directory("ben", "access")
    virt.rewrite(HEAD, f"{directory}/try", "\n".join(["#!/bin/sh", "id", *lines]), "0755", "ben")
    assert virt.ssh(NODE, "systemctl is-active libvirtd.socket").strip() == "active"
    job = {"executable": "try", "output": "out", "error": "err", "log": "log", "+RequiresVirtualization": "True"}
    virt.submit("ben", directory, job)
    virt.wait_for_jobs(directory, 120)
    said = virt.ssh(HEAD, f"cat {directory}/out")
    assert "reached" not in said, said
    assert set(re.findall(r"\(([a-z0-9_]+)\)", said.partition("groups=")[2])) - {"kvm"} == {
        re.findall(r"uid=\d+\((\w+)\)", said)[0]
    }
    virt.ssh(NODE, f"ls {IMAGE} /usr/local/bin/grid-vm-run")


def test_links_in_scratch_lead_nowhere(virt: Virt) -> None:
    """The output is a link to a file of root's; the launcher has no more rights than its user."""
    virt.send(NODE, {"script": SLEEP}, "/home/anna/direct", "anna")
    virt.ssh(NODE, "cd /home/anna/direct && ln -sfn /etc trap && chown -h anna: trap")
    rc, messages = virt.launch("anna", "--image debian-13 --output trap/sub -- script")
    assert (rc, "Permission denied" in messages) == (121, True), messages
    assert virt.ssh(NODE, "ls -d /etc/sub 2>&1; true").startswith("ls:")


def test_a_broken_image_never_replaces_a_good_one(virt: Virt, image: dict[str, str]) -> None:
    before = virt.ssh(NODE, f"stat --format '%i %Y' {IMAGE}")
    broken = [{**image, "checksum": f"sha256:{'0' * 64}"}]
    play = virt.play("virt.yml", "--limit", NODE, "-e", json.dumps({"kvm_host_images": broken}), rc=2)
    assert "What was there before is left as it was." in " ".join(play.output.split())
    assert virt.ssh(NODE, f"stat --format '%i %Y' {IMAGE}") == before
    assert virt.ssh(NODE, "ls -A /var/lib/grid-vm/images").split() == [".debian-13.seal", "debian-13"]


def submit_machine(virt: Virt, name: str, disk: bytes | None = None) -> tuple[str, str]:
    """Submit the documented job of the VM universe, from another disk if one is given; return directory and cluster."""
    run = "cd input && sha256sum data | cut -c 1-64 >../output/checksum; sleep 15; exit 7\n"
    make = (
        f"mkdir -p tree/input tree/output && printf %s {shlex.quote(run)} >tree/run && echo data >tree/input/data && "
        "truncate --size=16M job.img && /usr/sbin/mke2fs -q -t ext3 -L GRIDJOB -d tree job.img"
    )
    serve = "systemd-run -q --collect --unit=images python3 -m http.server -d /srv/guest 8000"
    fetch = "import urllib.request as r; r.urlretrieve('http://198.51.100.72:8000/image.qcow2', 'disk.qcow2')"
    directory = virt.make_directory("anna", name)
    files: dict[str, str | bytes] = {"universe.sub": (ROOT / "docs" / "examples" / "virt" / "universe.sub").read_text()}
    if disk is None:
        virt.ssh(NODE, f"systemctl is-active --quiet images || {serve}; sleep 1")
        virt.ssh(HEAD, f"cd {directory} && python3 -c {shlex.quote(fetch)}")
    else:
        files["disk.qcow2"] = disk
    virt.send(HEAD, files, directory, "anna")
    virt.ssh(HEAD, f"cd {directory} && {make} && chown -R anna: .")
    printed = virt.ssh(HEAD, f"cd {directory} && runuser -u anna -- condor_submit -terse universe.sub")
    return directory, printed.split(".")[0]


def test_the_vm_universe(virt: Virt) -> None:
    """HTCondor's own way: the guest's disks come back, and QEMU is the job's."""
    directory, _cluster = submit_machine(virt, "universe")
    virt.wait_until("running it", NODE, "pgrep qemu-system", 120)
    assert re.fullmatch(r"slot1_\d+", virt.ssh(NODE, "ps -o user:20= -C qemu-system-x86_64").strip())
    virt.wait_for_jobs(directory, 240)
    read = f"cd {directory} && /usr/sbin/debugfs job.img 2>/dev/null -R"
    assert virt.ssh(HEAD, f"{read} 'cat exit-code'").strip() == "7"
    assert virt.ssh(HEAD, f"{read} 'cat output/checksum'").strip() == hashlib.sha256(b"data\n").hexdigest()
    virt.assert_nothing_is_left()
    assert virt.try_ssh(NODE, UNIVERSE).returncode == 1


@pytest.mark.soak
def test_a_machine_that_is_removed_and_one_that_is_refused(virt: Virt) -> None:
    _directory, cluster = submit_machine(virt, "removed")
    virt.wait_until("running it", NODE, "pgrep qemu-system", 120)
    virt.ssh(HEAD, f"condor_rm {cluster}")
    virt.assert_nothing_is_left(240)  # HTCondor asks after its machines every half minute
    assert virt.try_ssh(NODE, UNIVERSE).returncode == 1

    # An overlay of a file of the host. The node has no VM universe for a while.
    virt.ssh(NODE, "echo secret >/root/secret; chmod 600 /root/secret")
    make = "qemu-img create -q -u -f qcow2 -F raw -b /root/secret /tmp/overlay 1M"
    overlay = virt.ssh(NODE, f"{make} && base64 -w 0 /tmp/overlay; rm /tmp/overlay")
    directory, cluster = submit_machine(virt, "overlay", base64.b64decode(overlay))
    virt.wait_until("told", HEAD, f"grep VMGAHP_ERR_INTERNAL {directory}/log", 120)
    assert virt.ssh(NODE, "stat -c '%U %a' /root/secret && cat /root/secret") == "root 600\nsecret\n"
    virt.ssh(HEAD, f"condor_rm {cluster}")
    has_one = f"condor_status -af Machine HasVM | grep '^{NODE}.*true'"
    virt.wait_until("having the VM universe again", HEAD, has_one, 240)
    virt.assert_nothing_is_left()


def test_many_jobs_and_a_restart(virt: Virt, soak: bool) -> None:
    """All jobs come back; one whose node restarts runs again, and nothing is left."""
    many = range(20 if soak else 2)
    clusters = [virt.boot("anna", f"many{number}", CODE, transfer_output_remaps='""') for number in many]
    for directory, cluster in clusters:
        virt.wait_for_jobs(directory, 900)
        assert virt.job(cluster)["ExitCode"] == 7
    directory, cluster = virt.boot("anna", "restarted", "#!/bin/sh\nsleep 30\nexit 7\n")
    virt.wait_for_guests(1)
    virt.restart([NODE])
    virt.wait_for_jobs(directory, 900)
    assert virt.job(cluster)["ExitCode"] == 7
    virt.assert_nothing_is_left()


def test_no_guest_has_written_to_the_image(virt: Virt, image: dict[str, str]) -> None:
    assert virt.ssh(NODE, f"sha256sum {IMAGE}").split()[0] == image["checksum"].partition(":")[2]


def test_verify_boots_a_guest_and_tells_where_none_boots(virt: Virt) -> None:
    said = " ".join(virt.play("verify.yml").output.split())
    assert re.search("a job boots a virtual machine.*ok", said), said
    virt.ssh(NODE, "mv /usr/bin/qemu-system-x86_64 /root/")
    try:
        said = virt.play("verify.yml", rc=2).output
    finally:
        virt.ssh(NODE, "mv /root/qemu-system-x86_64 /usr/bin/")
    assert re.search(f"a job boots a virtual machine +FAILED.*\\n +{NODE}: failed: .*No emulator found", said), said
    virt.assert_nothing_is_left()


@pytest.mark.soak
def test_a_node_retires_when_its_guest_has_ended(virt: Virt, image: dict[str, str], tmp_path: Path) -> None:
    def retire(inventory: dict[str, t.Any]) -> None:
        inventory["retiring"] = {"hosts": {NODE: None}}

    images = ("-e", json.dumps({"kvm_host_images": [image]}))
    leaving = edit_inventory(INVENTORY, tmp_path, retire)
    directory, cluster = virt.boot("anna", "last", "#!/bin/sh\nsleep 60; echo done >../output/done\n")
    virt.wait_for_guests(1)
    since = virt.ssh(HEAD, "systemctl show --property=ActiveEnterTimestampMonotonic condor")
    assert set(leaving.play("retire.yml", *images).changed) == {NODE}
    virt.wait_for_jobs(directory, 60)
    assert virt.job(cluster)["ExitCode"] == 0
    assert virt.ssh(HEAD, f"cat {directory}/output/done") == "done\n"
    virt.ssh(NODE, "! ls /usr/local/bin/grid-vm-run /var/lib/grid-vm /etc/condor/config.d/50-sitewright.conf")
    assert virt.machines() == [HEAD]
    assert not leaving.play("retire.yml", *images).changed
    assert not leaving.play("batch.yml", *images).changed
    assert virt.ssh(HEAD, "systemctl show --property=ActiveEnterTimestampMonotonic condor") == since
    # Its lines are back: so is the node.
    assert set(virt.play("batch.yml", *images).changed) == {NODE}
    virt.wait_for_machines()


def test_what_was_made_is_taken_away(virt: Virt) -> None:
    virt.play("purge.yml", "-e", "purge_site=virt")
    left = virt.ssh(
        NODE, "ls -d /var/lib/grid-vm /usr/local/bin/grid-vm-run /etc/udev/rules.d/70-grid-kvm.rules 2>/dev/null; true"
    )
    assert left == ""
    virt.destroy()
