#!/usr/bin/python
# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: site_expiry_info
short_description: Tell until when a host's tokens, certificates and revocation lists are good
version_added: 0.1.0
author:
  - The sitewright.grid contributors (@sitewright)
description:
  - Reads HTCondor's tokens, X.509 certificates and certificate revocation lists (CRLs) of a host, and returns their
    dates.
  - It shows no token and no key, and checks no signature.
extends_documentation_fragment:
  - sitewright.grid.attributes
  - sitewright.grid.attributes.info
options:
  tokens:
    description:
      - Files with tokens (IDTOKENS), one in a line. Each may be a pattern.
    type: list
    elements: str
    default: [/etc/condor/tokens.d/*]
  certificates:
    description:
      - Files with the host's own certificates, PEM or DER. Each may be a pattern.
    type: list
    elements: str
    default: [/etc/grid-security/hostcert.pem]
  ca_directory:
    description:
      - A directory with certificates of authorities (C(*.pem)) and their CRLs (C(*.r0)), for example
        V(/etc/grid-security/certificates). A file that has several names there counts once.
    type: path
seealso:
  - module: sitewright.grid.condor_token
"""

EXAMPLES = r"""
- name: Look until when things are good
  sitewright.grid.site_expiry_info:
  register: looked

- name: Refuse to go on with a host certificate that ends within a week
  ansible.builtin.assert:
    that: __ends | min > looked.now + 604800
  vars:
    __ends: "{{ looked.expiries | selectattr('kind', '==', 'certificate') | map(attribute='expires') }}"
"""

RETURN = r"""
now:
  description:
    - When this was, in seconds since 1970, by the clock of the host.
  returned: success
  type: int
  sample: 1795578260
expiries:
  description:
    - What was found, in the order of its expiry.
  returned: success
  type: list
  elements: dict
  contains:
    kind:
      description: V(token), V(certificate), V(ca) or V(crl).
      type: str
    path:
      description: The file.
      type: str
    name:
      description: For whom a token is. Null for others.
      type: str
    issued:
      description: Since when it is good, in seconds since 1970.
      type: int
    expires:
      description: Until when it is good, in seconds since 1970. Null for ever.
      type: int
  sample:
    - {kind: token, path: /etc/condor/tokens.d/sitewright, name: worker1@execute.blueberry, issued: 1795578260,
       expires: 1798170260}
unreadable:
  description:
    - Files that were meant to hold one of these, and hold none.
  returned: success
  type: list
  elements: str
  sample: []
"""

import glob
import os
import time
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.sitewright.grid.plugins.module_utils._condor_token import parse_token
from ansible_collections.sitewright.grid.plugins.module_utils._expiry import parse_validities


def find(patterns: list[str]) -> list[str]:
    """Return the files that match, each once, whatever number of links lead there."""
    found: dict[str, str] = {}
    for pattern in patterns:
        for path in sorted(glob.glob(pattern)):
            if os.path.isfile(path):
                found.setdefault(os.path.realpath(path), path)
    return list(found.values())


def read_tokens(path: str) -> list[dict[str, t.Any]]:
    """Return what the tokens of a file say, without their signatures."""
    with open(path, encoding="utf-8", errors="replace") as file:
        lines = file.read().split()
    claims = filter(None, map(parse_token, lines))
    return [
        {"kind": "token", "path": path, "name": one.identity, "issued": one.issued, "expires": one.expires}
        for one in claims
    ]


def read_validities(path: str, certificate: str = "certificate") -> list[dict[str, t.Any]]:
    """Return the dates of the certificates and revocation lists of a file; certificate is what to call the former."""
    with open(path, "rb") as file:
        content = file.read()
    found = [{"path": path, "name": None, **one._asdict()} for one in parse_validities(content)]
    return [{**one, "kind": certificate if one["kind"] == "certificate" else one["kind"]} for one in found]


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "tokens": {
                "type": "list",
                "elements": "str",
                "default": ["/etc/condor/tokens.d/*"],
                "no_log": False,
            },
            "certificates": {
                "type": "list",
                "elements": "str",
                "default": ["/etc/grid-security/hostcert.pem"],
            },
            "ca_directory": {"type": "path"},
        },
        supports_check_mode=True,
    )
    authorities = module.params["ca_directory"]
    contents = {path: read_tokens(path) for path in find(module.params["tokens"])}
    contents.update({path: read_validities(path) for path in find(module.params["certificates"])})
    if authorities is not None:
        names = [os.path.join(glob.escape(authorities), name) for name in ("*.pem", "*.r0")]
        contents.update({path: read_validities(path, "ca") for path in find(names)})
    expiries = [expiry for found in contents.values() for expiry in found]
    module.exit_json(
        changed=False,
        now=int(time.time()),
        expiries=sorted(expiries, key=lambda one: (one["expires"] is None, one["expires"] or 0, one["path"])),
        unreadable=sorted(path for path, found in contents.items() if not found),
    )


if __name__ == "__main__":
    main()
