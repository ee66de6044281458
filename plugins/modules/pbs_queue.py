#!/usr/bin/python
# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pbs_queue
short_description: Manage an execution queue of OpenPBS or Torque
version_added: 0.1.0
author:
  - The sitewright.grid contributors (@sitewright)
description:
  - Makes a queue, sets its attributes, and says which nodes serve it, through C(qmgr). It reads what the server has
    with C(print server) and C(print node), and gives directives only for what is different.
  - Options that are not given are left as they are.
  - Nodes of Torque are given a property of the queue's name, which the queue's jobs ask for by
    C(resources_default.neednodes). Nodes of OpenPBS are given it in the resource C(Qlist), which is made where it is
    missing, and the queue's jobs ask for it by C(default_chunk.Qlist). OpenPBS's scheduler heeds it only if the line
    C(resources:) of C(PBS_HOME/sched_priv/sched_config) names C(Qlist); the module does not edit that file.
  - A job of OpenPBS can still name another C(Qlist) by itself, and nodes without one serve all queues.
extends_documentation_fragment:
  - sitewright.grid.attributes
  - sitewright.grid.attributes.full
options:
  name:
    description:
      - The queue.
    type: str
    required: true
  state:
    description:
      - V(absent) deletes the queue, which PBS refuses while it has jobs, and takes its mark from the nodes.
    type: str
    choices: [present, absent]
    default: present
  priority:
    description:
      - The queue's priority among others, from -1024 to 1023.
    type: int
  max_walltime:
    description:
      - The longest walltime that a job may ask for, as C(hours:minutes:seconds) or in seconds. Quote it.
    type: str
  default_walltime:
    description:
      - The walltime of a job that asks for none, in the same form.
    type: str
  max_nodes:
    description:
      - How many nodes a job may ask for at most, C(nodect).
    type: int
  min_nodes:
    description:
      - How many nodes a job has to ask for at least.
    type: int
  max_running_per_user:
    description:
      - How many jobs of one user may run at once, C(max_run) of OpenPBS, C(max_user_run) of Torque.
    type: int
  max_queued_per_user:
    description:
      - How many jobs of one user the queue may have, C(max_queued) of OpenPBS, C(max_user_queuable) of Torque.
    type: int
  users:
    description:
      - The users who may submit to the queue. Empty for all of them.
    type: list
    elements: str
  nodes:
    description:
      - The nodes that serve the queue, exactly these. The server has to know them already.
    type: list
    elements: str
  enabled:
    description:
      - Whether the queue takes jobs.
    type: bool
    default: true
  started:
    description:
      - Whether its jobs are run.
    type: bool
    default: true
  attributes:
    description:
      - Further attributes, name to value, which win over the other options. A list is a value of several items.
    type: dict
    default: {}
  executable:
    description:
      - The program C(qmgr), by its name on the path or its whole path.
    type: str
    default: qmgr
"""

EXAMPLES = r"""
- name: Have a queue of jobs that boot virtual machines
  sitewright.grid.pbs_queue:
    name: virt
    nodes: [worker37, worker38]
    priority: 100
    max_walltime: "48:00:00"
    default_walltime: "01:00:00"
    max_nodes: 1
    max_running_per_user: 4
    max_queued_per_user: 20
    attributes: {resources_default.mem: 2gb}

- name: Take it away
  sitewright.grid.pbs_queue:
    name: virt
    state: absent
    executable: /opt/pbs/bin/qmgr
"""

RETURN = r"""
flavor:
  description:
    - Which PBS it is, V(openpbs) or V(torque).
  returned: success
  type: str
  sample: torque
version:
  description:
    - Its version.
  returned: success
  type: str
  sample: 23.06.06
commands:
  description:
    - The commands that were run, or would be in check mode, quoted for pasting.
  returned: success
  type: list
  elements: str
  sample: ["qmgr -c 'create queue virt'"]
"""

import copy
import re
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.sitewright.grid.plugins.module_utils._cli import Cli
from ansible_collections.sitewright.grid.plugins.module_utils._pbs_queue import (
    Pbs,
    parse_qmgr,
    plan_absent,
    plan_present,
    seconds,
    shown,
    wanted_attributes,
)
from ansible_collections.sitewright.grid.plugins.module_utils._plan import Plan

OPTIONS: dict[str, dict[str, t.Any]] = {
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "priority": {"type": "int"},
    "max_walltime": {"type": "str"},
    "default_walltime": {"type": "str"},
    "max_nodes": {"type": "int"},
    "min_nodes": {"type": "int"},
    "max_running_per_user": {"type": "int"},
    "max_queued_per_user": {"type": "int"},
    "users": {"type": "list", "elements": "str"},
    "nodes": {"type": "list", "elements": "str"},
    "enabled": {"type": "bool", "default": True},
    "started": {"type": "bool", "default": True},
    "attributes": {"type": "dict", "default": {}},
    "executable": {"type": "str", "default": "qmgr"},
}


def read(cli: Cli, qmgr: str) -> Pbs:
    """Return what the server has."""
    texts = [cli.read([qmgr, "-c", question]).stdout for question in ("list server", "print server")]
    # A server without nodes says so with an exit code.
    texts.append(cli.read([qmgr, "-c", "print node @default"], ok=range(256)).stdout)
    return parse_qmgr("\n".join(texts))


def check(cli: Cli, pbs: Pbs) -> None:
    """End the module where an option cannot be."""
    params = cli.module.params
    if re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,14}", params["name"]) is None:
        cli.fail(
            f"'{params['name']}' is no name of a queue: begin with a letter; letters, digits, _ and -, at most 15."
        )
    for option in ("max_walltime", "default_walltime"):
        if params[option] is not None and seconds(params[option]) is None:
            cli.fail(f"{option} '{params[option]}' is no duration: write it like '48:00:00', in quotes.")
    if params["priority"] is not None and not -1024 <= params["priority"] <= 1023:
        cli.fail(f"priority {params['priority']} lies outside of what PBS knows, -1024 to 1023.")
    for attribute, value in params["attributes"].items():
        items = value if isinstance(value, list) else [value]
        if any(re.search(r"[\n\"']", str(item)) for item in (attribute, *items)):
            cli.fail(f"attributes: {attribute} has quotes or line breaks in it, which qmgr does not take.")
    strangers = [node for node in params["nodes"] or () if node not in pbs.nodes]
    if strangers and params["state"] == "present":
        cli.fail(
            f"The server knows no node {', '.join(strangers)}: create it first, with "
            f"'{params['executable']} -c \"create node {strangers[0]}\"', or correct its name."
        )


def main() -> None:
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    cli = Cli(module)
    params = module.params
    name, qmgr = params["name"], params["executable"]
    pbs = read(cli, qmgr)
    check(cli, pbs)
    attributes = wanted_attributes(params, pbs.is_openpbs)
    if params["state"] == "absent":
        directives, after = plan_absent(pbs, name), None
    else:
        directives = plan_present(pbs, name, attributes, params["nodes"])
        wanted = copy.deepcopy(pbs)
        wanted.queues.setdefault(name, {}).update(attributes)
        after = shown(wanted, name, attributes)
        if after is not None and params["nodes"] is not None:
            after["nodes"] = [node for node in pbs.nodes if node in params["nodes"]]
    before = shown(pbs, name, attributes)
    if not directives:
        after = before  # the same, in another spelling
    plan = Plan({"queue": before}, {"queue": after}, [[qmgr, "-c", directive] for directive in directives])
    if not module.check_mode:
        for argv in plan.commands:
            cli.run(argv)
    flavor = "openpbs" if pbs.is_openpbs else "torque"
    module.exit_json(**plan.result(), flavor=flavor, version=pbs.version)


if __name__ == "__main__":
    main()
