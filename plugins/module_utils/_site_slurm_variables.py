# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: the variables with which an inventory describes Slurm."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.sitewright.grid.plugins.module_utils._site_faults import Place
from ansible_collections.sitewright.grid.plugins.module_utils._site_values import (
    boolean,
    each,
    keys,
    mapping,
    number,
    text,
    wrong_type,
)
from ansible_collections.sitewright.grid.plugins.module_utils._site_variables import REFUSED, Check, Variable
from ansible_collections.sitewright.grid.plugins.module_utils._slurm_conf import OWNED

NAME = r"[A-Za-z][A-Za-z0-9_-]{0,62}"
# What a node's line and a partition's have from elsewhere.
_OF_NODE = {
    "nodename": "slurm_nodes",
    "nodehostname": "the host's own name",
    "nodeaddr": "site_address",
    "cpus": "the host itself",
    "boards": "the host itself",
    "sockets": "the host itself",
    "socketsperboard": "the host itself",
    "corespersocket": "the host itself",
    "threadspercore": "the host itself",
    "realmemory": "slurm_memory_percent",
    "feature": "slurm_features",
    "features": "slurm_features",
    "gres": "slurm_gres",
}
_OF_PARTITION = {"partitionname": "its name", "nodes": "groups", "default": "default", "maxtime": "max_time"}


def parameters(owned: t.Mapping[str, str], line: bool) -> Check:
    """Return a check for parameters of Slurm, none of them owned; on a line with others they have no blanks."""

    def check_one(place: Place, name: str, value: t.Any) -> t.Any:
        if re.fullmatch(r"[A-Za-z][A-Za-z0-9]*", name) is None:
            place.refuse("is no name of a parameter: use letters and digits")
            return REFUSED
        if name.lower() in owned:
            place.refuse(f"belongs to the site model: remove it, it follows from {owned[name.lower()]}", value)
            return REFUSED
        items = value if isinstance(value, list) else [value]
        if not all(isinstance(item, (str, int, float)) for item in items):
            return wrong_type(place, value, "the value of a parameter", "300, true or [debug, steps]")
        if re.search(r"[\n#]" + (r"|\s" if line else ""), ",".join(map(str, items))):
            blanks = ", a blank" if line else ""
            place.refuse(f"has a line break{blanks} or # in it, which would end it there: remove it", value)
            return REFUSED
        return value

    def check(place: Place, value: t.Any) -> t.Any:
        if not isinstance(value, dict):
            return wrong_type(place, value, "a dictionary of parameters", "{PriorityType: priority/multifactor}")
        checked = {name: check_one(place.key(name), name, item) for name, item in value.items() if item is not None}
        return REFUSED if REFUSED in checked.values() else checked

    return check


_TIME = text(
    "a time limit",
    "2-00:00:00",
    r"\d+|\d+:\d\d(:\d\d)?|\d+-\d\d?(:\d\d(:\d\d)?)?|UNLIMITED|INFINITE",
    "write minutes, [days-]hours:minutes:seconds, or UNLIMITED; in quotes",
)


def _partition(place: Place, value: t.Any) -> t.Any:
    if not isinstance(value, dict):
        return wrong_type(place, value, "a dictionary", "{groups: [slurm_nodes], default: true}")
    checked = keys(
        groups=each(text("a group", "slurm_nodes"), "a list of groups", "[slurm_nodes]"),
        default=boolean,
        max_time=_TIME,
        parameters=parameters(_OF_PARTITION, line=True),
    )(place, value)
    if checked is REFUSED:
        return REFUSED
    return {
        "groups": checked["groups"] or ["slurm_nodes"],
        "default": bool(checked["default"]),
        "max_time": checked["max_time"],
        "parameters": checked["parameters"] or {},
    }


def _named(check: Check, what: str) -> Check:
    """Return the check of a dictionary whose keys have to be names."""

    def check_names(place: Place, value: t.Any) -> t.Any:
        checked = check(place, value)
        wrong = [] if checked is REFUSED else [name for name in checked if not re.fullmatch(NAME, str(name))]
        for name in wrong:
            place.key(name).refuse(f"is no name of a {what}: begin with a letter, and use letters, digits, _ and -")
        return REFUSED if wrong else checked

    return check_names


def _percent(place: Place, value: t.Any) -> t.Any:
    checked = number(10)(place, value)
    if checked is not REFUSED and checked > 100:
        place.refuse("is above 100: lower it", value)
        return REFUSED
    return checked


SLURM_VARIABLES = (
    Variable(
        "slurm_partitions",
        "site",
        "dictionary of partitions",
        {},
        _named(mapping(_partition, "a dictionary of partitions", "{work: {groups: [slurm_nodes]}}"), "partition"),
        "The partitions, see below. Without any, one that is called work and has all nodes.",
    ),
    Variable(
        "slurm_parameters",
        "site",
        "dictionary of parameters",
        {},
        parameters(OWNED, line=False),
        "Parameters for slurm.conf, which win over what the role writes there.",
    ),
    Variable(
        "slurm_features",
        "host",
        "list of features",
        [],
        each(text("a feature", "avx512", r"[A-Za-z][A-Za-z0-9_.-]*"), "a list of features", "[avx512, rack3]"),
        "Features of the node, which jobs ask for with --constraint.",
    ),
    Variable(
        "slurm_gres",
        "host",
        "dictionary of name to number",
        {},
        _named(mapping(number(1), "a dictionary of name to number", "{license: 2}"), "generic resource"),
        "Generic resources of the node that are only counted, which jobs ask for with --gres.",
    ),
    Variable(
        "slurm_memory_percent",
        "host",
        "number",
        95,
        _percent,
        "How much of the node's memory jobs may have, in percent. The rest is for its system.",
    ),
    Variable(
        "slurm_node_parameters",
        "host",
        "dictionary of parameters",
        {},
        parameters(_OF_NODE, line=True),
        "Further parameters for the node's line in slurm.conf, for example Weight.",
    ),
)
