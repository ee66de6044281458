#!/usr/bin/python
# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ceph_daemon
short_description: Run a host's Ceph daemons, as their ceph.conf says
version_added: 0.1.0
author:
  - the sitewright.grid contributors (@sitewright)
description:
  - With O(state=started), brings the daemons' keys and files in order, enables and starts the daemons, waits for them,
    and reports which of them run with other options than C(ceph.conf) has now. It restarts nothing, so that it can run
    on all hosts at once.
  - With O(state=current), it also restarts those, each only when the cluster says that it can spare it (C(ok-to-stop)),
    and waits until it serves again. Let one host at a time do this (C(throttle=1)).
  - With O(state=absent), stops and disables the daemons and removes their data directories, whatever the cluster says.
    That is the end of the cluster on this host. Only daemons of the cluster O(fsid) are removed. An OSD's data
    directory tells which that is, for the others O(conf) does. It needs no running cluster. Devices and logs
    are left as they are.
  - Nothing is remembered from run to run. What a daemon has read is asked of the daemon itself, over its admin socket,
    and compared with what it would read now, its own sections only.
  - A restart is not needed for the options that tell where the monitors are and who one is (C(mon_host),
    C(mon_initial_members), C(fsid), C(host), C(keyring)), for those that only count when a daemon or a cluster is made,
    and for those that by Ceph's own schema other kinds of daemons use.
extends_documentation_fragment:
  - sitewright.grid.attributes
  - sitewright.grid.attributes.full
requirements:
  - C(ceph-conf) and C(ceph) on the host (package C(ceph-common)); they are started only where options differ as text.
options:
  daemons:
    description:
      - The names of the daemons, for example V(mon.store1), V(mgr.store1), V(osd.0) or V(mds.store1).
    type: list
    elements: str
    default: []
  types:
    description:
      - Takes also every daemon of these kinds that has a data directory on the host.
    type: list
    elements: str
    choices: [mon, mgr, osd, mds]
    default: []
  state:
    description:
      - V(started) enables and starts, V(current) also restarts what needs it, V(absent) removes.
    type: str
    choices: [started, current, absent]
    default: started
  fsid:
    description:
      - The cluster whose daemons are removed. Needed with O(state=absent), and used for nothing else.
    type: str
  yes_i_really_mean_it:
    description:
      - Has to be V(true) with O(state=absent), which destroys data.
    type: bool
    default: false
  conf:
    description:
      - Path of the C(ceph.conf).
    type: path
    default: /etc/ceph/ceph.conf
  conf_text:
    description:
      - What O(conf) will contain. Give it in check mode, where the file is not written before this module runs.
      - Without it the file is read.
    type: str
  keys:
    description:
      - The keys of managers, OSDs and metadata servers, each by its daemon's name, as the cluster has them. They are
        written to the daemons' keyrings before the daemons start. A key that is there is never replaced by another,
        unless O(replace_keys) says so.
      - In check mode a key may be V(null), for a cluster that is not there yet.
    type: dict
    default: {}
  replace_keys:
    description:
      - Whether a key that is there is replaced by the given one. Give it O(keys) that the cluster takes beside the old
        ones, see M(sitewright.grid.ceph_pending_keys).
      - A daemon that has started before its key was written needs a restart then. An OSD's device gets the new key as
        well, from which a lost data directory would be made again.
    type: bool
    default: false
  files:
    description:
      - Other files that the daemons read when they start. They are written before that, owned by root and readable by
        all. One that was changed after a daemon's start makes the daemon need a restart.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description:
          - The absolute path of the file.
        type: path
        required: true
      content:
        description:
          - All of its text.
        type: str
        required: true
  name:
    description:
      - The entity that asks C(ok-to-stop).
      - Without it a monitor asks as C(mon.), a metadata server as itself, and OSDs as C(client.bootstrap-osd), which
        needs C(mgr 'allow r') beside its usual caps for this; an OSD's own key is not allowed to ask.
    type: str
  keyring:
    description:
      - Path of the keyring that holds the key of O(name).
    type: path
  force:
    description:
      - Whether to restart without asking the cluster, for a cluster that can spare nothing (one monitor, one metadata
        server). Clients wait meanwhile.
    type: bool
    default: false
  replaced:
    description:
      - Whether a daemon also needs a restart when its program on the disk is another one than the one that runs, as
        after an upgrade of its package.
    type: bool
    default: false
  started_before:
    description:
      - A daemon that was started before this moment also needs a restart, in seconds since 1970. The same moment again
        restarts only the rest, which lets an interrupted rolling restart go on.
    type: float
  timeout:
    description:
      - How many seconds to wait at most for C(ok-to-stop), and then again until the daemons are back.
    type: int
    default: 300
notes:
  - OSDs of a host are restarted together where the cluster can spare them together, else one by one.
  - With O(state=started) a monitor is up when it answers, as the quorum needs others, too. After a restart it is up
    when it is in the quorum.
seealso:
  - module: sitewright.grid.ceph_osd
"""

EXAMPLES = r"""
- name: Run the host's manager
  sitewright.grid.ceph_daemon:
    daemons: [mgr.store1]
    keys:
      mgr.store1: "{{ keys.entity_keys['mgr.store1'] }}"

- name: Run the host's OSDs
  sitewright.grid.ceph_daemon:
    types: [osd]
  register: osds

- name: Restart the OSDs whose options have changed, host by host
  sitewright.grid.ceph_daemon:
    daemons: "{{ osds.restart_needed }}"
    state: current
  throttle: 1
  when: osds.restart_needed | length > 0

- name: Restart the OSDs whose package was upgraded
  sitewright.grid.ceph_daemon:
    types: [osd]
    state: current
    replaced: true

- name: Remove what the host runs of a cluster
  sitewright.grid.ceph_daemon:
    types: [mds, mgr, osd, mon]
    state: absent
    fsid: 8a0e8f0e-2e34-4b4b-8d54-0a1b0e4ed1c4
    yes_i_really_mean_it: true
"""

RETURN = r"""
restart_needed:
  description:
    - The daemons that run with other options than C(ceph.conf) has, or are too old by O(replaced) or
      O(started_before), and have not been restarted by this call.
  returned: O(state=started) or O(state=current)
  type: list
  elements: str
  sample: [osd.0]
restarted:
  description:
    - The daemons that this call has restarted, or would restart in check mode.
  returned: O(state=started) or O(state=current)
  type: list
  elements: str
  sample: []
reasons:
  description:
    - Why each of these daemons needs, or needed, its restart.
  returned: O(state=started) or O(state=current)
  type: dict
  sample: {osd.0: ["osd_memory_target: 1073741824 -> 2147483648"]}
quorum:
  description:
    - The monitors that are in the quorum, as the first monitor among the daemons sees it in the end. Empty where there
      is no quorum, or no monitor among the daemons.
  returned: O(state=started) or O(state=current)
  type: list
  elements: str
  sample: [store1, store2, store3]
removed:
  description:
    - The daemons that this call has removed, or would remove in check mode.
  returned: O(state=absent)
  type: list
  elements: str
  sample: [osd.0, osd.1]
kept:
  description:
    - The daemons that hold data here but are not of the cluster O(fsid), and the cluster that they are of, V(null)
      where nothing tells.
  returned: O(state=absent)
  type: dict
  sample: {osd.7: 0d1c2b3a-2e34-4b4b-8d54-0a1b0e4ed1c4}
commands:
  description:
    - The commands that were run, or would be run in check mode, quoted for pasting. OSDs that are restarted one by one
      are shown in one command.
  returned: success
  type: list
  elements: str
  sample: [systemctl restart ceph-osd@0.service]
"""

import errno
import os
import signal
import time
import typing as t
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.sitewright.grid.plugins.module_utils import _ceph_daemon
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_conf import (
    Conf,
    ConfError,
    data_directory,
    keyring_path,
    parse_conf,
)
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_daemon_absent import (
    NOT_LOADED,
    confirm,
    find_daemons,
    plan_absent,
    remove_tree,
)
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_key_file import KeyFile, read_key_files
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_options import Options
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_osd import LABEL_SIZE, osd_argv, parse_label
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_socket import NoAnswerError
from ansible_collections.sitewright.grid.plugins.module_utils._cli import Cli
from ansible_collections.sitewright.grid.plugins.module_utils._plan import Plan
from ansible_collections.sitewright.grid.plugins.module_utils._private_file import read_text
from ansible_collections.sitewright.grid.plugins.module_utils._systemd import (
    Systemd,
    Unit,
    plan_start,
    replaced_program,
)
from ansible_collections.sitewright.grid.plugins.module_utils._text_file import PlannedFile, TextFile, write_files

DATA_ROOT = "/var/lib/ceph"
USER = "ceph"
FILES_OF = "root"
ASK_AGAIN = 2  # seconds between two questions to the cluster


class Host:
    """The host on which the module runs, with the daemons that it is asked for."""

    def __init__(self, module: AnsibleModule) -> None:
        self.params: dict[str, t.Any] = module.params
        self.cli = Cli(module)
        self.systemd = Systemd(self.cli)
        self.is_check: bool = module.check_mode
        self.conf = self._read_conf()
        self.options = Options(self.cli, self.conf, self.params["conf"], self.params["conf_text"])
        self.names = self._find_names()
        self.units = {_ceph_daemon.unit_name(name): name for name in self.names}
        self.files = [TextFile(file["path"], file["content"], FILES_OF) for file in self.params["files"]]
        self.key_files = self._find_key_files()
        self.planned_files: list[PlannedFile] = [*self.key_files.values(), *self.files]
        self.labels = self._find_labels()

    def _read_conf(self) -> Conf:
        path, text = self.params["conf"], self.params["conf_text"]
        if text is None:
            if not os.path.exists(path):
                if self.is_check or self.params["state"] == "absent":
                    return {}
                self.cli.fail(f"{path} does not exist: write it before daemons are started.")
            text = Path(path).read_text()
        try:
            return parse_conf(text)
        except ConfError as error:
            self.cli.fail(f"{path}, {error}")

    def _find_names(self) -> list[str]:
        names = list(self.params["daemons"])
        for kind in self.params["types"]:
            directories = Path(DATA_ROOT, kind).glob("ceph-*")
            names += sorted(f"{kind}.{directory.name[len('ceph-') :]}" for directory in directories)
        for name in names:
            kind, dot, identity = name.partition(".")
            if kind not in _ceph_daemon.KINDS or not dot or not identity or "/" in identity:
                self.cli.fail(f"'{name}' is no daemon: write its kind and its id, for example osd.0 or mon.store1.")
        return list(dict.fromkeys(names))

    def _find_key_files(self) -> dict[str, KeyFile]:
        keys = self.params["keys"]
        strangers = [name for name in keys if name not in self.names or name.startswith("mon.")]
        if strangers:
            self.cli.fail(f"{', '.join(strangers)}: give keys of the daemons of this call only, and none of a monitor.")
        wanted = [(keyring_path(self.conf, name), name, keys[name]) for name in keys]
        return dict(zip(keys, read_key_files(self.cli, wanted, USER, self.params["replace_keys"])))

    def _find_labels(self) -> list[str]:
        """Return the OSDs whose device holds another key than the given one."""
        if not self.params["replace_keys"]:
            return []
        found = []
        for name, key in self.params["keys"].items():
            block = f"{data_directory(self.conf, name)}/block"
            if name.startswith("osd.") and key and os.path.exists(block):
                with open(block, "rb") as device:
                    label = parse_label(device.read(LABEL_SIZE))
                if label and label.key not in (None, key):
                    found.append(name)
        return found

    # ---- read

    def find_reasons(self, units: dict[str, Unit]) -> dict[str, list[str]]:
        """Return why each running daemon needs a restart; only those that do are in the result."""
        reasons = {}
        running = [unit for unit in self.units if units[unit].running]
        processes = self.systemd.processes(running) if self.params["replaced"] else {}
        for unit, name in self.units.items():
            if units[unit].running:
                found = self.options.find_changes(name) + self._changed_files(units[unit])
                found += self._age(units[unit], processes.get(unit))
                if self.params["replace_keys"] and name in self.key_files:
                    unread = self.key_files[name].why_unread(units[unit].started_at)
                    found += [unread] if unread else []
                if found:
                    reasons[name] = found
        return reasons

    def _changed_files(self, unit: Unit) -> list[str]:
        """Return why a daemon that runs since then has not read the files as they have to be."""
        reasons = []
        for file in self.files:
            if read_text(file.path) != file.text:
                reasons.append(f"{file.path} changes")
            elif os.stat(file.path).st_mtime > unit.started_at:
                reasons.append(f"{file.path} is newer than the daemon")
        return reasons

    def _age(self, unit: Unit, process: int | None) -> list[str]:
        """Return why a daemon is too old, whatever its options are."""
        reasons = []
        program = replaced_program(process) if process else None
        if program:
            reasons.append(f"{program} was replaced")
        before = self.params["started_before"]
        if before is not None and unit.started_at < before:
            reasons.append(f"it was started before {time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(before))}")
        return reasons

    def find_quorum(self) -> list[str]:
        """Return the monitors in the quorum, as the first monitor here sees it."""
        for name in self.names:
            if name.startswith("mon."):
                try:
                    return _ceph_daemon.quorum_of(_ceph_daemon.socket_of(name, self.conf))
                except NoAnswerError:
                    break
        return []

    # ---- plan

    def plan(self, units: dict[str, Unit], targets: dict[str, Unit], reasons: dict[str, list[str]]) -> Plan:
        """Return what starts the daemons and, where asked for, restarts those with reasons."""
        plan = Plan(commands=plan_start(units, targets))
        for file in self.planned_files:
            file.note(plan)
        for name, unit in [*((self.units[unit], state) for unit, state in units.items()), *targets.items()]:
            before: dict[str, t.Any] = {"enabled": unit.enabled}
            after: dict[str, t.Any] = {"enabled": True}
            if name in self.names:
                before["running"], after["running"] = unit.running, True
            if name in reasons and self.params["state"] == "current":
                before["restart_needed"], after["restart_needed"] = reasons[name], []
            if before != after:
                plan.before[name], plan.after[name] = before, after
        if reasons and self.params["state"] == "current":
            plan.commands.append(["systemctl", "restart", *(_ceph_daemon.unit_name(name) for name in reasons)])
        for name in self.labels:
            plan.before[f"{name} device"], plan.after[f"{name} device"] = {"key": "another"}, {"key": "the given one"}
            plan.commands.append(self._label_argv(name))
        return plan

    def _label_argv(self, name: str) -> list[str]:
        """Return the command by which a running OSD writes the key, from its input, into its device's label."""
        ceph = osd_argv(self.params["conf"], self.key_files[name].file.path, name.partition(".")[2])
        return [*ceph, "tell", name, "rotate-stored-key", "-i", "-"]

    # ---- apply

    def start(self, units: dict[str, Unit], targets: dict[str, Unit]) -> None:
        """Enable and start the daemons and wait for them; for a monitor it is enough that it answers."""
        for argv in plan_start(units, targets):
            self.cli.run(argv)
        monitors = [name for name in self.names if name.startswith("mon.")]
        _ceph_daemon.wait_until_serving(self.cli, self.conf, self.names, self.params["timeout"], monitors)

    def write_labels(self) -> None:
        """Let the OSDs that run with a new key write it into the labels of their devices."""
        for name in self.labels:
            self.cli.run(self._label_argv(name), stdin=self.params["keys"][name], timeout=90)

    def restart(self, names: list[str]) -> None:
        """Restart these daemons, as few at a time as the cluster asks for."""
        waiting = list(names)
        while waiting:
            kind = waiting[0].partition(".")[0]
            batch = [name for name in waiting if name.startswith("osd.")] if kind == "osd" else waiting[:1]
            batch = self._wait_until_spared(kind, batch)
            units = [_ceph_daemon.unit_name(name) for name in batch]
            # Else a few changes in half an hour would reach the unit's start limit.
            self.cli.run(["systemctl", "reset-failed", *units])
            self.cli.run(["systemctl", "restart", *units])
            _ceph_daemon.wait_until_serving(self.cli, self.conf, batch, self.params["timeout"])
            waiting = [name for name in waiting if name not in batch]

    def _wait_until_spared(self, kind: str, batch: list[str]) -> list[str]:
        """Return those of the batch that the cluster can spare now: all, or the first one."""
        if self.params["force"] or kind == "mgr":  # a manager's absence stops no client
            return batch
        deadline = time.monotonic() + self.params["timeout"]
        while True:
            for some in [batch, batch[:1]] if len(batch) > 1 else [batch]:
                refusal = self._refusal(kind, some)
                if refusal is None:
                    return some
            if time.monotonic() > deadline:
                self.cli.fail(
                    f"{batch[0]} has to be restarted, but in {self.params['timeout']} s the"
                    f" cluster never said that it can be spared: {refusal}. Mend the cluster and run again. Where"
                    f" nothing can take its place, restart it at a good time: systemctl restart"
                    f" {_ceph_daemon.unit_name(batch[0])}"
                )
            time.sleep(ASK_AGAIN)

    def _refusal(self, kind: str, names: list[str]) -> str | None:
        """Return the cluster's words if these daemons cannot be spared now."""
        argv = _ceph_daemon.ok_to_stop_argv(self.params["conf"], *self._identity(names[0]), names)
        # While the monitors put a new key in the place of the old one, the first who uses it may be refused, or abort.
        is_new = self.params["replace_keys"]
        aborted = (-signal.SIGABRT,) if is_new else ()
        done = self.cli.read(argv, ok=(0, errno.EBUSY, errno.EAGAIN, errno.EACCES, *aborted), timeout=90)
        words = done.stderr.strip() or done.stdout.strip()
        if done.rc == errno.EACCES and not is_new:
            self.cli.fail(
                f"'{' '.join(argv)}' is not allowed: {words}. OSDs need the caps mgr 'allow r' for"
                " client.bootstrap-osd; or name an entity with more caps (name, keyring)."
            )
        return words if done.rc else None

    def _identity(self, name: str) -> tuple[str, str]:
        """Return the entity and its keyring that ask whether this daemon can be spared."""
        kind = name.partition(".")[0]
        bootstrap = "/var/lib/ceph/bootstrap-osd/ceph.keyring"
        own = "mon." if kind == "mon" else name
        entity, keyring = ("client.bootstrap-osd", bootstrap) if kind == "osd" else (own, keyring_path(self.conf, name))
        return self.params["name"] or entity, self.params["keyring"] or keyring


def remove(host: Host, fsid: str) -> None:
    """Remove the host's daemons of this cluster and end the module."""
    found = find_daemons(host.names, host.conf)
    daemons = [daemon for daemon in found if daemon.fsid == fsid]
    plan = plan_absent(daemons, host.systemd.units([_ceph_daemon.unit_name(daemon.name) for daemon in daemons]))
    if not host.is_check:
        for argv in plan.commands:
            host.cli.run(argv, ok=(0, NOT_LOADED))
        for daemon in daemons:
            remove_tree(daemon.directory)
    host.cli.module.exit_json(
        **plan.result(),
        removed=[daemon.name for daemon in daemons],
        kept={daemon.name: daemon.fsid for daemon in found if daemon.fsid != fsid},
    )


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "daemons": {"type": "list", "elements": "str", "default": []},
            "types": {"type": "list", "elements": "str", "choices": list(_ceph_daemon.KINDS), "default": []},
            "state": {"type": "str", "choices": ["started", "current", "absent"], "default": "started"},
            "fsid": {"type": "str"},
            "yes_i_really_mean_it": {"type": "bool", "default": False},
            "conf": {"type": "path", "default": "/etc/ceph/ceph.conf"},
            "conf_text": {"type": "str"},
            "keys": {"type": "dict", "default": {}, "no_log": True},
            "replace_keys": {"type": "bool", "default": False, "no_log": False},
            "files": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "path": {"type": "path", "required": True},
                    "content": {"type": "str", "required": True},
                },
            },
            "name": {"type": "str"},
            "keyring": {"type": "path", "no_log": False},
            "force": {"type": "bool", "default": False},
            "replaced": {"type": "bool", "default": False},
            "started_before": {"type": "float"},
            "timeout": {"type": "int", "default": 300},
        },
        required_together=[("name", "keyring")],
        required_if=[("state", "absent", ["fsid"])],
        supports_check_mode=True,
    )
    host = Host(module)
    if module.params["state"] == "absent":
        confirm(host.cli)
        remove(host, module.params["fsid"])
    found = host.systemd.units([*host.units, *_ceph_daemon.target_names(host.names)])
    units = {unit: found[unit] for unit in host.units}
    targets = {name: unit for name, unit in found.items() if name not in units}
    reasons = host.find_reasons(units)
    plan = host.plan(units, targets, reasons)
    restarts = list(reasons) if module.params["state"] == "current" else []
    if not module.check_mode:
        write_files(host.cli, host.planned_files)
        host.start(units, targets)
        host.restart(restarts)
        host.write_labels()
        # Only asked after a restart: what no restart mends would else be restarted by every run.
        still = {name: why for name in restarts if (why := host.options.find_changes(name))}
        if still:
            host.cli.fail(f"Their restart did not change the options of these daemons: {still}. Correct ceph.conf.")
    module.exit_json(
        **plan.result(),
        restart_needed=[name for name in reasons if name not in restarts],
        restarted=restarts,
        reasons=reasons,
        quorum=host.find_quorum(),
    )


if __name__ == "__main__":
    main()
