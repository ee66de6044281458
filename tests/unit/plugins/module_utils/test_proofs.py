# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a site promises, and what counts as proven."""

from __future__ import annotations

import typing as t
from xml.etree import ElementTree

import pytest
from ansible_collections.sitewright.grid.plugins.module_utils._proofs import (
    NOT_TRIED,
    SITE,
    Proof,
    judge,
    judge_jobs,
    judge_worker_jobs,
    render_junit,
    render_proofs,
)

WISHES = {
    "directories": ["/tmp", "/tmp/deep", "/var/tmp"],
    "extra_directories": ["/scratch"],
    "per_job_namespaces": True,
    "users": "slot_users",
    "account_prefix": "slot",
}


def execute(**wishes: t.Any) -> dict[str, t.Any]:
    return {"retiring": False, "ceph": None, "condor": {"daemons": ["execute"], "isolation": {**WISHES, **wishes}}}


MODEL: dict[str, t.Any] = {
    "name": "blueberry",
    "condor": {"managers": ["head1"]},
    "ceph": {"client": {"access": "rw"}, "cephx": True},
    "hosts": {
        "store1": {"retiring": False, "ceph": {"mon": "store1", "client": None}, "condor": None},
        "head1": {
            "retiring": False,
            "ceph": {"client": {"mount": "/cephfs"}},
            "condor": {"daemons": ["manager", "submit"]},
        },
        "worker1": execute(),
        "worker2": execute(users="submitting_user", per_job_namespaces=False),
        "leaving": {**execute(), "retiring": True},
    },
}
TRIED = list(MODEL["hosts"])


def note(promise: str, state: str = "ok", **words: t.Any) -> dict[str, t.Any]:
    return {"promise": promise, "state": state, **words}


ALL = {
    "store1": [note("cluster")],
    "head1": [
        *(note(promise) for promise in ("files", "caps", "pool", "submit")),
        *(note(promise, host=host) for promise in ("jobs", "isolation") for host in ("worker1", "worker2")),
    ],
}


def said(proofs: t.Sequence[Proof]) -> list[tuple[str, str, str, str]]:
    return [(proof.promise.key, proof.host, proof.state, proof.words) for proof in proofs]


def test_all_is_proven() -> None:
    proofs = judge(MODEL, ALL, TRIED)
    assert said(proofs) == [
        ("cluster", SITE, "ok", ""),
        ("files", "head1", "ok", ""),
        ("caps", "head1", "ok", ""),
        ("pool", SITE, "ok", ""),
        ("submit", "head1", "ok", ""),
        ("jobs", "worker1", "ok", ""),
        ("jobs", "worker2", "ok", ""),
        ("isolation", "worker1", "ok", ""),
        ("isolation", "worker2", "ok", ""),
    ]
    lines = render_proofs(MODEL, proofs)
    assert lines[0] == "Site blueberry: 9 of 9 promises proven"
    assert "  batch    runs jobs and gives their output back            ok         2 of 2 hosts" in lines


def test_what_was_not_tried_is_not_proven() -> None:
    proofs = judge(MODEL, {**ALL, "store1": []}, TRIED)
    assert said(proofs)[0] == ("cluster", SITE, "failed", NOT_TRIED)
    assert f"           {SITE}: failed: {NOT_TRIED}" in render_proofs(MODEL, proofs)


def test_a_limited_run_is_to_prove_no_more_than_its_hosts() -> None:
    assert {proof.host for proof in judge(MODEL, {}, ["worker1"])} == {"worker1"}


def test_of_two_access_points_the_one_that_failed_counts() -> None:
    more = {**ALL, "worker1": [note("jobs", "failed", host="worker2", words="no\n job")]}
    assert ("jobs", "worker2", "failed", "no job") in said(judge(MODEL, more, TRIED))


def test_a_site_with_little_promises_little() -> None:
    model = {**MODEL, "condor": None, "ceph": {"client": {"access": "r"}, "cephx": False}}
    words = [proof.promise.words for proof in judge(model, {}, TRIED)]
    assert words == ["every daemon serves, and the cluster is healthy", "cannot write"]
    assert judge({"name": "x", "ceph": None, "condor": None, "hosts": {}}, {}, []) == []


def test_junit_counts_what_it_holds() -> None:
    notes = {
        **ALL,
        "store1": [note("cluster", "failed", words="1 < 2 & down")],
        "worker1": [note("jobs", "skipped", words="it drains")],
    }
    root = ElementTree.fromstring(render_junit(MODEL, judge(MODEL, notes, TRIED)))  # noqa: S314 - we have written it
    assert root.attrib == {"name": "site blueberry", "tests": "9", "failures": "1", "skipped": "1"}
    assert [suite.get("name") for suite in root] == ["storage", "batch"]
    assert [failure.get("message") for failure in root.iter("failure")] == ["1 < 2 & down"]
    assert len(list(root.iter("testcase"))) == 9
    assert [skipped.get("message") for skipped in root.iter("skipped")] == ["it drains"]


GOOD = {"machine": "worker1", "input": "abc", "account": "slot1_1", "mounts": "/ /proc /tmp /var/tmp /scratch "}


def output(machine: str, **values: str) -> list[str]:
    return [f"./{machine}.out:{key}={value}" for key, value in {**GOOD, "machine": machine, **values}.items()]


@pytest.mark.parametrize(
    ("lines", "jobs", "isolation"),
    [
        (output("worker1"), "", ""),
        ([], "no job has come back from there", None),
        (output("worker1", input="abd"), "the job has read something else than its input", ""),
        (["./worker1.out:machine=worker2"], "the job has run on worker2", "the job shares /tmp, /tmp/deep, /var/tmp"),
        (output("worker1", mounts="/ /tmp /var/tmp"), "", "the job shares /scratch with the host"),
        (output("worker1", mounts="/ /scratch /var/tmp"), "", "the job shares /tmp, /tmp/deep with the host"),
        (output("worker1", account="ann"), "", "the job runs as ann, not as one of slot*"),
        (output("worker1", account=""), "", "the job runs as nobody knows whom, not as one of slot*"),
    ],
)
def test_jobs(lines: list[str], jobs: str, isolation: str | None) -> None:
    notes = {one["promise"]: one for one in judge_jobs(lines, MODEL, ["worker1"], [], "abc")}
    assert notes["jobs"] == note("jobs", "failed" if jobs else "ok", host="worker1", words=jobs)
    if isolation is None:
        assert "isolation" not in notes
    else:
        assert notes["isolation"]["state"] == ("failed" if isolation else "ok")
        assert notes["isolation"]["words"].startswith(isolation)


def test_wishes_of_another_kind_and_a_host_that_drains() -> None:
    lines = output("worker2.x.org", account="nobody", mounts="/")
    notes = judge_jobs(lines, MODEL, ["worker2.x.org"], ["worker1"], "abc")
    assert [(one["promise"], one["host"], one["state"]) for one in notes] == [
        ("jobs", "worker2", "ok"),
        ("isolation", "worker2", "ok"),
        ("jobs", "worker1", "skipped"),
        ("isolation", "worker1", "skipped"),
    ]


def as_workers(**changes: t.Any) -> dict[str, t.Any]:
    """Return the model with its execution points as workers of OSG."""
    osg = {"expected_origins": {}, "worker": {"fetch_crl": True}, **changes}
    hosts = {name: {**host, "osg": osg if "worker" in name else None} for name, host in MODEL["hosts"].items()}
    return {**MODEL, "osg": {"workers": ["worker1", "worker2"]}, "hosts": hosts}


def test_workers_of_osg_promise_what_their_jobs_expect() -> None:
    def promised(model: dict[str, t.Any]) -> list[tuple[str, str]]:
        proofs = judge(model, {}, TRIED)
        return [(proof.promise.key, proof.host) for proof in proofs if proof.promise.phase == "workers"]

    keys = ("client", "revocations", "osg_jobs")
    assert promised(as_workers()) == [(key, host) for key in keys for host in ("worker1", "worker2")]
    plain = as_workers(expected_origins={"condor": "osg"}, worker={"fetch_crl": False})
    assert {key for key, _host in promised(plain)} == {"client", "origins", "osg_jobs"}
    assert promised(MODEL) == []


def test_jobs_for_workers_tell_what_is_wrong() -> None:
    lines = ["./worker1.out:fault=", "./worker2.blueberry.out:fault=xrdcp does not run", "./worker3.out:early=yes"]
    notes = judge_worker_jobs(lines, as_workers(), ["worker1", "worker2.blueberry", "worker3", "worker4"], ["worker5"])
    assert [(note["promise"], note["host"], note["state"], note["words"]) for note in notes] == [
        ("osg_jobs", "worker1", "ok", ""),
        ("osg_jobs", "worker2", "failed", "xrdcp does not run"),
        ("osg_jobs", "worker3", "failed", "the job was cut short"),
        ("osg_jobs", "worker4", "failed", "no job has come back from there"),
        ("osg_jobs", "worker5", "skipped", "it drains, so no job was tried there"),
    ]
    [note] = judge_worker_jobs([], as_workers(), ["worker1"], [], "no way to submit")
    assert note["words"] == "no way to submit"
