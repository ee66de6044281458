#!/usr/bin/python
# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ceph_retire
short_description: Take hosts or single daemons out of a running Ceph cluster
version_added: 0.1.0
description:
  - Does the cluster's side of taking hosts away, in three steps. O(state=planned) tells whether they can go,
    O(state=drained) moves the data of their OSDs elsewhere and waits for it, O(state=absent) takes their daemons, keys
    and CRUSH buckets away. It runs on the host of a monitor that stays; the hosts that go need not answer.
  - Each step first refuses what would lose data, quorum or capacity, with the numbers and the cure, before it changes
    anything.
  - What a host runs is told by the cluster. Its OSDs are those that were last seen there, or that were
    never seen and are in its CRUSH bucket; its other daemons are those that are called by its name.
  - Nothing is remembered from run to run, so each step can be interrupted and run again.
author:
  - The sitewright.grid contributors (@sitewright)
extends_documentation_fragment:
  - sitewright.grid.attributes
  - sitewright.grid.attributes.full
  - sitewright.grid.ceph_cli
attributes:
  check_mode:
    details:
      - In check mode it waits for nothing, and takes for granted that OSDs will be empty and stopped.
options:
  hosts:
    description:
      - The hosts that are to leave.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description:
          - The short name of the host, by which its daemons and its CRUSH bucket are called.
        type: str
        required: true
      dead:
        description:
          - Whether the host is gone for good. It is refused while OSDs of such a host are up.
        type: bool
        default: false
      entities:
        description:
          - The CephX entities of the host's clients, for example V(client.grid.worker1).
        type: list
        elements: str
        default: []
      osds:
        description:
          - The uuids of OSDs. Where they are given, only these leave, and the host stays with all the rest.
          - Their numbers would not do, for the cluster uses them again.
        type: list
        elements: str
      daemons:
        description:
          - The kinds of daemons. Where they are given, only these leave, and the host stays with all the rest.
        type: list
        elements: str
        choices: [mon, mgr, mds]
  state:
    description:
      - V(planned) changes nothing. V(drained) takes the OSDs out, with weight zero in CRUSH, and waits until the
        cluster calls them safe to destroy and ok to stop. V(absent) purges the OSDs, which have to be down, removes the
        empty CRUSH buckets, takes the monitors out of the monitor map, and deletes the keys.
    type: str
    choices: [planned, drained, absent]
    required: true
  wait:
    description:
      - How many seconds O(state=drained) waits at most. It does not fail when the time is up, see RV(drained).
    type: int
    default: 60
  bytes_total:
    description:
      - RV(progress.bytes_total) of the first call, so that the percentage is of the whole.
    type: int
  delay:
    description:
      - How many seconds to pause between two looks.
    type: float
    default: 3
  down_timeout:
    description:
      - How many seconds O(state=absent) waits at most until stopped OSDs are known to be down.
    type: int
    default: 60
seealso:
  - module: sitewright.grid.ceph_daemon
  - module: sitewright.grid.ceph_wait
"""

EXAMPLES = r"""
- name: See whether two hosts can go
  sitewright.grid.ceph_retire:
    hosts: [{name: store4}, {name: worker3, entities: [client.grid.worker3]}]
    state: planned

- name: See whether one OSD of a host can go
  sitewright.grid.ceph_retire:
    hosts: [{name: store1, osds: [d0773486-1eac-4447-9a92-3f4d1aa66bcf]}]
    state: planned

- name: See whether a host can do without its monitor
  sitewright.grid.ceph_retire:
    hosts: [{name: store1, daemons: [mon]}]
    state: planned

- name: Move their data, and say once in a minute how far that is
  sitewright.grid.ceph_retire:
    hosts: [{name: store4}]
    state: drained
    bytes_total: "{{ drain.progress.bytes_total | default(omit) }}"
  loop: "{{ range(1440) | list }}"
  loop_control:
    label: "{{ drain.progress.text }}"
    break_when: drain.drained
  register: drain

- name: Take them away, after their OSDs have been stopped
  sitewright.grid.ceph_retire:
    hosts: [{name: store4}]
    state: absent
"""

RETURN = r"""
commands:
  description:
    - The commands that were run, or would be in check mode, quoted for pasting. With O(state=planned), those of all
      steps.
  returned: success
  type: list
  elements: str
  sample: [ceph osd out osd.3]
daemons:
  description:
    - What the cluster knew of each host before this call, as far as it leaves.
  returned: success
  type: dict
  sample: {store4: [mon.store4, mgr.store4, osd.3]}
drained:
  description:
    - Whether all OSDs of the hosts can be stopped and destroyed.
  returned: O(state=drained)
  type: bool
progress:
  description:
    - How far that is.
  returned: O(state=drained)
  type: dict
  contains:
    bytes_total:
      description: What the OSDs held when this began.
      type: int
    bytes_left:
      description: What they hold still.
      type: int
    percent:
      description: How much of it has moved.
      type: float
    bytes_per_second:
      description: How fast, during this call.
      type: int
    seconds_left:
      description: How long the rest takes at that rate, V(null) where it is not known.
      type: int
    missing:
      description: What is missing.
      type: list
      elements: str
    text:
      description: All of it in words.
      type: str
  sample: {percent: 41.0, text: "41 % moved, 1.2 TiB left, 210.3 MiB/s, about 1 h 43 min: osd.3 not safe yet"}
"""

import errno
import json
import time
import typing as t
from dataclasses import replace

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_cli import ARGUMENTS, Ceph
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_retire import (
    Cluster,
    Osd,
    Progress,
    Retiree,
    daemons_of,
    find_refusals,
    find_unsafe,
    parse_cluster,
    plan_drain,
    plan_removal,
)
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_wait import missing_pgs
from ansible_collections.sitewright.grid.plugins.module_utils._cli import Cli
from ansible_collections.sitewright.grid.plugins.module_utils._plan import Plan

NOT_YET = (0, errno.EBUSY, errno.EAGAIN)
SETTLING = 30  # seconds


class Retirement:
    """The hosts that go, and the looks at the cluster that they leave."""

    def __init__(self, module: AnsibleModule) -> None:
        self.params = module.params
        self.is_check = module.check_mode
        self.cli = Cli(module)
        self.ceph = Ceph(self.cli, module.params)
        self.retirees = [Retiree(**host) for host in module.params["hosts"]]
        self.cluster = self.look()

    def look(self) -> Cluster:
        """Return the cluster as it is now."""
        return parse_cluster(
            self.ceph.read_json("report"),
            self.ceph.read_json("osd", "df"),
            self.ceph.read_json("mgr", "dump"),
            [found["entity"] for found in self.ceph.read_json("auth", "ls")["auth_dump"]],
        )

    def refuse(self) -> None:
        """End the module where these hosts cannot go."""
        planned = self.params["state"] == "planned"
        deadline = time.monotonic() + SETTLING
        # Placement groups that have just been made or moved are inactive for moments.
        while planned and self.cluster.inactive and time.monotonic() < deadline:
            time.sleep(self.params["delay"])
            self.cluster = self.look()
        # Later steps are told by the cluster what is safe.
        refusals = find_refusals(self.cluster if planned else replace(self.cluster, inactive={}), self.retirees)
        if refusals:
            names = ", ".join(map(self.describe, self.retirees))
            self.cli.fail(
                f"{names} cannot be retired. Nothing was changed{'' if planned else ' in this step'}:\n"
                + "\n".join(f"- {why}" for why in refusals),
                refusals=refusals,
            )

    def describe(self, retiree: Retiree) -> str:
        """Return what leaves, in words."""
        parts = ", ".join(daemons_of(self.cluster, retiree))
        return f"{parts} of {retiree.name}" if parts and retiree.stays else retiree.name

    def result(self, plan: Plan, **details: t.Any) -> t.NoReturn:
        """End the module."""
        shown = Plan(plan.before, plan.after, [self.ceph.argv(*words) for words in plan.commands])
        daemons = {retiree.name: daemons_of(self.cluster, retiree) for retiree in self.retirees}
        self.cli.module.exit_json(**{**shown.result(), "daemons": daemons, **details})
        raise AssertionError("exit_json returned")

    # ---- drained

    def drain(self) -> t.NoReturn:
        """Take the OSDs out and wait until they are empty, or for the given time."""
        plan = plan_drain(self.cluster, self.retirees)
        osds = self.cluster.osds_of(self.retirees)
        begun = time.monotonic()
        first = sum(osd.kb_data for osd in osds)
        total = max(first, (self.params["bytes_total"] or 0) // 1024)
        if self.is_check:
            self.result(plan, drained=True, progress=Progress(total, 0, 0, 0, []).shape())
        for words in plan.commands:
            self.ceph.run(*words)
        while True:
            left, missing = self.look_at(osds)
            seconds = time.monotonic() - begun
            if not missing or seconds + self.params["delay"] >= self.params["wait"]:
                break
            time.sleep(self.params["delay"])
        progress = Progress(total, left if missing else 0, first - left, seconds, missing).shape()
        self.result(plan, drained=not missing, progress=progress)

    def look_at(self, osds: t.Sequence[Osd]) -> tuple[int, list[str]]:
        """Return how many KiB these OSDs hold, and what is missing until they can go."""
        if not osds:
            return 0, []
        names = [osd.name for osd in osds]
        used = {node["name"]: node["kb_used_data"] for node in self.ceph.read_json("osd", "df")["nodes"]}
        left = sum(used.get(name, 0) for name in names)
        unsafe, status = self.find_unsafe(osds)
        missing = [f"{', '.join(osd.name for osd in unsafe)} not safe to destroy yet"] if unsafe else []
        degraded = status.get("degraded_ratio")
        if unsafe and degraded:
            missing.append(f"{100 * degraded:.1f} % of the objects have too few copies")
        alive = [str(osd.id) for osd in osds if osd.up]
        if not unsafe and alive:
            done = self.ceph.read("osd", "ok-to-stop", *alive, ok=NOT_YET)
            if done.rc:
                missing.append(f"not ok to stop yet: {(done.stderr.strip() or done.stdout.strip())[:200]}")
        return left, missing

    def find_unsafe(self, osds: t.Sequence[Osd]) -> tuple[list[Osd], t.Any]:
        """Return those of the OSDs that the cluster cannot do without yet, and its placement groups at that moment."""
        # With JSON its exit code is 0, whatever it has to say; a manager that has just started says nothing yet.
        numbers = [str(osd.id) for osd in osds]
        done = self.ceph.read("osd", "safe-to-destroy", *numbers, "--format", "json", ok=NOT_YET)
        answer = {"safe_to_destroy": [], "missing_stats": []} if done.rc else json.loads(done.stdout)
        status = self.ceph.read_json("status")["pgmap"]
        return find_unsafe(osds, answer, not missing_pgs(status.get("pgs_by_state", []))), status

    # ---- absent

    def remove(self) -> t.NoReturn:
        """Take the daemons, buckets and keys away."""
        plan = plan_removal(self.cluster, self.retirees)
        if not self.is_check and plan.commands:
            self.confirm(self.cluster.osds_of(self.retirees))
            for words in plan.commands:
                if words[:2] == ["mon", "remove"]:
                    self.ceph.read("mon", "ok-to-rm", words[2])
                self.ceph.run(*words)
        self.result(plan)

    def confirm(self, osds: t.Sequence[Osd]) -> None:
        """End the module unless these OSDs are down, and safe to destroy."""
        if not osds:
            return
        deadline = time.monotonic() + self.params["down_timeout"]
        wanted = {osd.id for osd in osds}
        while True:
            found = self.ceph.read_json("osd", "dump")["osds"]
            up = [f"osd.{osd['osd']}" for osd in found if osd["osd"] in wanted and osd["up"]]
            unsafe, _status = self.find_unsafe(osds)
            if not up and not unsafe:
                return
            if time.monotonic() > deadline:
                break
            time.sleep(self.params["delay"])
        why = [f"{', '.join(up)} still up: stop the daemons"] if up else []
        why += [f"{', '.join(osd.name for osd in unsafe)} not safe to destroy: use state=drained"] if unsafe else []
        self.cli.fail(f"Nothing was removed: {'; '.join(why)}.")


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **ARGUMENTS,
            "hosts": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "name": {"type": "str", "required": True},
                    "dead": {"type": "bool", "default": False},
                    "entities": {"type": "list", "elements": "str", "default": []},
                    "osds": {"type": "list", "elements": "str"},
                    "daemons": {"type": "list", "elements": "str", "choices": ["mon", "mgr", "mds"]},
                },
            },
            "state": {"type": "str", "choices": ["planned", "drained", "absent"], "required": True},
            "wait": {"type": "int", "default": 60},
            "bytes_total": {"type": "int"},
            "delay": {"type": "float", "default": 3},
            "down_timeout": {"type": "int", "default": 60},
        },
        supports_check_mode=True,
    )
    retirement = Retirement(module)
    retirement.refuse()
    if module.params["state"] == "drained":
        retirement.drain()
    if module.params["state"] == "absent":
        retirement.remove()
    drain, removal = (plan(retirement.cluster, retirement.retirees) for plan in (plan_drain, plan_removal))
    retirement.result(Plan(commands=drain.commands + removal.commands), changed=False)


if __name__ == "__main__":
    main()
