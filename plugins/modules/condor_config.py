#!/usr/bin/python
# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: condor_config
short_description: Manage a file of HTCondor's configuration
version_added: 0.1.0
author:
  - The sitewright.grid contributors (@sitewright)
description:
  - Writes one file of knobs into a directory that HTCondor reads, and tells which of the host's daemons have to be
    reconfigured for it and which restarted. It does neither by itself.
  - The new file is first read by the host's own C(condor_config_val), among all the others that the host has. Where
    that finds an error, the module fails with file and line, and the old file stays.
  - It warns of knobs that this version of HTCondor has removed, with what to write instead, of knobs that it does not
    know, and of knobs that another file sets again.
  - What the daemons have to be told is kept in C(/var/lib/condor/sitewright-pending.json) until O(state=applied), so
    that a run that was cut short is finished by the next one.
extends_documentation_fragment:
  - sitewright.grid.attributes
  - sitewright.grid.attributes.full
attributes:
  check_mode:
    details:
      - The new file is checked as in a real run. On a host without HTCondor it is not.
  diff_mode:
    details:
      - Shows the effective values that change. On a host without HTCondor it shows the knobs of the file.
options:
  path:
    description:
      - The file. Others in its directory are read before or after it, by their names.
    type: path
    default: /etc/condor/config.d/50-sitewright.conf
  root:
    description:
      - The configuration file that HTCondor begins with.
    type: path
    default: /etc/condor/condor_config
  sections:
    description:
      - What is in the file, in this order. Required when present.
    type: list
    elements: dict
    suboptions:
      title:
        description:
          - The comment above the section.
        type: str
        required: true
      use:
        description:
          - Templates (metaknobs) that the section begins with, for example V(ROLE:Execute).
        type: list
        elements: str
        default: []
      knobs:
        description:
          - Knobs and their values. A list becomes one value with commas.
        type: dict
        default: {}
  purge:
    description:
      - Whether other files in the directory that HTCondor reads are removed.
    type: bool
    default: false
  state:
    description:
      - V(present) writes the file.
      - V(applied) says that the daemons have been told, after a reconfig or a restart.
      - V(absent) removes the file.
    type: str
    choices: [present, applied, absent]
    default: present
seealso:
  - module: sitewright.grid.condor_token
"""

EXAMPLES = r"""
- name: Configure an execution point
  sitewright.grid.condor_config:
    sections:
      - title: Role
        use: [ROLE:Execute]
      - title: The site's own
        knobs:
          CONDOR_HOST: cm.example.org
          START: TARGET.Owner != "nobody"
          STARTD_ATTRS: [$(STARTD_ATTRS), Rack]
          Rack: '"r12"'
  register: config

- name: Tell the daemons
  ansible.builtin.command:
    argv: [condor_reconfig]
  changed_when: true
  when: config.reconfig | length > 0
"""

RETURN = r"""
reconfig:
  description:
    - The running daemons that need a reconfig for the new configuration.
  returned: when O(state=present) or O(state=absent)
  type: list
  elements: str
  sample: [MASTER, STARTD]
restart:
  description:
    - The running daemons that need a restart. V(MASTER) stands for all of them.
  returned: when O(state=present) or O(state=absent)
  type: list
  elements: str
  sample: [STARTD]
effective:
  description:
    - The knobs of O(sections) as HTCondor sees them with the new file, macros expanded; empty on a host without it.
  returned: when O(state=present)
  type: dict
  sample: {CONDOR_HOST: cm.example.org}
foreign:
  description:
    - Other files in the directory that HTCondor reads, without those that O(purge) removes.
  returned: when O(state=present)
  type: list
  elements: str
  sample: [/etc/condor/config.d/00-htcondor-9.0.config]
hostname:
  description:
    - What HTCondor calls the host; V(null) on a host without HTCondor.
  returned: when O(state=present)
  type: str
  sample: worker1.example.org
version:
  description:
    - The version of HTCondor; V(null) on a host without it.
  returned: when O(state=present)
  type: str
  sample: 23.9.6
"""

import json
import os
import re
import shutil
import tempfile
import time
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.sitewright.grid.plugins.module_utils._cli import Cli, Completed, Explain
from ansible_collections.sitewright.grid.plugins.module_utils._condor_config import (
    PATH,
    Config,
    ConfigPlan,
    check_sections,
    parse_dump,
    parse_foreign,
    plan_config,
    render_root,
    render_sections,
    render_value,
    warn_overridden,
    warn_removed,
    warn_unknown,
)
from ansible_collections.sitewright.grid.plugins.module_utils._plan import Plan
from ansible_collections.sitewright.grid.plugins.module_utils._private_file import read_text
from ansible_collections.sitewright.grid.plugins.module_utils._systemd import Systemd

# What the daemons still have to be told.
PENDING = "/var/lib/condor/sitewright-pending.json"
# Where a new configuration is laid out to be tried. Nobody but root may write there.
CANDIDATE = "/run/sitewright-condor-config"
UNIT = "condor.service"


class Files:
    """The directory with the file, now and as it is going to be."""

    def __init__(self, module: AnsibleModule, text: str | None) -> None:
        self.module = module
        self.path: str = module.params["path"]
        self.directory, self.name = os.path.split(self.path)
        self.text = text
        self.now = read_text(self.path)
        self.names = sorted(os.listdir(self.directory)) if os.path.isdir(self.directory) else []

    def foreign(self, excluded: str) -> list[str]:
        """Return the paths of other files that HTCondor reads."""
        files = [name for name in self.names if os.path.isfile(os.path.join(self.directory, name))]
        return [os.path.join(self.directory, name) for name in parse_foreign(files, self.name, excluded)]

    def lay_out(self, root: str, directories: t.Iterable[str], purged: t.Container[str]) -> str:
        """Lay the new configuration out in a directory of its own, and return the path of its root."""
        shutil.rmtree(CANDIDATE, ignore_errors=True)
        there = os.path.join(CANDIDATE, "config.d")
        os.mkdir(CANDIDATE, 0o700)
        os.mkdir(there)
        for name in self.names:
            path = os.path.join(self.directory, name)
            if name != self.name and path not in purged:
                os.symlink(path, os.path.join(there, name))
        if self.text is not None:
            _write(os.path.join(there, self.name), self.text)
        new_root = os.path.join(CANDIDATE, "condor_config")
        _write(new_root, render_root(root, [there if path == self.directory else path for path in directories]))
        return new_root

    def final(self, text: str) -> str:
        """Put the final paths in the place of those where the new configuration was tried."""
        return text.replace(os.path.join(CANDIDATE, "config.d"), self.directory)

    def write(self, purged: t.Iterable[str]) -> None:
        """Put the new file into its place in one step, and take others away."""
        if self.text is None:
            if self.now is not None:
                os.unlink(self.path)
        elif self.text != self.now:
            descriptor, temporary = tempfile.mkstemp(dir=self.module.tmpdir)
            os.close(descriptor)
            _write(temporary, self.text)
            os.chmod(temporary, 0o644)
            # HTCondor ignores names that begin with a dot, as this one does for a moment.
            self.module.atomic_move(temporary, self.path)
        for path in purged:
            os.unlink(path)


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(text)


def read_config(cli: Cli, root: str, ok: t.Container[int] = (0,), explain: Explain | None = None) -> str:
    """Return the configuration that begins with this file, as condor_config_val shows it."""
    return cli.read(["condor_config_val", "-root-config", root, "-dump", "-verbose"], ok=ok, explain=explain).stdout


def try_out(cli: Cli, files: Files, before: Config, purged: list[str]) -> Config:
    """Return the configuration as it is going to be, or end the module with what HTCondor says against it."""

    def explain(done: Completed) -> str:
        words = " ".join(files.final(done.stderr or done.stdout).split())
        return f"HTCondor cannot read the new configuration, so the old one stays: {words}"

    listed = before["LOCAL_CONFIG_DIR"].value if "LOCAL_CONFIG_DIR" in before else files.directory
    directories = [path for path in re.split(r"[\s,]+", listed) if path]
    try:
        root = files.lay_out(cli.module.params["root"], directories, purged)
        return parse_dump(files.final(read_config(cli, root, explain=explain)))
    finally:
        shutil.rmtree(CANDIDATE, ignore_errors=True)


def read_pending(started_at: float) -> tuple[list[str], list[str]]:
    """Return what the daemons still have to be told of earlier changes: reconfig and restart."""
    text = read_text(PENDING)
    if text is None:
        return [], []
    pending: dict[str, t.Any] = json.loads(text)
    # Daemons that have started since then have read the new configuration.
    return ([], []) if pending["time"] < started_at else (pending["reconfig"], pending["restart"])


def merge(plan: ConfigPlan, reconfig: list[str], restart: list[str]) -> None:
    """Add what is pending to a plan."""
    both = {*plan.restart, *restart}
    plan.restart = ["MASTER"] if "MASTER" in both else sorted(both)
    plan.reconfig = [] if "MASTER" in both else sorted({*plan.reconfig, *reconfig} - both)


def present(cli: Cli) -> dict[str, t.Any]:
    """Write or remove the file, and return the result."""
    module = cli.module
    wanted = module.params["state"] == "present"
    sections: list[dict[str, t.Any]] = module.params["sections"] or []
    faults = check_sections(sections)
    if faults:
        cli.fail("\n".join(faults))
    files = Files(module, render_sections(sections) if wanted else None)
    given = {name: value for section in sections for name, value in section["knobs"].items()}
    if not cli.has("condor_config_val"):
        if not module.check_mode:
            cli.fail("condor_config_val is not on this host: install HTCondor before it is configured.")
        after = {name.upper(): render_value(value) for name, value in given.items()}
        return {
            **Plan({} if files.now is None else after, after).result(),
            "reconfig": [],
            "restart": [],
            "effective": {},
            "foreign": [],
            "hostname": None,
            "version": None,
        }

    # A configuration that HTCondor cannot read tells nothing of itself; the new one may mend it.
    before = parse_dump(read_config(cli, module.params["root"], ok=range(256)))
    excluded = before.get("LOCAL_CONFIG_DIR_EXCLUDE_REGEXP")
    foreign = files.foreign(excluded.value if excluded else r"^\.")
    purged = foreign if module.params["purge"] else []
    touched = files.text != files.now or bool(purged)
    after_config = try_out(cli, files, before, purged) if touched or not before else before
    plan = plan_config(before, after_config)
    unit = Systemd(cli).units([UNIT])[UNIT]
    if unit.running:
        merge(plan, *read_pending(unit.started_at))
    else:
        plan.reconfig, plan.restart = [], []

    version = after_config["CONDOR_VERSION"].value
    for warning in (
        *warn_removed(given, version),
        *warn_unknown(given, after_config, parse_dump(read_config(cli, os.devnull)), version),
        *warn_overridden(given, after_config, files.path),
    ):
        module.warn(f"{files.path}: {warning}")
    if touched and not module.check_mode:
        if plan.reconfig or plan.restart:
            _write(PENDING, json.dumps({"reconfig": plan.reconfig, "restart": plan.restart, "time": time.time()}))
        files.write(purged)
    shown = Plan(plan.before, plan.after)
    if touched and not shown.changed:
        # The same values, written in another way.
        shown = Plan({"file": files.now, "purged": []}, {"file": files.text, "purged": purged})
    return {
        **shown.result(),
        "reconfig": plan.reconfig,
        "restart": plan.restart,
        "effective": {name: after_config[name.upper()].value for name in given if name.upper() in after_config},
        "foreign": [path for path in foreign if path not in purged],
        "hostname": after_config["FULL_HOSTNAME"].value,
        "version": version,
    }


def applied(cli: Cli) -> dict[str, t.Any]:
    """Forget what the daemons had to be told, as they were."""
    found = os.path.exists(PENDING)
    if found and not cli.module.check_mode:
        os.unlink(PENDING)
    return Plan({"pending": found}, {"pending": False}).result()


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "default": PATH},
            "root": {"type": "path", "default": "/etc/condor/condor_config"},
            "sections": {
                "type": "list",
                "elements": "dict",
                "options": {
                    "title": {"type": "str", "required": True},
                    "use": {"type": "list", "elements": "str", "default": []},
                    "knobs": {"type": "dict", "default": {}},
                },
            },
            "purge": {"type": "bool", "default": False},
            "state": {"type": "str", "choices": ["present", "applied", "absent"], "default": "present"},
        },
        required_if=[("state", "present", ["sections"])],
        supports_check_mode=True,
    )
    cli = Cli(module)
    module.exit_json(**(applied(cli) if module.params["state"] == "applied" else present(cli)))


if __name__ == "__main__":
    main()
