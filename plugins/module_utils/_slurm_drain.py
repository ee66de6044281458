# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: draining nodes of Slurm, by what its controller says of them."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.sitewright.grid.plugins.module_utils._drain import MARK
from ansible_collections.sitewright.grid.plugins.module_utils._plan import Plan

# In these states a node still has something of a job, whatever squeue says.
_BUSY = frozenset(("ALLOCATED", "MIXED", "COMPLETING"))


@dataclass(frozen=True)
class Node:
    """A node of the cluster, what orders it has, and the jobs that hold something of it."""

    name: str
    drains: bool
    is_down: bool
    is_busy: bool
    reason: str | None
    jobs: t.Sequence[str]

    def is_in(self, state: str, reason: str) -> bool:
        """Tell whether the node has been ordered into a state; a node that is down takes no jobs.

        It is in service as far as it concerns a module when no drain is left that was ordered for this reason.
        """
        if state == "resumed":
            return not (self.drains and self.reason == MARK + reason)
        return self.is_down or (state != "down" and self.drains)

    def describe(self) -> str:
        """Return the state in words, as a diff shows it."""
        order = "down" if self.is_down else "draining" if self.drains else "in service"
        return f"{order} ({self.reason})" if self.reason and order != "in service" else order


def argv_of_jobs(nodes: t.Iterable[str]) -> list[str]:
    """Return the command that lists, one per line, the jobs that hold something of these nodes."""
    states = "RUNNING,SUSPENDED,STOPPED,CONFIGURING,COMPLETING"
    return ["squeue", "--noheader", "--all", f"--states={states}", "--format=%A on %N", f"--nodelist={','.join(nodes)}"]


def find_nodes(
    names: t.Collection[str], shaped: t.Iterable[t.Mapping[str, t.Any]], jobs: t.Sequence[str]
) -> list[Node]:
    """Return those of the named nodes that the cluster has, by C(shape_node), and the jobs on all of them."""
    return [
        Node(
            name=node["name"],
            drains=node["drains"],
            is_down="DOWN" in node["states"],
            is_busy=bool(_BUSY & set(node["states"])),
            reason=node["reason"],
            jobs=jobs,
        )
        for node in shaped
        if node["name"] in names
    ]


def plan_orders(nodes: t.Iterable[Node], state: str, reason: str) -> Plan:
    """Return what orders nodes into a state, all with one command."""
    plan = Plan()
    wanted = {"held": "drain", "drained": "drain", "down": "down", "resumed": "resume"}[state]
    ordered = []
    for node in nodes:
        plan.before[node.name] = plan.after[node.name] = node.describe()
        # What still has jobs is ordered down again: only the order ends them.
        if not node.is_in(state, reason) or (state == "down" and node.is_busy):
            order = "down" if state == "down" else "draining"
            plan.after[node.name] = "in service" if state == "resumed" else f"{order} ({MARK}{reason})"
            ordered.append(node.name)
    if ordered:
        why = [] if state == "resumed" else [f"reason={MARK}{reason}"]
        plan.commands.append(["scontrol", "update", f"nodename={','.join(ordered)}", f"state={wanted}", *why])
    return plan


def find_missing(nodes: t.Sequence[Node], state: str, reason: str) -> list[str]:
    """Return what is missing until the nodes are in the state and, to be drained or down, have nothing of a job."""
    words = "takes no jobs still" if state == "resumed" else "takes jobs still"
    missing = [f"{node.name} {words}" for node in nodes if not node.is_in(state, reason)]
    if state in ("held", "resumed"):
        return missing
    jobs = next((node.jobs for node in nodes), ())
    if jobs:
        return [*missing, f"{len(jobs)} jobs ({', '.join(jobs[:3])}{', ...' if len(jobs) > 3 else ''})"]
    return [*missing, *(f"{node.name} is busy still" for node in nodes if node.is_busy)]
