#!/usr/bin/python
# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ceph_wait
short_description: Wait until a Ceph cluster is in a wanted state
version_added: 0.1.0
description:
  - Waits until all given conditions hold at the same time, for a bounded time. Without any, it waits until the cluster
    answers.
  - A cluster that does not answer yet is waited for as well.
  - When the time is up it fails, and its message shows what is still missing, the cluster's health in its own words,
    and the last lines that daemons of this host have logged.
author:
  - The sitewright.grid contributors (@sitewright)
extends_documentation_fragment:
  - sitewright.grid.attributes
  - sitewright.grid.attributes.info
  - sitewright.grid.ceph_cli
attributes:
  check_mode:
    details:
      - It changes nothing in any mode. In check mode nothing has been started that it could wait for, so it does not
        wait, and says so.
options:
  quorum:
    description:
      - Ids of the monitors that have to be in the quorum.
    type: list
    elements: str
  mgr_available:
    description:
      - Whether a manager has to be active.
    type: bool
    default: false
  osds_up:
    description:
      - Ids of the OSDs that have to be up, or V(all) for every one that the cluster knows (at least one).
    type: list
    elements: str
  osds_in:
    description:
      - Ids of the OSDs that have to be in, or V(all) for every one that the cluster knows (at least one).
    type: list
    elements: str
  fs_active:
    description:
      - Names of the file systems of which all ranks have to be active.
    type: list
    elements: str
  fs_standbys:
    description:
      - How many metadata servers have to stand by, at least.
    type: int
    default: 0
  pgs_clean:
    description:
      - Whether all placement groups have to be active and clean. They may be scrubbed at the same time.
    type: bool
    default: false
  health:
    description:
      - When given, the cluster has to be healthy.
    type: dict
    suboptions:
      forgive:
        description:
          - Codes of health checks that may be raised, for example V(MDS_INSUFFICIENT_STANDBY). Muted ones always may.
        type: list
        elements: str
        default: []
  timeout:
    description:
      - How many seconds to wait at most.
    type: int
    default: 300
  delay:
    description:
      - How many seconds to pause between two looks.
    type: float
    default: 1
  logs:
    description:
      - Names of systemd units of this host whose last log lines are shown when the time is up.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Wait for the quorum
  sitewright.grid.ceph_wait:
    quorum: [store1, store2, store3]
    timeout: 120
    logs: [ceph-mon@store1.service]

- name: Wait until the cluster is healthy and serves its file system
  sitewright.grid.ceph_wait:
    osds_up: all
    pgs_clean: true
    fs_active: [cephfs]
    fs_standbys: 1
    health:
      forgive: [MON_DISK_LOW]
"""

RETURN = r"""
waited_for:
  description:
    - The conditions, in words.
  returned: always
  type: list
  elements: str
  sample: ["a quorum with the monitors store1, store2, store3"]
seconds:
  description:
    - How many seconds it took.
  returned: always
  type: float
  sample: 4.2
missing:
  description:
    - What was still missing when the time was up.
  returned: failure
  type: list
  elements: str
  sample: ["monitor store3 is not in the quorum (store1, store2)"]
"""

import json
import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_cli import ARGUMENTS, Ceph
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_wait import describe, find_missing, needs_report
from ansible_collections.sitewright.grid.plugins.module_utils._cli import Cli, redact
from ansible_collections.sitewright.grid.plugins.module_utils._systemd import Systemd


class Waiter:
    """The looks at the cluster, none of which lasts longer than the time that is left."""

    def __init__(self, module: AnsibleModule) -> None:
        self.params = module.params
        self.cli = Cli(module)
        self.ceph = Ceph(self.cli, module.params)
        self.started = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    def wait(self) -> list[str]:
        """Return what is missing in the end: nothing, or what the time was not enough for."""
        while True:
            missing = self.look()
            if not missing or self.seconds + self.params["delay"] >= self.params["timeout"]:
                return missing
            time.sleep(self.params["delay"])

    def look(self) -> list[str]:
        """Return what is missing now."""
        answers = []
        for words in [["status"], *([["report"]] if needs_report(self.params) else [])]:
            rc, text = self.ask(*words, "--format", "json")
            if rc:
                return [text]
            answers.append(json.loads(text))
        return find_missing(self.params, answers[0], answers[1] if len(answers) > 1 else None)

    def ask(self, *words: str) -> tuple[int, str]:
        """Return the exit code of this ceph command, and what it said: its output, or why it failed."""
        left = max(int(self.params["timeout"] - self.seconds), 3)
        self.ceph.connect_timeout = min(left, self.params["connect_timeout"])
        done = self.cli.read(self.ceph.argv(*words), ok=range(256), timeout=left + 5)
        if done.rc == 0:
            return 0, done.stdout
        return done.rc, self.ceph.explain(done) or done.stderr.strip() or f"ceph {words[0]} gave no answer"

    def fail(self, missing: list[str]) -> None:
        """End the module with all that helps to find the cause."""
        seconds = round(self.seconds, 1)
        words = {}
        rc, health = self.ask("health", "detail")
        if rc == 0:
            words["ceph health detail"] = health.strip()
        if self.cli.has("journalctl"):
            systemd = Systemd(self.cli)
            words.update({unit: systemd.last_words(unit) for unit in self.params["logs"]})
        self.cli.fail(
            f"After {seconds:.0f} s this is still missing: {'; '.join(missing)}"
            + "".join(f"\n{title}:\n{text}" for title, text in words.items()),
            missing=[redact(phrase) for phrase in missing],
            waited_for=describe(self.params),
            seconds=seconds,
        )


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **ARGUMENTS,
            "quorum": {"type": "list", "elements": "str"},
            "mgr_available": {"type": "bool", "default": False},
            "osds_up": {"type": "list", "elements": "str"},
            "osds_in": {"type": "list", "elements": "str"},
            "fs_active": {"type": "list", "elements": "str"},
            "fs_standbys": {"type": "int", "default": 0},
            "pgs_clean": {"type": "bool", "default": False},
            "health": {
                "type": "dict",
                "options": {"forgive": {"type": "list", "elements": "str", "default": []}},
            },
            "timeout": {"type": "int", "default": 300},
            "delay": {"type": "float", "default": 1},
            "logs": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    waited_for = describe(module.params)
    if module.check_mode:
        module.exit_json(
            changed=False,
            waited_for=waited_for,
            seconds=0.0,
            msg="Check mode: did not wait for " + "; ".join(waited_for),
        )
    waiter = Waiter(module)
    missing = waiter.wait()
    if missing:
        waiter.fail(missing)
    module.exit_json(changed=False, waited_for=waited_for, seconds=round(waiter.seconds, 1))


if __name__ == "__main__":
    main()
