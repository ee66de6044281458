# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: what a site promises, and which of it was proven.

verify.yml notes each proof on its host; this compares them with the promises of the site model, so that what was never
tried is not passed over. A product adds its promises by a line in PROMISES.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from xml.etree import ElementTree

from ansible_collections.sitewright.grid.plugins.module_utils._report_parts import show_count
from ansible_collections.sitewright.grid.plugins.module_utils._survey import Names
from ansible_collections.sitewright.grid.plugins.module_utils._virt_queue import queue_nodes
from ansible_collections.sitewright.grid.plugins.module_utils._vm_probe import GREETING

Json = t.Mapping[str, t.Any]
SITE = "(site)"  # in place of a host, where a promise is the site's as a whole
OK, FAILED, SKIPPED = "ok", "failed", "skipped"
NO_JOB = "no job has come back from there"
NO_GUEST = "its job has not come back"
NO_NODE = "it is not in the virt queue: KVM does not work there, or it has left the pool"
NOT_TRIED = "it was not tried: the host was not reached, or the run has ended before"


class Promise(t.NamedTuple):
    """What is promised, by which phase, and on which hosts it is to be proven; for the whole site, by any of them."""

    phase: str
    key: str
    words: str
    hosts: tuple[str, ...]
    of_site: bool = False


@dataclass(frozen=True)
class Proof:
    """What came of a promise on a host."""

    promise: Promise
    host: str
    state: str
    words: str = ""


def promise_storage(site: Json, serving: t.Callable[[str], list[str]]) -> list[Promise]:
    """Return what the Ceph cluster promises."""
    ceph = site.get("ceph")
    if not ceph:
        return []
    clients = tuple(name for name in serving("ceph") if site["hosts"][name]["ceph"].get("client"))
    monitors = tuple(name for name in serving("ceph") if site["hosts"][name]["ceph"].get("mon"))
    promises = [Promise("storage", "cluster", "every daemon serves, and the cluster is healthy", monitors, True)]
    if clients:
        shared = "reads what every client wrote" if ceph["client"]["access"] == "rw" else "cannot write"
        promises.append(Promise("storage", "files", shared, clients))
        if ceph["cephx"]:
            promises.append(Promise("storage", "caps", "its key opens nothing else", clients))
    return promises


def promise_batch(site: Json, serving: t.Callable[[str], list[str]]) -> list[Promise]:
    """Return what the HTCondor pool promises."""
    if not site.get("condor"):
        return []

    def running(daemon: str) -> tuple[str, ...]:
        return tuple(name for name in serving("condor") if daemon in site["hosts"][name]["condor"]["daemons"])

    executes, submits = running("execute"), running("submit")
    promises = [Promise("batch", "pool", "every daemon and execution point is in the pool", running("manager"), True)]
    if submits and executes:
        promises.append(Promise("batch", "submit", "its jobs run on every execution point", submits))
        promises.append(Promise("batch", "jobs", "runs jobs and gives their output back", executes))
        promises.append(Promise("batch", "isolation", "a job has its own directories and account", executes))
    return promises


def promise_workers(site: Json, serving: t.Callable[[str], list[str]]) -> list[Promise]:
    """Return what the workers of OSG promise."""
    workers = {name: site["hosts"][name]["osg"] for name in serving("osg")}
    if not workers:
        return []
    condor = {name: site["hosts"][name]["condor"]["daemons"] for name in serving("condor")}
    expecting = tuple(name for name, osg in workers.items() if osg["expected_origins"])
    fetching = tuple(name for name, osg in workers.items() if osg["worker"]["fetch_crl"])
    jobs = tuple(name for name in workers if "execute" in condor.get(name, ()))
    words = "has the client, CA certificates and the environment"
    promises = [Promise("workers", "client", words, tuple(workers))]
    if fetching:
        promises.append(Promise("workers", "revocations", "has lists of revoked certificates", fetching))
    if expecting:
        promises.append(Promise("workers", "origins", "its packages come from where they are expected", expecting))
    if jobs and any("submit" in daemons for daemons in condor.values()):
        promises.append(Promise("workers", "osg_jobs", "a job can use what OSG's jobs expect", jobs))
    return promises


def promise_guests(site: Json, serving: t.Callable[[str], list[str]]) -> list[Promise]:
    """Return what the virt queue promises."""
    members = set(queue_nodes(site, "htcondor"))
    nodes = tuple(name for name in serving("virt") if name in members)
    return [Promise("virt", "guests", "a job boots a virtual machine", nodes)] if nodes else []


def promise_slurm(site: Json, serving: t.Callable[[str], list[str]]) -> list[Promise]:
    """Return what Slurm promises."""
    slurm = site.get("slurm")
    if not slurm:
        return []
    nodes = tuple(name for name in serving("slurm") if site["hosts"][name]["slurm"]["node"])
    controller = (slurm["controller"]["host"],)
    promises = [Promise("slurm", "slurm", "every node answers the controller", controller, True)]
    if nodes:
        promises.append(Promise("slurm", "slurm_jobs", "runs a job in each of its partitions", nodes))
    return promises


PROMISES = (promise_storage, promise_batch, promise_workers, promise_slurm, promise_guests)


def list_promises(site: Json) -> list[Promise]:
    """Return the promises of a site model; hosts that retire promise nothing."""

    def serving(product: str) -> list[str]:
        return [name for name, host in site["hosts"].items() if host.get(product) and not host["retiring"]]

    return [promise for make in PROMISES for promise in make(site, serving)]


def judge(site: Json, notes: t.Mapping[str, t.Sequence[Json]], tried: t.Collection[str]) -> list[Proof]:
    """Return a proof, or the lack of one, for each promise on each of the hosts that a run was to try.

    notes has, by the host that has noted it, dictionaries with a promise (its key), a state, words, and a host where
    that is another one. Of several notes on one promise and host, the worst counts.
    """
    found: dict[tuple[str, str], Json] = {}
    for noting, some in notes.items():
        for note in some:
            for host in (note.get("host") or noting, SITE):
                key = (note["promise"], host)
                if key not in found or _rank(note) > _rank(found[key]):
                    found[key] = note
    proofs = []
    for promise in list_promises(site):
        among = [host for host in promise.hosts if host in tried]
        for host in ([SITE] if among else []) if promise.of_site else among:
            judged = found.get((promise.key, host), {"state": FAILED, "words": NOT_TRIED})
            proofs.append(Proof(promise, host, judged["state"], " ".join(str(judged.get("words") or "").split())))
    return proofs


def _rank(note: Json) -> int:
    return (OK, SKIPPED, FAILED).index(note["state"])


def render_proofs(site: Json, proofs: t.Sequence[Proof]) -> list[str]:
    """Return the table as lines of text: a line for each promise, and one for each host that does not keep it."""
    kept = sum(proof.state == OK for proof in proofs)
    skipped = sum(proof.state == SKIPPED for proof in proofs)
    words = f"Site {site['name']}: {kept} of {show_count(len(proofs), 'promise')} proven"
    lines = [words + (f", {skipped} not tried" if skipped else ""), ""]
    promises = list(dict.fromkeys(proof.promise for proof in proofs))
    width = max((len(promise.words) for promise in promises), default=0)
    for promise in promises:
        some = [proof for proof in proofs if proof.promise == promise]
        good = sum(proof.state == OK for proof in some)
        hosts = "site" if promise.of_site else f"{good} of {show_count(len(some), 'host')}"
        verdict = "FAILED" if any(proof.state == FAILED for proof in some) else "ok" if good else "not tried"
        lines.append(f"  {promise.phase:<8} {promise.words:<{width}}  {verdict:<9}  {hosts}")
        lines += [f"           {proof.host}: {proof.state}: {proof.words}" for proof in some if proof.state != OK]
    return lines


def render_junit(site: Json, proofs: t.Sequence[Proof]) -> str:
    """Return the proofs in the form of JUnit, which most tools of continuous integration read."""
    root = ElementTree.Element("testsuites", {"name": f"site {site['name']}", **_counts(proofs)})
    for phase in dict.fromkeys(proof.promise.phase for proof in proofs):
        some = [proof for proof in proofs if proof.promise.phase == phase]
        suite = ElementTree.SubElement(root, "testsuite", {"name": phase, **_counts(some)})
        for proof in some:
            name = f"{proof.promise.words} [{proof.host}]"
            case = ElementTree.SubElement(suite, "testcase", classname=f"{site['name']}.{phase}", name=name)
            if proof.state == FAILED:
                ElementTree.SubElement(case, "failure", message=proof.words)
            if proof.state == SKIPPED:
                ElementTree.SubElement(case, "skipped", message=proof.words)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _counts(proofs: t.Sequence[Proof]) -> dict[str, str]:
    return {
        "tests": str(len(proofs)),
        "failures": str(sum(proof.state == FAILED for proof in proofs)),
        "skipped": str(sum(proof.state == SKIPPED for proof in proofs)),
    }


def parse_job_output(lines: t.Iterable[str]) -> dict[str, dict[str, str]]:
    """Return what jobs have written, by the machine that they were for; lines are C(./MACHINE.out:KEY=VALUE)."""
    jobs: dict[str, dict[str, str]] = {}
    for line in lines:
        path, _colon, word = line.partition(":")
        key, _equals, value = word.partition("=")
        machine = path.rpartition("/")[2]
        jobs.setdefault(machine[: -len(".out")] if machine.endswith(".out") else machine, {})[key] = value
    return jobs


def judge_jobs(
    lines: t.Sequence[str], site: Json, machines: t.Sequence[str], draining: t.Sequence[str], checksum: str
) -> list[dict[str, t.Any]]:
    """Return notes on the jobs of an access point: one was to run on each machine, and read input of this checksum."""
    jobs = parse_job_output(lines)
    names = Names(site["hosts"])
    notes = []
    for machine in machines:
        host = names.find(machine) or machine
        notes.append(_note("jobs", host, _check_job(jobs.get(machine), machine, checksum)))
        wishes = ((site["hosts"].get(host) or {}).get("condor") or {}).get("isolation")
        if wishes and machine in jobs:
            notes.append(_note("isolation", host, _check_isolation(jobs[machine], wishes)))
    return notes + _notes_of_draining(("jobs", "isolation"), names, draining)


def judge_worker_jobs(
    lines: t.Sequence[str],
    site: Json,
    machines: t.Sequence[str],
    draining: t.Sequence[str],
    reason: str = NO_JOB,
) -> list[dict[str, t.Any]]:
    """Return notes on the jobs for workers of OSG: one was to run on each machine, and wrote what was wrong there.

    reason tells why one has written nothing.
    """
    jobs = parse_job_output(lines)
    names = Names(site["hosts"])
    notes = []
    for machine in machines:
        job = jobs.get(machine)
        wrong = reason if job is None else job.get("fault", "the job was cut short")
        notes.append(_note("osg_jobs", names.find(machine) or machine, wrong))
    return notes + _notes_of_draining(("osg_jobs",), names, draining)


def judge_guests(
    lines: t.Sequence[str], site: Json, machines: t.Sequence[str], reason: str = ""
) -> list[dict[str, t.Any]]:
    """Return a note for each node of HTCondor's virt queue: a job was to boot a guest on each of these machines.

    Each line has the name of its file in front, C(./MACHINE.out:) or C(./MACHINE.err:). machines are those that say
    that they can boot guests; reason tells why there are no lines at all.
    """
    names = Names(site["hosts"])
    able = {names.find(machine) for machine in machines}
    said: dict[str | None, list[str]] = {}
    booted = set()
    for line in lines:
        path, _colon, words = line.partition(":")
        machine, _dot, kind = path.rpartition("/")[2].rpartition(".")
        host = names.find(machine)
        said.setdefault(host, []).append(words)
        if kind == "out" and words.startswith(GREETING):
            booted.add(host)
    notes = []
    for host in queue_nodes(site, "htcondor"):
        if not site["hosts"][host]["retiring"]:
            wrong = reason or " ".join(said.get(host, ())) or (NO_GUEST if host in able else NO_NODE)
            notes.append(_note("guests", host, "" if host in booted else wrong))
    return notes


def _note(promise: str, host: str, wrong: str) -> dict[str, t.Any]:
    return {"promise": promise, "host": host, "state": FAILED if wrong else OK, "words": wrong}


def _notes_of_draining(promises: t.Sequence[str], names: Names, machines: t.Sequence[str]) -> list[dict[str, t.Any]]:
    words = "it drains, so no job was tried there"
    return [
        {"promise": promise, "host": names.find(machine) or machine, "state": SKIPPED, "words": words}
        for machine in machines
        for promise in promises
    ]


def _check_job(job: t.Mapping[str, str] | None, machine: str, checksum: str) -> str:
    if job is None:
        return NO_JOB
    if job.get("machine") != machine:
        return f"the job has run on {job.get('machine')}"
    return "" if job.get("input") == checksum else "the job has read something else than its input"


def _check_isolation(job: t.Mapping[str, str], wishes: Json) -> str:
    """Return what is wrong with how a job was kept apart, by what it has seen itself."""
    mounts = job.get("mounts", "").split()
    wished = [*wishes["directories"], *wishes["extra_directories"]] if wishes["per_job_namespaces"] else []
    shared = [
        directory
        for directory in wished
        if not any(directory == mount or directory.startswith(f"{mount}/") for mount in mounts if mount in wished)
    ]
    if shared:
        return f"the job shares {', '.join(shared)} with the host"
    account, prefix = job.get("account", ""), wishes["account_prefix"]
    if wishes["users"] == "slot_users" and not account.startswith(prefix):
        return f"the job runs as {account or 'nobody knows whom'}, not as one of {prefix}*"
    return ""
