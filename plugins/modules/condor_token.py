#!/usr/bin/python
# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: condor_token
short_description: Make the token with which a host's HTCondor daemons prove who they are
version_added: 0.1.0
author:
  - The sitewright.grid contributors (@sitewright)
description:
  - Keeps a token (IDTOKENS) in a file. What the token there claims is compared with what is wanted, and its expiry with
    the time; only where it will not do it is replaced.
  - Only the central manager, which has the signing key, can make a token. For another host the module runs three times.
    On the host in check mode, to see whether a token is needed; on the central manager without O(path), to make it; and
    on the host with O(token), to put it there. The example shows it.
  - Tokens are neither shown nor given to a command as an argument.
extends_documentation_fragment:
  - sitewright.grid.attributes
  - sitewright.grid.attributes.full
attributes:
  check_mode:
    details:
      - No token is made in check mode, and O(token) is not needed.
  idempotent:
    support: partial
    details:
      - With O(path) it changes nothing while the token there will do. Without, each call makes another token.
options:
  path:
    description:
      - The file of the token. Its directory is made where it is missing. Without it, a token is made and returned.
    type: path
  identity:
    description:
      - Who the token is for, for example V(worker1@execute.example.org).
    type: str
    required: true
  issuer:
    description:
      - The C(TRUST_DOMAIN) of the pool.
    type: str
    required: true
  key:
    description:
      - The name of the signing key.
    type: str
    default: POOL
  authorizations:
    description:
      - What the token is good for, in the words of C(condor_token_create -authz).
    type: list
    elements: str
    required: true
  lifetime:
    description:
      - For how many seconds a new token is good. Without it, for ever.
    type: int
  renew_before:
    description:
      - How many seconds before its end a token is replaced. Without it, a third of O(lifetime).
    type: int
  max_age:
    description:
      - A token that was made longer ago than so many seconds is replaced. The old one stays good for whoever has a
        copy, until its end, or until its signing key goes, see M(sitewright.grid.condor_signing_key).
    type: int
  token:
    description:
      - A token that was made elsewhere, to be put into O(path).
    type: str
seealso:
  - module: sitewright.grid.condor_config
"""

EXAMPLES = r"""
- name: See whether the host needs a token
  sitewright.grid.condor_token: &token
    path: /etc/condor/tokens.d/sitewright
    identity: worker1@execute.example.org
    issuer: example.org
    authorizations: [READ, ADVERTISE_MASTER, ADVERTISE_STARTD]
    lifetime: 2592000
  check_mode: true
  register: needed

- name: Make the token on the central manager
  sitewright.grid.condor_token:
    identity: worker1@execute.example.org
    issuer: example.org
    authorizations: [READ, ADVERTISE_MASTER, ADVERTISE_STARTD]
    lifetime: 2592000
  delegate_to: head1
  register: made
  when: needed is changed
  no_log: true

- name: Install the token
  sitewright.grid.condor_token:
    <<: *token
    token: "{{ made.token }}"
  when: needed is changed
  no_log: true
"""

RETURN = r"""
token:
  description:
    - The token that was made.
  returned: when no O(path) is given, not in check mode
  type: str
reason:
  description:
    - Why another token is needed; V(null) where the one in O(path) will do.
  returned: when O(path) is given
  type: str
  sample: it expires soon
commands:
  description:
    - The commands that were run, or would be in check mode, quoted for pasting.
  returned: success
  type: list
  elements: str
  sample:
    - condor_token_create -identity worker1@execute.example.org -key POOL -authz READ
"""

import os
import time
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.sitewright.grid.plugins.module_utils._cli import Cli, Completed
from ansible_collections.sitewright.grid.plugins.module_utils._condor_token import (
    Claims,
    parse_token,
    token_words,
    why_needed,
)
from ansible_collections.sitewright.grid.plugins.module_utils._plan import Plan
from ansible_collections.sitewright.grid.plugins.module_utils._private_file import read_text, write_private


def make(cli: Cli, words: list[str]) -> str:
    """Return a new token; it is printed by the command and goes nowhere else."""

    def explain(done: Completed) -> str:
        reason = " ".join(done.stderr.split()) or "it printed nothing"
        return f"No token was made, for this host has no signing key, or cannot read it: {reason}"

    return cli.run(words, explain=explain).stdout.strip()


def mend(cli: Cli, path: str, wanted: Claims, have: Claims | None, reason: str | None, words: list[str]) -> Plan:
    """Return what is to be done about the file, and do it unless in check mode."""
    module = cli.module
    owned = os.path.exists(path) and os.stat(path).st_mode & 0o077 == 0
    plan = Plan(
        {"token": have and have.shown(), "private": owned if have else None},
        {"token": wanted.shown(), "private": True},
        [] if reason is None or module.params["token"] else [words],
    )
    if reason and not plan.changed:  # the same claims once more, for longer
        plan.before["renewed"], plan.after["renewed"] = False, True
    if not plan.changed or module.check_mode:
        return plan
    if reason is None:
        os.chmod(path, 0o600)
        return plan
    token = module.params["token"] or make(cli, words)
    if why_needed(parse_token(token), wanted, module.params["lifetime"], 0, time.time()):
        cli.fail("The token that was given claims something else than it should. It was not installed.")
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    write_private(path, f"{token}\n")
    return plan


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path"},
            "identity": {"type": "str", "required": True},
            "issuer": {"type": "str", "required": True},
            "key": {"type": "str", "default": "POOL", "no_log": False},
            "authorizations": {"type": "list", "elements": "str", "required": True},
            "lifetime": {"type": "int"},
            "renew_before": {"type": "int"},
            "max_age": {"type": "int"},
            "token": {"type": "str", "no_log": True},
        },
        supports_check_mode=True,
    )
    cli = Cli(module)
    params: dict[str, t.Any] = module.params
    lifetime: int | None = params["lifetime"]
    authorizations = sorted(set(params["authorizations"]))
    wanted = Claims(
        params["issuer"],
        params["key"],
        params["identity"],
        tuple(authorizations),
        None if lifetime is None else int(time.time()) + lifetime,
        int(time.time()),
    )
    words = token_words(params["identity"], authorizations, params["key"], lifetime)
    if params["path"] is None:
        made = {} if module.check_mode else {"token": make(cli, words)}
        module.exit_json(**{**Plan(commands=[words]).result(), **made})
    text = read_text(params["path"])
    have = None if text is None else parse_token(text)
    renew_before = params["renew_before"]
    if renew_before is None:
        renew_before = (lifetime or 0) // 3
    reason = why_needed(have, wanted, lifetime, renew_before, time.time(), params["max_age"])
    module.exit_json(**{**mend(cli, params["path"], wanted, have, reason, words).result(), "reason": reason})


if __name__ == "__main__":
    main()
