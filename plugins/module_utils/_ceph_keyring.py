# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: keyring files of Ceph, whose keys are made by ceph-authtool and by nothing else.

The files are read and written here: ceph-authtool takes keys from its command line only, where every user sees them,
starts once per entity, and truncates the file that it changes.
"""

from __future__ import annotations

import base64
import os
import re
import struct
import typing as t
from dataclasses import dataclass, field, replace

from ansible_collections.sitewright.grid.plugins.module_utils._ceph_conf import ConfError, parse_items
from ansible_collections.sitewright.grid.plugins.module_utils._cli import Cli
from ansible_collections.sitewright.grid.plugins.module_utils._private_file import read_text

# What ceph-authtool of Ceph 18.2.7 takes as TYPE.ID; the monitors share the entity "mon.".
ENTITY_NAME = re.compile(r"(?:auth|mon|osd|mds|mgr|client)\.[^\s\[\]]*")

# Key type in a key's first two bytes: its name, and the length of its secret in bytes (CryptoKey in Ceph's source).
_TYPES = {1: ("aes", 16), 2: ("aes256k", 32)}
_HEADER = struct.Struct("<HIIH")  # type, created (seconds, nanoseconds), length of the secret


class KeyringError(ValueError):
    """A keyring, a key or a wish that cannot be worked with; the text names no key."""


@dataclass
class Entity:
    """An entity of a keyring; a key of None is still to be made. auid is kept for releases before Nautilus."""

    key: str | None
    caps: dict[str, str] = field(default_factory=dict)
    auid: str | None = None


Keyring = dict[str, Entity]


class Wanted(t.NamedTuple):
    """An entity that has to be there: key None is any key, caps None is any capabilities."""

    name: str
    key: str | None
    caps: dict[str, str] | None


def key_type(key: str) -> str:
    """Return C(aes) or C(aes256k) for a key in base64. Raises KeyringError with what is wrong, without the key."""
    try:
        raw = base64.b64decode(key, validate=True)
    except ValueError:
        raise KeyringError("the key is not valid base64") from None
    if len(raw) < _HEADER.size:
        raise KeyringError(f"the key is cut short: {len(raw)} bytes, expected 28 (aes) or 44 (aes256k)")
    number, _seconds, _nanoseconds, length = _HEADER.unpack_from(raw)
    if number not in _TYPES:
        raise KeyringError(f"the key has the unknown type {number}, expected 1 (aes) or 2 (aes256k)")
    name, size = _TYPES[number]
    if not length == len(raw) - _HEADER.size == size:
        found = len(raw) - _HEADER.size
        raise KeyringError(f"the {name} key says {length} bytes of secret and has {found}, expected {size}")
    return name


def parse_keyring(text: str) -> Keyring:
    """Return the entities of a keyring file. Raises ConfError with the number of a damaged line."""
    keyring: Keyring = {}
    headers: dict[str, int] = {}
    for item in parse_items(text):
        headers.setdefault(item.section, item.line)
        if not ENTITY_NAME.fullmatch(item.section):
            raise ConfError(item.line, "the section is no entity TYPE.ID, such as [client.admin]")
        entity = keyring.setdefault(item.section, Entity(key=None))
        if item.option == "key":
            try:
                key_type(item.value)
            except KeyringError as error:
                raise ConfError(item.line, f"{error} ({item.section})") from None
            entity.key = item.value
        elif item.option.startswith("caps_"):
            entity.caps[item.option[len("caps_") :]] = item.value
        elif item.option == "auid":
            entity.auid = item.value
        elif item.option:
            raise ConfError(item.line, f"expected 'key', 'caps ...' or 'auid' ({item.section})")
    for name, entity in keyring.items():
        if entity.key is None:
            raise ConfError(headers[name], f"{name} has no key")
    return keyring


def read_keyring(path: str) -> Keyring:
    """Return the entities of the file, none where there is no file. Raises KeyringError for a damaged one."""
    try:
        return parse_keyring(read_text(path) or "")
    except ConfError as error:
        raise KeyringError(f"the keyring {path} is damaged, {error}; restore it, or remove it if it can go") from None


def render_keyring(keyring: Keyring) -> str:
    """Return the text of a keyring file."""
    lines = []
    for name, entity in keyring.items():
        lines += [f"[{name}]", f"\tkey = {entity.key}"]
        if entity.auid is not None:
            lines.append(f"\tauid = {entity.auid}")
        for service, caps in sorted(entity.caps.items()):
            # Ceph's parser takes # and ; for a comment even between quotes.
            escaped = re.sub(r'([\\"#;])', r"\\\1", caps)
            lines.append(f'\tcaps {service} = "{escaped}"')
    return "".join(f"{line}\n" for line in lines)


def plan_keyring(have: Keyring, wanted: t.Iterable[Wanted], replace_keys: bool) -> Keyring:
    """Return the keyring as it has to be; an entity that is new and comes without a key has the key None in it.

    Raises KeyringError where an entity has another key than the wanted one, unless keys may be replaced.
    """
    after = dict(have)
    for name, key, caps in wanted:
        entity = after.get(name, Entity(key=None))
        if key is not None and entity.key not in (None, key) and not replace_keys:
            raise KeyringError(f"{name} is there with another key than the given one: check both, or set replace_keys")
        after[name] = replace(entity, key=key or entity.key, caps=entity.caps if caps is None else dict(caps))
    return after


def describe(keyring: Keyring, before: Keyring | None = None) -> dict[str, t.Any]:
    """Return the keyring without its keys, for a diff; before marks those keys that are new."""
    shown = {}
    for name, entity in keyring.items():
        if entity.key is None:
            key = "generated"
        elif before and name in before and before[name].key != entity.key:
            key = f"{key_type(entity.key)}, replaced"
        else:
            key = f"{key_type(entity.key)}, present"
        shown[name] = {"key": key, "caps": dict(sorted(entity.caps.items()))}
    return shown


def generate_argv(executable: str) -> list[str]:
    """Return the command that makes a key; that of cauthtool, which cannot print one, lacks the file at its end."""
    if os.path.basename(executable) == "cauthtool":
        return [executable, "--create-keyring", "--gen-key", "-n", "client.new"]
    return [executable, "--gen-print-key"]


def generation_commands(keyring: Keyring, executable: str) -> list[list[str]]:
    """Return the commands that complete() will run for this keyring."""
    return [generate_argv(executable) for entity in keyring.values() if entity.key is None]


def complete(cli: Cli, keyring: Keyring, executable: str) -> Keyring:
    """Return the keyring with a new key for every entity that lacks one."""
    return {
        name: entity if entity.key else replace(entity, key=_generate(cli, executable))
        for name, entity in keyring.items()
    }


def _generate(cli: Cli, executable: str) -> str:
    argv = generate_argv(executable)
    if argv[-1] == "--gen-print-key":
        key: str | None = cli.run(argv).stdout.strip()
    else:
        # Ansible's own directory for this task: private, and removed when the task ends.
        path = os.path.join(cli.module.tmpdir, "generated.keyring")
        cli.run([*argv, path])
        made = read_keyring(path).get("client.new")
        os.unlink(path)
        key = made.key if made else None
    if not key:
        raise KeyringError(f"{executable} made no key")
    key_type(key)
    return key
