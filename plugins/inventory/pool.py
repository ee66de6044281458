# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: pool
short_description: The hosts of a site as its HTCondor pool, its Ceph cluster and Slurm see them
version_added: 0.1.0
author:
  - the sitewright.grid contributors (@sitewright)
description:
  - Asks the systems of a site which hosts they see, and when they have heard of them last, and compares that with the
    site's own inventory. Hosts of both come out.
  - It runs the playbook C(sitewright.grid.survey) on O(sources), with the settings of the command that it is part of.
    The playbook reaches the central manager, the monitors and Slurm's controllers, and no other host.
  - The file's name has to end in C(pool.yml) or C(pool.yaml). Let it lie outside of the inventory that it names, for
    each run of C(site.yml) would ask there.
  - HTCondor's collector remembers execution points that were stopped or died, for 30 days, but no access points.
extends_documentation_fragment:
  - ansible.builtin.constructed
  - ansible.builtin.inventory_cache
options:
  plugin:
    description:
      - The name of this plugin.
    type: str
    required: true
    choices: [sitewright.grid.pool]
  sources:
    description:
      - The site's own inventory, as C(-i) takes it; a path is relative to this file.
    type: list
    elements: str
    required: true
  silent_hours:
    description:
      - After how many hours without a word a host is in the group C(silent).
    type: float
    default: 4
  timeout:
    description:
      - How many seconds the survey may take.
    type: int
    default: 120
  arguments:
    description:
      - More words for the command line of C(ansible-playbook), for example V([--vault-password-file, ~/.vault]).
    type: list
    elements: str
    default: []
notes:
  - The hosts are in the groups C(provisioned) (the inventory names them) or C(unprovisioned); C(never_seen) and
    C(silent) (no service of theirs is seen); C(incomplete) (seen, but an expected service is not).
  - Each host has the variables C(pool_provisioned), C(pool_retiring), C(pool_state), C(pool_last_heard),
    C(pool_hours_silent), C(pool_missing), C(pool_unexpected), C(pool_versions) and C(pool_services). The filter
    P(sitewright.grid.site_survey#filter) tells what they hold.
  - Where a system does not answer, there is a warning, and hosts that only it would see are in none of the last three
    groups.
seealso:
  - plugin: sitewright.grid.site_survey
    plugin_type: filter
"""

EXAMPLES = r"""
# blueberry-pool.yml, beside the directory blueberry with the site's inventory
plugin: sitewright.grid.pool
sources: [blueberry]

---
# With the operator's own groups: hosts that nobody has removed from the pool, and one for each version of HTCondor
plugin: sitewright.grid.pool
sources: [blueberry/hosts.yml]
silent_hours: 4
groups:
  forgotten: not pool_provisioned and (pool_hours_silent or 0) > 48
keyed_groups:
  - key: pool_versions.condor | default('none')
    prefix: condor
compose:
  days_silent: (pool_hours_silent or 0) / 24
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: ~/.cache/sitewright-pool
cache_timeout: 300

# ansible-inventory -i blueberry-pool.yml --graph
# ansible -i blueberry -i blueberry-pool.yml silent -m ping
"""

import json
import os
import subprocess
import sys
import tempfile
import typing as t
from pathlib import Path

from ansible import template
from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable

# In the environment of the survey: an inventory that names itself among its sources would ask for ever.
MARK = "SITEWRIGHT_GRID_SURVEY"
# ansible-core 2.18 marks nothing.
_TRUST: t.Callable[[str], str] = getattr(template, "trust_as_template", str)
GROUPS = ("provisioned", "unprovisioned", "never_seen", "silent", "incomplete")


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    """The inventory of a survey."""

    NAME = "sitewright.grid.pool"

    @property
    def _plugin(self) -> t.Any:
        """This plugin, without the types that Ansible's part of it lacks."""
        return self

    def _option(self, name: str) -> t.Any:
        return self._plugin.get_option(name)

    def verify_file(self, path: str) -> bool:
        """Tell whether a file may be for this plugin."""
        base: t.Any = super()
        return bool(base.verify_file(path)) and path.endswith(("pool.yml", "pool.yaml"))

    def parse(self, inventory: t.Any, loader: t.Any, path: str, cache: bool = True) -> None:
        """Fill the inventory with the hosts of the survey."""
        super().parse(inventory, loader, path, cache)
        self._data: t.Any = inventory
        self._plugin._read_config_data(path)
        survey = self._from_cache(path, cache)
        for name, source in survey["sources"].items():
            if not source["answered"]:
                self.display.warning(f"{path}: {name} has not answered: {source['error']}")
        for group in GROUPS:
            self._data.add_group(group)
        for name, record in survey["hosts"].items():
            self._add(name, record)

    def _add(self, name: str, record: dict[str, t.Any]) -> None:
        self._data.add_host(name)
        for group in groups_of(record, self._option("silent_hours")):
            self._data.add_child(group, name)
        variables = {f"pool_{key}": _plain(value) for key, value in record.items()}
        strict = self._option("strict")
        for key, value in variables.items():
            self._data.set_variable(name, key, value)
        self._plugin._set_composite_vars(self._option("compose"), variables, name, strict=strict)
        self._plugin._add_host_to_composed_groups(self._option("groups"), variables, name, strict=strict)
        self._plugin._add_host_to_keyed_groups(self._option("keyed_groups"), variables, name, strict=strict)

    def _from_cache(self, path: str, cache: bool) -> dict[str, t.Any]:
        """Return the survey of the cache where it may be used and has one, else a new one."""
        key = self.get_cache_key(path)
        wanted = self._option("cache")
        if wanted and cache:
            try:
                return t.cast("dict[str, t.Any]", self._cache[key])
            except KeyError:
                pass
        survey = self._survey(Path(path).resolve().parent)
        if wanted:
            self._cache[key] = survey
        return survey

    def _survey(self, directory: Path) -> dict[str, t.Any]:
        """Return a new survey."""
        if os.environ.get(MARK):
            raise AnsibleParserError("the inventory names itself among its sources: name only the site's own inventory")
        sources = [_resolve(source, directory) for source in self._option("sources")]
        with tempfile.TemporaryDirectory(prefix="sitewright-survey.") as temporary:
            result = Path(temporary) / "survey.json"
            argv = [
                *(sys.executable, "-m", "ansible", "playbook", "sitewright.grid.survey"),
                *(word for source in sources for word in ("--inventory", source)),
                *("--extra-vars", json.dumps({"survey_path": str(result)})),
                *self._option("arguments"),
            ]
            self._run(argv)
            survey: dict[str, t.Any] = json.loads(result.read_text(encoding="utf-8"))
        if not any(source["answered"] for source in survey["sources"].values()):
            reasons = [f"{name}: {source['error']}" for name, source in survey["sources"].items()]
            raise AnsibleParserError(f"no system of the site has answered: {'; '.join(reasons) or 'it has none'}")
        return survey

    def _run(self, argv: list[str]) -> None:
        environment = {**os.environ, MARK: "1", "ANSIBLE_NOCOLOR": "1", "ANSIBLE_FORCE_COLOR": "0"}
        timeout = self._option("timeout")
        try:
            done = subprocess.run(
                argv,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=timeout,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise AnsibleParserError(f"the survey did not end within {timeout} s: set timeout to more") from error
        if done.returncode != 0:
            raise AnsibleParserError(f"the survey has failed:\n{done.stdout.strip()[-3000:]}")


def _resolve(source: str, directory: Path) -> str:
    """Return a source as C(-i) takes it: a list of hosts as it is, a path from the directory of the file."""
    return source if "," in source else str(directory / Path(source).expanduser())


def _plain(value: t.Any) -> t.Any:
    """Return a value of a record with its strings marked as the inventory's own: the survey lets no template into them.

    Otherwise ansible-inventory --list shows each of them as a dictionary.
    """
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return _TRUST(value) if isinstance(value, str) else value


def groups_of(record: dict[str, t.Any], silent_hours: float) -> list[str]:
    """Return the groups of a host by its record."""
    groups = ["provisioned" if record["provisioned"] else "unprovisioned"]
    if record["state"] == "never_seen":
        groups.append("never_seen")
    # One of which it is not known for how long is silent.
    if record["state"] == "silent" and (record["hours_silent"] is None or record["hours_silent"] >= silent_hours):
        groups.append("silent")
    if record["state"] == "seen" and record["missing"]:
        groups.append("incomplete")
    return groups
