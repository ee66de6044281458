# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The site model as Ansible runs it: what is read of an inventory, and what is said of it.

The hosts of these inventories do not exist: a test that passes has contacted none.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.sitewright.grid.plugins.action import site_model

INVENTORY = """
all:
  vars:
    site_name: blueberry
    site_networks: ["{{ network }}"]
    network: 192.0.2.0/24
ceph_mons:
  hosts:
    store1: {ansible_host: "192.0.2.{{ 10 + 1 }}"}
    store2.example.org: {ansible_host: 192.0.2.12}
    store3: {ansible_host: 192.0.2.13}
ceph_osds:
  children: {ceph_mons: }
  vars:
    ceph_osd_devices: [/dev/vdb, {path: "/srv/{{ inventory_hostname }}", size: 10G}]
ceph_mdss:
  hosts: {store1: }
ceph_clients:
  hosts: {"worker[1:2]": }
"""

# What an earlier task has set or registered is not what the operator wrote.
PLAYBOOK = """
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.set_fact:
        ceph_pool_size: many
        site_unknown: 1
    - ansible.builtin.debug:
      register: ceph_unknown
    - sitewright.grid.site_model:
      run_once: true
      register: grid
"""

Run = t.Callable[..., dict[str, t.Any]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run the playbook on an inventory; return the result of the module, with the whole output as C(output)."""

    def run_playbook(
        inventory: str, *options: str, playbook: str = PLAYBOOK, environment: dict[str, str] | None = None
    ) -> dict[str, t.Any]:
        (tmp_path / "hosts.yml").write_text(inventory)
        (tmp_path / "play.yml").write_text(playbook)
        done = subprocess.run(
            [Path(sys.executable).with_name("ansible-playbook"), "-i", "hosts.yml", "play.yml", *options],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            env={
                **os.environ,
                "ANSIBLE_COLLECTIONS_PATH": str(Path(site_model.__file__).parents[5]),
                "ANSIBLE_CALLBACK_RESULT_FORMAT": "json",
                "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default",
                "ANSIBLE_NOCOLOR": "1",
                **(environment or {}),
            },
        )
        output = done.stdout + done.stderr
        last_task = done.stdout.rpartition("TASK [sitewright.grid.site_model]")[2]
        start = last_task.index("=> ") + 3
        result = json.JSONDecoder().raw_decode(last_task[start:])[0]
        return {**result, "output": output, "rc": done.returncode}

    return run_playbook


def test_a_model_in_check_mode_with_limit_and_extra_variables(run: Run) -> None:
    result = run(INVENTORY, "-v", "--check", "--limit", "worker2", "-e", "ceph_pool_size=2")
    assert result["rc"] == 0, result["output"]
    assert result["changed"] is False
    site = result["site"]
    assert site["name"] == "blueberry"
    assert site["networks"] == ["192.0.2.0/24"]
    assert list(site["hosts"]) == ["store1", "store2.example.org", "store3", "worker1", "worker2"]
    assert site["hosts"]["store1"]["address"] == "192.0.2.11"
    assert site["hosts"]["store3"]["ceph"]["osd_devices"][1]["path"] == "/srv/store3"
    assert {"who": "global", "option": "osd_pool_default_size", "value": "2"} in site["ceph"]["config"]


def test_knobs_are_merged_from_the_site_to_the_host(run: Run, tmp_path: Path) -> None:
    """From the inventory and its files; what is written for all, for each group, for the host, and with -e."""
    inventory = yaml.safe_load(INVENTORY)
    inventory["all"]["vars"]["condor_knobs"] = {"A": "all", "B": "all", "C": "all", "D": "all", "Gone": "all"}
    inventory["condor_managers"] = {"hosts": {"store1": None}}
    inventory["condor_submits"] = {"hosts": {"store1": None}}
    inventory["condor_executes"] = {
        "hosts": {"worker1": {"condor_knobs": {"C": "host", "GONE": None}}, "worker2": None},
        "vars": {"condor_knobs": {"b": "{{ site_name }}", "C": "group"}},
    }
    for name, knobs in {"group_vars/condor_executes": {"E": "file"}, "host_vars/worker1": {"F": "file"}}.items():
        (tmp_path / name).parent.mkdir()
        (tmp_path / f"{name}.yml").write_text(yaml.safe_dump({"condor_knobs": knobs}))
    result = run(yaml.safe_dump(inventory, sort_keys=False), "-v", "-e", '{"condor_knobs": {"D": "extra"}}')
    assert result["rc"] == 0, result["output"]
    hosts = result["site"]["hosts"]
    knobs = {"A": "all", "b": "blueberry", "C": "host", "D": "extra", "E": "file", "F": "file"}
    assert hosts["worker1"]["condor"]["knobs"] == knobs
    assert hosts["worker2"]["condor"]["knobs"]["C"] == "group"
    assert hosts["store1"]["condor"]["knobs"]["B"] == "all"


def test_faults_come_all_at_once(run: Run) -> None:
    inventory = yaml.safe_load(INVENTORY)
    inventory["all"]["vars"] |= {
        "ceph_admin_secret": "hunter2",
        "ceph_note": "AQBSdFhmAAAAABAAa0123456789abcdefghijk==",
        "ceph_fsid": "{{ one }}",
        "one": "{{ two }}",
        "two": "{{ one }}",
        "ceph_filesystem": "{{ missing }}",
        "ceph_client_path": "{{ unclosed",
        "ceph_client_access": "{{ 'rw' | no_such_filter }}",
        "ceph_pool_size": "{{ 1 + 1 }}",
    }
    result = run(yaml.safe_dump(inventory, sort_keys=False))
    assert result["rc"] == 2
    found = {(fault["host"], fault["variable"]): (fault["value"], fault["message"]) for fault in result["faults"]}
    assert found["store1", "ceph_admin_secret"][0] == "<not shown>"
    assert found["store1", "ceph_note"][0] == "<not shown>"
    assert "hunter2" not in result["output"]
    assert "AQBSdFhm" not in result["output"]
    for variable in ("ceph_fsid", "ceph_filesystem", "ceph_client_path", "ceph_client_access"):
        assert found["store1", variable][1].startswith("cannot be templated ("), variable
    assert "'missing' is undefined" in found["store1", "ceph_filesystem"][1]
    assert "it refers to itself" in found["store1", "ceph_fsid"][1]
    assert {variable for _host, variable in found} == {
        "ceph_admin_secret",
        "ceph_note",
        "ceph_fsid",
        "ceph_filesystem",
        "ceph_client_path",
        "ceph_client_access",
    }
    heading, first = result["msg"].splitlines()[:2]
    assert heading == "Site model: 6 faults, nothing was changed."
    assert first.startswith("  store1 (+4)   ceph_admin_secret")


def test_warnings_are_shown(run: Run) -> None:
    result = run(INVENTORY, "-v", "-e", '{"ceph_cephx": false}')
    assert "(site) ceph_cephx is false: whoever reaches" in result["output"]
    assert len(result["site"]["warnings"]) == 1


def test_an_inventory_without_hosts_is_refused_on_localhost(run: Run) -> None:
    result = run(
        "all: {}\n", playbook="- hosts: localhost\n  gather_facts: false\n  tasks: [sitewright.grid.site_model: ]\n"
    )
    assert [fault["variable"] for fault in result["faults"]] == ["inventory"]


def test_netaddr_is_asked_for(run: Run, tmp_path: Path) -> None:
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden/netaddr.py").write_text("raise ImportError('hidden by the test')\n")
    result = run(INVENTORY, environment={"PYTHONPATH": str(tmp_path / "hidden")})
    assert result["rc"] == 2
    assert "netaddr" in result["msg"]
    assert "The controller needs it, the hosts do not." in result["msg"]


def test_options_are_refused(run: Run) -> None:
    result = run(INVENTORY, playbook=PLAYBOOK.replace("site_model:\n", "site_model: {strict: true}\n"))
    assert "takes no options" in result["msg"]


def test_values_become_plain_data() -> None:
    class Tagged(str):
        __slots__ = ()

    plain = site_model.to_plain({Tagged("a"): [Tagged("b"), 1, True, None, 1.5]})
    assert plain == {"a": ["b", 1, True, None, 1.5]}
    assert {type(key) for key in plain} == {str}
    assert [type(value) for value in plain["a"]] == [str, int, bool, type(None), float]
