# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What jobs prove of Slurm's nodes."""

from __future__ import annotations

import typing as t

from ansible_collections.sitewright.grid.plugins.module_utils._proofs import list_promises
from ansible_collections.sitewright.grid.plugins.module_utils._slurm_proofs import prove_nodes


def host(name: str, retiring: bool = False) -> dict[str, t.Any]:
    return {"short_name": name.partition(".")[0], "retiring": retiring, "slurm": {"runs": ["node"], "node": {"gres": {}}}}


SITE: dict[str, t.Any] = {
    "slurm": {"nodes": ["w1.example.org", "w2", "w3", "w4", "w5"], "controller": {"host": "head1"}},
    "hosts": {
        "head1": {"short_name": "head1", "retiring": False, "slurm": {"runs": ["controller"], "node": None}},
        "w1.example.org": host("w1.example.org"),
        **{name: host(name, name == "w4") for name in ("w2", "w3", "w4", "w5")},
    },
}


def result(partition: str, nodes: list[str], lines: list[str], stderr: str = "") -> dict[str, t.Any]:
    return {"item": {"key": partition, "value": {"nodes": nodes}}, "stdout_lines": lines, "stderr": stderr}


def test_a_node_is_proven_by_each_of_its_partitions() -> None:
    results = [
        result("work", ["w1", "w2", "w3"], ["w1 nobody work", "w2 nobody work"]),
        result("big", ["w2"], ["w2 root big"], "srun: error:\n oops"),
    ]
    notes = {note["host"]: (note["state"], note["words"]) for note in prove_nodes(results, SITE, ["w3"])}
    assert notes == {
        "w1.example.org": ("ok", ""),
        "w2": ("failed", "its job in big has not written 'w2 nobody big'. srun: error: oops"),
        "w3": ("skipped", "it is drained, and takes no jobs"),
        "w5": ("failed", "it is in no partition"),
    }


def test_a_partition_that_was_passed_over_proves_nothing() -> None:
    [note, *_rest] = prove_nodes([{"item": {"key": "work", "value": {"nodes": ["w1"]}}, "skipped": True}], SITE, [])
    assert note["state"] == "failed"


def test_what_slurm_promises() -> None:
    promises = {promise.key: promise.hosts for promise in list_promises(SITE)}
    assert promises == {"slurm": ("head1",), "slurm_jobs": ("w1.example.org", "w2", "w3", "w5")}
