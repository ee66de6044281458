# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: how the hosts of a pool are configured, and who may do what in it.

Daemons of different hosts prove who they are with tokens (IDTOKENS); those of one host, and its users, with FS, by the
file system. A token is for the identity HOST@KINDS.TRUST_DOMAIN, where KINDS says what the host is. ALLOW lists name
kinds, so that another host needs no change of the manager; a token's scopes limit it to what such a host does.
"""

from __future__ import annotations

import typing as t

from ansible_collections.sitewright.grid.plugins.module_utils._drain import MARK

# What a host can be: the template of each kind, and what its token is good for.
KINDS = {"manager": "CentralManager", "submit": "Submit", "execute": "Execute"}
AUTHORIZATIONS = {
    "manager": (),
    # DAEMON only for the negotiator, which the access point tells of new jobs; see allow_lists().
    "submit": ("ADVERTISE_MASTER", "ADVERTISE_SCHEDD", "DAEMON", "READ"),
    "execute": ("ADVERTISE_MASTER", "ADVERTISE_STARTD", "READ"),
}
_REMOTE = ("submit", "execute")
# The daemons of this host, whether they know one another from their birth or prove it by the file system.
_LOCAL = ("condor@$(UID_DOMAIN)", "condor@family", "condor@child", "condor@parent")
# The collector remembers execution points of which it hears no more, whether they were stopped or died, for 30 days: so
# it can be told since when a host is silent. Those that were drained to retire it forgets.
RETIRED = "retired"
_MEMORY = {
    "ABSENT_REQUIREMENTS": f'SlotType =!= "Dynamic" && DrainReason =!= "{MARK}{RETIRED}"',
    "EXPIRE_INVALIDATED_ADS": True,
    "COLLECTOR_PERSISTENT_AD_LOG": "$(SPOOL)/absent_machines",
}
_ROOT = "root@$(UID_DOMAIN)"


def token_identity(host: str, daemons: t.Iterable[str], trust_domain: str) -> str:
    """Return for whom the token of a host is that runs these daemons."""
    return f"{host}@{_kinds(daemons)}.{trust_domain}"


def token_authorizations(daemons: t.Iterable[str]) -> list[str]:
    """Return what the token of a host is good for that runs these daemons."""
    return sorted({authorization for daemon in daemons for authorization in AUTHORIZATIONS[daemon]})


def _kinds(daemons: t.Iterable[str]) -> str:
    return "-".join(kind for kind in _REMOTE if kind in daemons)


def _tokens_of(*wanted: str) -> list[str]:
    """Return the identities of all hosts that run one of these daemons."""
    kinds = [_kinds(daemons) for daemons in (("submit",), ("execute",), ("submit", "execute"))]
    return [f"*@{kind}.$(TRUST_DOMAIN)" for kind in kinds if set(kind.split("-")) & set(wanted)]


def allow_lists(daemons: t.Container[str]) -> dict[str, list[str]]:
    """Return who may do what on a host that runs these daemons: identities only, no address."""
    users = "*@$(UID_DOMAIN)"
    allow = {
        "ALLOW_READ": [users, *_LOCAL[1:]],
        "ALLOW_WRITE": [users if "submit" in daemons else _ROOT, *_LOCAL],
        "ALLOW_ADMINISTRATOR": [_ROOT, *_LOCAL],
        "ALLOW_DAEMON": [*_LOCAL],
        "ALLOW_NEGOTIATOR": [*_LOCAL],
    }
    if "manager" in daemons:
        # Levels of single daemons: where an access point runs beside the manager, its schedd takes no token. To be
        # allowed to advertise implies to read, so these are for the collector alone, too.
        everybody = _tokens_of("submit", "execute")
        allow["ALLOW_READ_COLLECTOR"] = [*allow["ALLOW_READ"], *everybody]
        allow["ALLOW_READ_NEGOTIATOR"] = [*allow["ALLOW_READ"], *_tokens_of("submit")]
        allow["ALLOW_DAEMON_NEGOTIATOR"] = [*_LOCAL, *_tokens_of("submit")]
        allow["ALLOW_ADVERTISE_MASTER_COLLECTOR"] = [*_LOCAL, *everybody]
        allow["ALLOW_ADVERTISE_SCHEDD_COLLECTOR"] = [*_LOCAL, *_tokens_of("submit")]
        allow["ALLOW_ADVERTISE_STARTD_COLLECTOR"] = [*_LOCAL, *_tokens_of("execute")]
    return allow


def pool_sections(
    daemons: t.Collection[str],
    collectors: t.Sequence[str],
    trust_domain: str,
    uid_domain: str,
    address: str | None = None,
    templates: t.Sequence[str] = (),
    retirement: int | None = None,
    computed: t.Mapping[str, t.Any] | None = None,
    knobs: t.Mapping[str, t.Any] | None = None,
) -> list[dict[str, t.Any]]:
    """Return the sections of a host's configuration, in their order, as the module condor_config takes them.

    What comes later wins: computed knobs over those of the pool, and the operator's knobs over all.
    """
    pool: dict[str, t.Any] = {
        "CONDOR_HOST": collectors[0],
        "COLLECTOR_HOST": ", ".join(collectors),
        "TRUST_DOMAIN": trust_domain,
        "UID_DOMAIN": uid_domain,
        # The access points have proven who they are; a name in DNS would prove less.
        "TRUST_UID_DOMAIN": True,
        # An upgraded package must not restart daemons by itself, jobs or not: upgrade.yml does, and drains before.
        "MASTER_NEW_BINARY_RESTART": "NEVER",
    }
    if address:
        pool["NETWORK_INTERFACE"] = address
    if "execute" in daemons and retirement is not None:
        # Without it a graceful drain evicts running jobs at once.
        pool["MAXJOBRETIREMENTTIME"] = retirement
    if "manager" in daemons:
        pool.update(_MEMORY)
    levels = ("DEFAULT", "READ", "CLIENT")
    security: dict[str, t.Any] = {
        f"SEC_{level}_{what}": "REQUIRED" for level in levels for what in ("AUTHENTICATION", "ENCRYPTION", "INTEGRITY")
    }
    security["SEC_DEFAULT_AUTHENTICATION_METHODS"] = "FS, IDTOKENS"
    return [
        _section("Security: who may do what, and how it is proven", knobs={**security, **allow_lists(daemons)}),
        _section("What this host is, whatever files before this one say", knobs={"DAEMON_LIST": "MASTER"}),
        _section(
            "The daemons, and features of the site",
            use=[*(f"ROLE:{KINDS[kind]}" for kind in KINDS if kind in daemons), *templates],
        ),
        _section("The pool", knobs=pool),
        _section("What follows from the host and its other services", knobs=computed),
        _section("The site's own knobs (condor_knobs)", knobs=knobs),
    ]


def _section(title: str, use: t.Sequence[str] = (), knobs: t.Mapping[str, t.Any] | None = None) -> dict[str, t.Any]:
    present = {name: value for name, value in (knobs or {}).items() if value is not None}
    return {"title": title, "use": list(use), "knobs": present}
