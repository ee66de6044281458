#!/usr/bin/python
# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: slurm_config
short_description: Manage Slurm's configuration on its controller
version_added: 0.1.0
author:
  - The sitewright.grid contributors (@sitewright)
description:
  - Writes C(slurm.conf), C(gres.conf), C(cgroup.conf) and scripts on the controller, from which all nodes of a
    configless cluster have them. Lines of nodes are made of what M(sitewright.grid.slurm_host_info) has found on them.
  - What is known of a node is kept in C(sitewright-slurm.json) beside C(slurm.conf), so that a run needs O(facts) of
    new nodes only. A node of which nothing is known is left out until a run reaches it.
  - The new files are first read by the host's own Slurm. Where that finds an error, the module fails and the old files
    stay. A running controller is then told to take them, which restarts neither a daemon nor a job; if it refuses them,
    the old files are put back.
  - A node that runs jobs is not taken out of the configuration, for that would kill them.
extends_documentation_fragment:
  - sitewright.grid.attributes
  - sitewright.grid.attributes.full
attributes:
  check_mode:
    details:
      - The new files are read by Slurm as in a real run. On a host without Slurm they are not.
options:
  cluster:
    description:
      - The name of the cluster, in small letters.
    type: str
    required: true
  controller:
    description:
      - The controller.
    type: dict
    required: true
    suboptions:
      name:
        description:
          - Its host name, without a domain.
        type: str
        required: true
      address:
        description:
          - Where nodes reach it.
        type: str
        required: true
  nodes:
    description:
      - All nodes of the cluster, by their names. Each has its C(address), C(features) (a list), C(gres) (name to
        count), C(memory_percent) (how much of its memory jobs may have), and C(parameters) (others for its line).
    type: dict
    required: true
  facts:
    description:
      - What C(facts) of M(sitewright.grid.slurm_host_info) are, by the nodes' names. They may have C(features) and
        C(gres) beside, which the node was found to have.
    type: dict
    default: {}
  partitions:
    description:
      - The partitions, by their names. Each has C(nodes) (a list), C(default), C(max_time) (or V(null)), and
        C(parameters) (others for its line).
    type: dict
    required: true
  parameters:
    description:
      - Further parameters for C(slurm.conf), which win over those that the module writes.
    type: dict
    default: {}
  directories:
    description:
      - Where the controller keeps its C(state), and the nodes their C(spool).
    type: dict
    default: {state: /var/lib/slurm/slurmctld, spool: /var/lib/slurm/slurmd}
  scripts:
    description:
      - Scripts beside C(slurm.conf), name to text. C(epilog) becomes the C(Epilog) of all nodes, C(job_submit.lua) the
        plugin that sees each job before it is queued.
    type: dict
    default: {}
  leaving:
    description:
      - Nodes that M(sitewright.grid.slurm_drain) has drained before. In check mode, in which it has not, their jobs
        are taken for ended.
    type: list
    elements: str
    default: []
  directory:
    description:
      - The directory of the files.
    type: path
    default: /etc/slurm
seealso:
  - module: sitewright.grid.slurm_host_info
  - module: sitewright.grid.slurm_drain
"""

EXAMPLES = r"""
- name: Configure the controller
  sitewright.grid.slurm_config:
    cluster: blueberry
    controller: {name: head1, address: 192.0.2.10}
    nodes:
      worker1: {address: 192.0.2.21, features: [avx512], gres: {}, memory_percent: 95, parameters: {Weight: 10}}
    facts:
      worker1: {hostname: worker1, cpus: 64, sockets: 2, cores: 16, threads: 2, memory: 257000, cgroups: true}
    partitions:
      work: {nodes: [worker1], default: true, max_time: 2-00:00:00, parameters: {}}
"""

RETURN = r"""
unknown:
  description:
    - Nodes that were left out, for nothing is known of them yet.
  returned: success
  type: list
  elements: str
  sample: [worker7]
cgroups:
  description:
    - Whether jobs are held by cgroups, as every known node has them.
  returned: success
  type: bool
  sample: true
without_cgroups:
  description:
    - The nodes for which they are not, if only some have none.
  returned: success
  type: list
  elements: str
  sample: [worker3]
commands:
  description:
    - The commands that were run, or would be in check mode, quoted for pasting.
  returned: success
  type: list
  elements: str
  sample: [scontrol reconfigure]
"""

import hashlib
import json
import os
import shutil
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.sitewright.grid.plugins.module_utils._cli import Cli, Completed
from ansible_collections.sitewright.grid.plugins.module_utils._plan import Plan
from ansible_collections.sitewright.grid.plugins.module_utils._private_file import read_text
from ansible_collections.sitewright.grid.plugins.module_utils._slurm_conf import (
    has_cgroups,
    parse_nodes,
    render_cgroup,
    render_conf,
    render_gres,
)
from ansible_collections.sitewright.grid.plugins.module_utils._slurm_drain import argv_of_jobs
from ansible_collections.sitewright.grid.plugins.module_utils._systemd import Systemd
from ansible_collections.sitewright.grid.plugins.module_utils._text_file import TextFile, write_files

UNIT = "slurmctld.service"
# Where new files are laid out to be tried. Nobody but root may write there.
CANDIDATE = "/run/sitewright-slurm-config"
RECONFIGURE = ["scontrol", "reconfigure"]


def read_record(path: str) -> dict[str, t.Any]:
    """Return what an earlier run has found: facts, and the digest of the files that the controller has taken."""
    try:
        record = json.loads(read_text(path) or "{}")
    except ValueError:
        record = {}
    return {"facts": record.get("facts", {}), "applied": record.get("applied")}


def render(params: dict[str, t.Any], facts: dict[str, t.Any]) -> dict[str, str]:
    """Return the files of the configuration by their names."""
    return {
        **params["scripts"],
        "gres.conf": render_gres(params["nodes"], facts),
        "cgroup.conf": render_cgroup(has_cgroups(facts)),
        "slurm.conf": render_conf(
            params["cluster"],
            params["controller"],
            params["nodes"],
            facts,
            params["partitions"],
            params["parameters"],
            params["directories"],
            params["scripts"],
        ),
    }


def try_out(cli: Cli, texts: dict[str, str]) -> None:
    """Let Slurm read the files where nothing uses them."""
    shutil.rmtree(CANDIDATE, ignore_errors=True)
    os.mkdir(CANDIDATE, 0o700)
    for name, text in texts.items():
        with open(os.path.join(CANDIDATE, name), "w", encoding="utf-8") as file:
            file.write(text)

    def explain(done: Completed) -> str:
        return f"Slurm refuses the new slurm.conf, so the old files stay: {done.stderr.strip() or done.stdout.strip()}"

    argv = ["env", f"SLURM_CONF={CANDIDATE}/slurm.conf", "scontrol", "show", "daemons"]
    try:
        cli.read(argv, explain=explain)
    finally:
        shutil.rmtree(CANDIDATE, ignore_errors=True)


def spare_jobs(cli: Cli, gone: list[str]) -> None:
    """End the module where nodes that are to go still run jobs."""
    jobs = cli.read(argv_of_jobs(gone)).stdout.splitlines()
    if jobs:
        cli.fail(
            f"Nothing was changed, for nodes that the inventory no longer has still run jobs: {'; '.join(jobs)}. Drain "
            f"them first, with 'scontrol update nodename={','.join(gone)} state=drain reason=leaving'."
        )


def put(cli: Cli, files: list[TextFile], before: dict[str, str | None], running: bool) -> None:
    """Write the files, and have the controller take them; where it will not, put the old ones back."""
    write_files(cli, files)
    if not running:
        return

    def explain(done: Completed) -> str:
        for file in files:
            old = before[file.path]
            if old is None:
                os.unlink(file.path)
            else:
                TextFile(file.path, old, mode=file.mode).write()
        words = done.stderr.strip() or done.stdout.strip()
        return (
            f"The controller refuses the new configuration, so the old files were put back: {words}. Its log tells why."
        )

    cli.run(RECONFIGURE, explain=explain)


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "cluster": {"type": "str", "required": True},
            "controller": {
                "type": "dict",
                "required": True,
                "options": {
                    "name": {"type": "str", "required": True},
                    "address": {"type": "str", "required": True},
                },
            },
            "nodes": {"type": "dict", "required": True},
            "facts": {"type": "dict", "default": {}},
            "partitions": {"type": "dict", "required": True},
            "parameters": {"type": "dict", "default": {}},
            "directories": {
                "type": "dict",
                "default": {"state": "/var/lib/slurm/slurmctld", "spool": "/var/lib/slurm/slurmd"},
            },
            "scripts": {"type": "dict", "default": {}},
            "leaving": {"type": "list", "elements": "str", "default": []},
            "directory": {"type": "path", "default": "/etc/slurm"},
        },
        supports_check_mode=True,
    )
    cli = Cli(module)
    params = module.params
    at = params["directory"]
    record_path = os.path.join(at, "sitewright-slurm.json")
    record = read_record(record_path)
    facts = {name: one for name, one in {**record["facts"], **params["facts"]}.items() if name in params["nodes"]}
    texts = render(params, facts)
    digest = hashlib.sha256(json.dumps(texts, sort_keys=True).encode()).hexdigest()
    files = [
        TextFile(os.path.join(at, name), text, mode=0o755 if name in params["scripts"] else 0o644)
        for name, text in texts.items()
    ]
    plan = Plan()
    for file in files:
        file.note(plan)
    running = Systemd(cli).units([UNIT])[UNIT].running
    if running and (plan.changed or record["applied"] != digest):
        plan.commands.append(RECONFIGURE)
        gone = set(parse_nodes(read_text(os.path.join(at, "slurm.conf")) or "")) - facts.keys()
        if module.check_mode:
            gone -= set(params["leaving"])
        if gone:
            spare_jobs(cli, sorted(gone))
    if plan.changed and cli.has("scontrol"):
        try_out(cli, texts)
    if not module.check_mode:
        if plan.changed:
            put(cli, files, {file.path: read_text(file.path) for file in files}, running)
        text = json.dumps({"facts": facts, "applied": digest}, sort_keys=True, indent=1) + "\n"
        write_files(cli, [TextFile(record_path, text)])
    cgroups = has_cgroups(facts)
    without = [] if cgroups else [name for name, one in facts.items() if not one["cgroups"]]
    module.exit_json(
        **plan.result(),
        unknown=[name for name in params["nodes"] if name not in facts],
        cgroups=cgroups,
        without_cgroups=without if len(without) < len(facts) else [],
    )


if __name__ == "__main__":
    main()
