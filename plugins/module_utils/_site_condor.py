# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: the HTCondor part of the site model."""

from __future__ import annotations

import typing as t

from ansible_collections.sitewright.grid.plugins.module_utils._condor_pool_config import (
    token_authorizations,
    token_identity,
)
from ansible_collections.sitewright.grid.plugins.module_utils._site_addresses import literal
from ansible_collections.sitewright.grid.plugins.module_utils._site_condor_isolation import (
    CONDOR_ISOLATION_VARIABLES,
    build_isolation,
)
from ansible_collections.sitewright.grid.plugins.module_utils._site_condor_variables import CONDOR_VARIABLES
from ansible_collections.sitewright.grid.plugins.module_utils._site_faults import SITE, Findings, enumerate_names
from ansible_collections.sitewright.grid.plugins.module_utils._site_osg_worker import (
    check_knobs,
    private_directories,
)
from ansible_collections.sitewright.grid.plugins.module_utils._site_product import Host, Product, Serving
from ansible_collections.sitewright.grid.plugins.module_utils._site_variables import REFUSED, Settings

# What the hosts of each group run, in the words of the role condor.
CONDOR_GROUPS = {"condor_managers": "manager", "condor_submits": "submit", "condor_executes": "execute"}
# What the site model promises of security, and what HTCondor must be told for it.
_PROMISED = ("AUTHENTICATION", "ENCRYPTION", "INTEGRITY")


def build_condor(hosts: t.Mapping[str, Host], serving: Serving, settings: Settings) -> dict[str, t.Any] | None:
    """Return the part C(condor) of the model, or None where no group of HTCondor has a host."""
    if not any(serving[group] for group in CONDOR_GROUPS):
        return None
    findings = settings.findings
    managers = list(serving["condor_managers"])
    needing = [group for group in ("condor_submits", "condor_executes") if serving[group]]
    if needing and not managers:
        verb = "needs" if len(needing) == 1 else "need"
        findings.at(SITE, "condor_managers").refuse(
            f"has no host, but {enumerate_names(needing)} {verb} one: add a host to condor_managers"
        )
    if managers and all(hosts[name].retiring for name in managers):
        findings.at(SITE, "condor_managers").refuse(
            f"has only hosts that are in retiring ({enumerate_names(managers)}): add another central manager first"
        )
    _check_high_availability(managers, settings)
    for group, what in (("condor_submits", "no job can be submitted"), ("condor_executes", "no job will run")):
        if managers and not serving[group]:
            findings.at(SITE, group).warn(f"has no host: {what}")
    domain = settings.site("site_name")
    return {
        "managers": managers,
        "submits": list(serving["condor_submits"]),
        "executes": list(serving["condor_executes"]),
        "collectors": [hosts[name].address for name in managers],
        "trust_domain": settings.site("condor_trust_domain") or domain,
        "uid_domain": settings.site("condor_uid_domain") or domain,
        "token_lifetime": settings.site("condor_token_lifetime"),
    }


def build_condor_host(host: Host, serving: Serving, settings: Settings) -> dict[str, t.Any] | None:
    """Return the part C(condor) of a host, or None where it runs nothing of HTCondor."""
    daemons = [daemon for group, daemon in CONDOR_GROUPS.items() if host.name in serving[group]]
    if not daemons:
        return None

    def value(variable: str) -> t.Any:
        given = settings.host(host.name, variable)
        return None if given is REFUSED else given

    knobs = value("condor_knobs") or {}
    _check_security(host.name, knobs, settings.findings)
    isolation = build_isolation(host.name, value, settings.findings) if "execute" in daemons else None
    if isolation and host.name in serving["osg_workers"]:
        further = private_directories(host.name, isolation, settings)
        isolation["extra_directories"] = [*(isolation["extra_directories"] or []), *further]
        check_knobs(host.name, knobs, settings.findings)
    domain = settings.site("condor_trust_domain") or settings.site("site_name")
    # A central manager has the signing key, and its own daemons know one another without tokens.
    needs_token = "manager" not in daemons
    return {
        "daemons": daemons,
        "address": host.address if literal(host.address) else None,
        "knobs": knobs,
        "templates": value("condor_templates"),
        "retirement": value("condor_retirement"),
        "token": {
            "identity": token_identity(host.short_name, daemons, domain),
            "authorizations": token_authorizations(daemons),
        }
        if needs_token
        else None,
        "package_source": value("condor_package_source") or {"source": "distribution"},
        "purge": value("condor_purge"),
        "drain": {"schedule": value("condor_drain_schedule"), "timeout": value("condor_drain_timeout")},
        "isolation": isolation,
    }


def _check_high_availability(managers: t.Sequence[str], settings: Settings) -> None:
    """Refuse several central managers without the daemons that choose the one whose negotiator works."""
    if len(managers) < 2:
        return
    place = settings.findings.at(SITE, "condor_managers")
    lacking = [name for name in managers if "HAD_LIST" not in map(str.upper, settings.given(name, "condor_knobs"))]
    if lacking:
        place.refuse(
            f"has {len(managers)} hosts, but no high availability on {enumerate_names(lacking)}: leave one host in it, "
            "or set HAD_LIST, REPLICATION_LIST and DAEMON_LIST in condor_knobs of them all, as HTCondor's manual says"
        )
    else:
        place.warn(
            f"has {len(managers)} hosts: only {managers[0]} has the key that signs tokens; copy "
            "/etc/condor/passwords.d/POOL to the others yourself, or they accept no token"
        )


def _check_security(host: str, knobs: t.Mapping[str, t.Any], findings: Findings) -> None:
    """Warn of knobs that take back what the model promises of security."""
    for name, value in knobs.items():
        plain = name.upper()
        place = findings.at(host, "condor_knobs").key(name)
        if plain.startswith("SEC_") and plain.endswith(_PROMISED) and str(value).upper() != "REQUIRED":
            place.warn("is not REQUIRED: whoever reaches the network can take part in what it guards", value)
        if plain.startswith("ALLOW_") and not plain.startswith(("ALLOW_ADMIN_COMMANDS", "ALLOW_PSLOT")):
            bare = [
                word for word in str(value).replace(",", " ").split() if "@" not in word and word != "$(" + plain + ")"
            ]
            if bare:
                place.warn(
                    f"trusts addresses ({enumerate_names(bare)}): name identities, such as alice@example.org", value
                )


CONDOR = Product(
    name="condor",
    prefixes=("condor_",),
    groups=tuple(CONDOR_GROUPS),
    variables=CONDOR_VARIABLES + CONDOR_ISOLATION_VARIABLES,
    build_site=build_condor,
    build_host=build_condor_host,
)
