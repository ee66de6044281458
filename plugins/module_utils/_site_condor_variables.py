# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: the variables with which an inventory describes an HTCondor pool."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.sitewright.grid.plugins.module_utils._site_faults import Place
from ansible_collections.sitewright.grid.plugins.module_utils._site_values import (
    boolean,
    choice,
    each,
    keys,
    number,
    text,
    wrong_type,
)
from ansible_collections.sitewright.grid.plugins.module_utils._site_variables import REFUSED, Variable

# Knobs that the model computes, and what decides them.
_OWNED = {
    "CONDOR_HOST": "condor_managers",
    "COLLECTOR_HOST": "condor_managers",
    "NETWORK_INTERFACE": "site_address",
    "TRUST_DOMAIN": "condor_trust_domain",
    "UID_DOMAIN": "condor_uid_domain",
}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*")


def _knob(place: Place, name: str, value: t.Any) -> t.Any:
    if _NAME.fullmatch(name) is None:
        place.refuse("is no name of a knob: use letters, digits, underscores and dots")
        return REFUSED
    if name.upper() in _OWNED:
        place.refuse(f"belongs to the site model: remove it, it follows from {_OWNED[name.upper()]}", value)
        return REFUSED
    items = value if isinstance(value, list) else [value]
    if not all(isinstance(item, (str, int, float)) for item in items):
        return wrong_type(place, value, "the value of a knob", "true, 300, '$(CPUS) > 2' or [/tmp, /var/tmp]")
    if str(items[-1] if items else "").rstrip().endswith("\\"):
        place.refuse("ends in a backslash, with which HTCondor takes the next line for a part of it: remove it", value)
        return REFUSED
    return value


def knobs(place: Place, value: t.Any) -> t.Any:
    """Check a dictionary of knobs; one that is null is left out."""
    if not isinstance(value, dict):
        return wrong_type(place, value, "a dictionary of knobs", "{START: true}")
    checked = {name: _knob(place.key(name), name, item) for name, item in value.items() if item is not None}
    return REFUSED if REFUSED in checked.values() else checked


def _source(place: Place, value: t.Any) -> t.Any:
    if not isinstance(value, dict):
        return wrong_type(place, value, "a dictionary", "{source: htcondor, series: 25, channel: lts}")
    checked = keys(
        source=choice("distribution", "htcondor", "osg"),
        series=number(23),
        channel=choice("lts", "feature"),
        baseurl=text("a URL", "https://example.org/htcondor", r"(https?|file)://\S+"),
    )(place, value)
    if checked is REFUSED:
        return REFUSED
    given = {name: item for name, item in checked.items() if item is not None}
    if given.setdefault("source", "distribution") != "htcondor" and len(given) > 1:
        place.refuse("has series, channel or baseurl, which only the source htcondor has: remove them", value)
        return REFUSED
    return given


_DOMAIN = text("a domain", "blueberry.example.org", r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_TEMPLATE = text("a template", "FEATURE:GPUs", r"[A-Za-z]+:\S.*")

CONDOR_VARIABLES = (
    Variable(
        "condor_knobs",
        "host",
        "dictionary of knob to value",
        {},
        knobs,
        "Knobs of HTCondor's configuration, which win over what the model writes there; see below.",
        merged=True,
    ),
    Variable(
        "condor_templates",
        "host",
        "list of templates",
        [],
        each(_TEMPLATE, "a list of templates", "[FEATURE:GPUs]"),
        "Templates (metaknobs) that are used beside those of the host's roles.",
    ),
    Variable(
        "condor_trust_domain",
        "site",
        "domain",
        None,
        _DOMAIN,
        "The domain that issues the pool's tokens, TRUST_DOMAIN. Without it site_name.",
    ),
    Variable(
        "condor_uid_domain",
        "site",
        "domain",
        None,
        _DOMAIN,
        "The domain in which a user is the same person on every host, UID_DOMAIN. Without it site_name.",
    ),
    Variable(
        "condor_retirement",
        "host",
        "number",
        86400,
        number(0),
        "How many seconds a job may go on when its execution point is drained, MAXJOBRETIREMENTTIME.",
    ),
    Variable(
        "condor_token_lifetime",
        "site",
        "number",
        None,
        number(60),
        "For how many seconds a host's token is good; a run renews it in the last third. Without it, for ever.",
    ),
    Variable(
        "condor_package_source",
        "host",
        "dictionary",
        None,
        _source,
        "Where HTCondor's packages come from, see below. Without it the distribution.",
    ),
    Variable(
        "condor_purge",
        "host",
        "boolean",
        False,
        boolean,
        "Whether files of others are removed from /etc/condor/config.d, all that HTCondor reads there.",
    ),
    Variable(
        "condor_drain_schedule",
        "host",
        "graceful, quick or fast",
        "graceful",
        choice("graceful", "quick", "fast"),
        "How an execution point is emptied before a restart: jobs may end, are told to, or are killed.",
    ),
    Variable(
        "condor_drain_timeout",
        "host",
        "number",
        3600,
        number(1),
        "How many seconds the draining may take before a run gives up; the next run goes on.",
    ),
)
