# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: running Ceph daemons: whether they serve, and what a ceph.conf would change for them."""

from __future__ import annotations

import time
import typing as t

from ansible_collections.sitewright.grid.plugins.module_utils import _ceph_socket
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_conf import Conf, effective
from ansible_collections.sitewright.grid.plugins.module_utils._ceph_socket import NoAnswerError
from ansible_collections.sitewright.grid.plugins.module_utils._cli import Cli
from ansible_collections.sitewright.grid.plugins.module_utils._systemd import Systemd

KINDS = ("mon", "mgr", "osd", "mds")
# What each kind of daemon is asked, and which of its states mean that it serves.
_QUESTIONS = {"mon": "mon_status", "osd": "status", "mds": "status", "mgr": "version"}
_SERVING = {"mon": ("leader", "peon"), "osd": ("active",), "mds": ("up:active", "up:standby", "up:standby-replay")}
# How to find the monitors and who one is: a running daemon has learned better, and a restart changes nothing.
NO_RESTART = frozenset({"mon_host", "mon_initial_members", "mon_dns_srv_name", "fsid", "host", "keyring"})
_PAUSE = 0.25  # seconds between two looks
_LOOKS_PER_UNIT_CHECK = 20


def unit_name(name: str) -> str:
    """Return the systemd unit of the daemon TYPE.ID."""
    kind, _dot, identity = name.partition(".")
    return f"ceph-{kind}@{identity}.service"


def target_names(names: t.Iterable[str]) -> list[str]:
    """Return the systemd targets that start these daemons at boot."""
    kinds = dict.fromkeys(name.partition(".")[0] for name in names)
    return [*(f"ceph-{kind}.target" for kind in kinds), "ceph.target"]


def socket_of(name: str, conf: Conf) -> str:
    """Return the admin socket of the daemon TYPE.ID."""
    return _ceph_socket.socket_path(name, effective(conf, name))


def state_of(name: str, path: str) -> str:
    """Return what the daemon says of its state, for example C(active) or C(probing). Raises NoAnswerError.

    A daemon that is starting does not know all its requests yet. Asking what it knows first keeps its log clean.
    """
    question = _QUESTIONS[name.partition(".")[0]]
    if question not in _ceph_socket.ask(path, "help"):
        raise NoAnswerError("it is starting")
    return str(_ceph_socket.ask(path, question).get("state", "running"))


def quorum_of(path: str) -> list[str]:
    """Return the ids of the monitors in the quorum, as the monitor at this socket sees it. Raises NoAnswerError."""
    status = _ceph_socket.ask(path, "mon_status")
    in_quorum = set(status["quorum"])
    return [monitor["name"] for monitor in status["monmap"]["mons"] if monitor["rank"] in in_quorum]


def is_serving(name: str, state: str) -> bool:
    """Tell whether a daemon in this state does its work (a monitor: is in the quorum; an MDS: at least stands by)."""
    return state in _SERVING.get(name.partition(".")[0], (state,))


def wait_until_serving(
    cli: Cli, conf: Conf, names: t.Iterable[str], timeout: int, answering: t.Container[str] = ()
) -> None:
    """Wait at most timeout seconds for these daemons, and end the module if one does not come up.

    For the daemons in answering it is enough that they answer at all.
    """
    systemd = Systemd(cli)
    pending = dict.fromkeys(names, "it does not answer")
    deadline = time.monotonic() + timeout
    looks = 0
    while True:
        for name in list(pending):
            try:
                pending[name] = state_of(name, socket_of(name, conf))
            except NoAnswerError as error:
                pending[name] = str(error)
                continue
            if name in answering or is_serving(name, pending[name]):
                del pending[name]
        if not pending:
            return
        looks += 1
        failed = []
        if looks % _LOOKS_PER_UNIT_CHECK == 0:
            units = systemd.units([unit_name(name) for name in pending])
            failed = [name for name in pending if units[unit_name(name)].failed]
        if failed or time.monotonic() > deadline:
            name = failed[0] if failed else next(iter(pending))
            why = "its unit has failed" if failed else f"it is not up after {timeout} s"
            words = systemd.last_words(unit_name(name))
            cli.fail(f"{name}: {why} (state: {pending[name]}). The last lines of {unit_name(name)}: {words}")
        time.sleep(_PAUSE)


def ok_to_stop_argv(conf: str, entity: str, keyring: str, names: list[str]) -> list[str]:
    """Return the command that asks the cluster whether it can spare these daemons of one kind together."""
    kind = names[0].partition(".")[0]
    ceph = ["ceph", "--conf", conf, "--name", entity, "--keyring", keyring, "--connect-timeout", "30"]
    return [*ceph, kind, "ok-to-stop", *(name.partition(".")[2] for name in names)]


def find_candidates(running: t.Mapping[str, t.Mapping[str, t.Any]], wanted: t.Mapping[str, str]) -> list[str]:
    """Return the options that may have changed in the file since the daemon read it.

    running is the daemon's C(config diff): option to value per source (default, file, override, ..., final). wanted are
    its effective options in the present file. Values are compared as they are written, so the result may hold too many.
    """
    noted = {option for option, values in running.items() if "file" in values}
    candidates = []
    for option in sorted(noted | set(wanted)):
        values = running.get(option, {})
        if option in NO_RESTART or "cmdline" in values or "env" in values:
            continue
        if option not in wanted or canonical(values.get("file")) != canonical(wanted[option]):
            candidates.append(option)
    return candidates


def concerns(kind: str, schema: t.Mapping[str, t.Any]) -> bool:
    """Tell from an option's schema (C(config help)) whether a restart could change anything for this kind of daemon."""
    services = set(schema.get("services", ()))
    created = {"create", "cluster_create"} & set(schema.get("flags", ()))
    return not created and (not services or bool(services & {kind, "common"}))


def compare(values: t.Mapping[str, t.Any], now: str, wanted: str | None) -> tuple[str, str] | None:
    """Return what the running daemon has of one option and what a restart would give it, None if that is the same.

    values is the option's part of C(config diff), now the value in force, wanted what the file gives it by Ceph's own
    reading (None: nothing, so that the value from the monitors or the default rules again).
    """
    noted = values.get("file")
    if wanted is None:
        have, want = noted, values.get("mon", values.get("default"))
    else:
        # A noted value with a $ in it is not expanded, the value in force is.
        have, want = (now if noted is None or "$" in str(noted) else noted), wanted
    return None if canonical(have) == canonical(want) else (str(have), str(want))


def canonical(value: t.Any) -> str:
    """Return one text for each value of an option: Ceph prints numbers and truth in more than one way."""
    if value is None:
        return ""
    text = str(value).strip()
    if text.lower() in ("true", "false"):
        return text.lower()
    try:
        return repr(float(text))
    except ValueError:
        return text
