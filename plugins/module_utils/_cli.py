# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: the one place that runs commands on a host."""

from __future__ import annotations

import re
import shlex
import typing as t
from dataclasses import dataclass

if t.TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

# Both encodings of a CephX key in base64: aes is 28 bytes long, aes256k is 44 bytes long.
CEPH_KEY = re.compile(r"(?<![A-Za-z0-9+/])(?:[A-Za-z0-9+/]{38}==|[A-Za-z0-9+/]{59}=)(?![A-Za-z0-9+/=])")

ENVIRONMENT = {"LC_ALL": "C.UTF-8", "LANGUAGE": "C.UTF-8"}
TIMED_OUT = 124  # what timeout(1) exits with


def redact(text: str) -> str:
    """Return text with every CephX key in it replaced by C(<key>)."""
    return CEPH_KEY.sub("<key>", text)


@dataclass(frozen=True)
class Completed:
    """A command that has ended: its exit code and its two outputs, decoded."""

    rc: int
    stdout: str
    stderr: str


# Turns a failed command into a sentence, or into None where it knows none.
Explain = t.Callable[[Completed], t.Optional[str]]


class Cli:
    """Runs argv lists and ends the module with a readable error when one fails.

    read() is for commands that change nothing; run() is for those that do, and refuses to work in check mode,
    so that no module can change a host there by mistake.
    """

    def __init__(self, module: AnsibleModule) -> None:
        self.module = module

    def has(self, program: str) -> bool:
        """Tell whether the program is on the host's path (or, for a path, is there and executable)."""
        return self.module.get_bin_path(program) is not None

    def fail(self, msg: str, **details: t.Any) -> t.NoReturn:
        """End the module with this message, keys redacted."""
        self.module.fail_json(msg=redact(msg), **details)
        raise AssertionError("fail_json returned")

    def read(
        self,
        argv: list[str],
        ok: t.Container[int] = (0,),
        stdin: str | None = None,
        timeout: int | None = None,
        explain: Explain | None = None,
    ) -> Completed:
        """Run a command that changes nothing; an exit code outside of ok ends the module.

        stdin is text for the command; timeout is in seconds, None waits for ever. explain may know a better sentence
        for a failure than the command's own words.
        """
        return self._finish(argv, ok, self._execute(argv, stdin, timeout), timeout, explain)

    def run(
        self,
        argv: list[str],
        ok: t.Container[int] = (0,),
        stdin: str | None = None,
        timeout: int | None = None,
        explain: Explain | None = None,
    ) -> Completed:
        """Run a command that changes something; otherwise the same as read()."""
        if self.module.check_mode:
            raise AssertionError(f"{argv[0]} would change the host in check mode")
        return self._finish(argv, ok, self._execute(argv, stdin, timeout), timeout, explain)

    def _execute(self, argv: list[str], stdin: str | None, timeout: int | None) -> Completed:
        guarded = argv if timeout is None else ["timeout", "--kill-after=5", str(timeout), *argv]
        try:
            rc, stdout, stderr = self.module.run_command(
                guarded, data=stdin, binary_data=True, environ_update=ENVIRONMENT, handle_exceptions=False
            )
        except OSError as error:
            self.fail(f"{argv[0]} cannot be run: {error.strerror}. Is its package installed?")
        return Completed(rc, stdout, stderr)

    def _finish(
        self, argv: list[str], ok: t.Container[int], done: Completed, timeout: int | None, explain: Explain | None
    ) -> Completed:
        if done.rc in ok:
            return done
        command = redact(shlex.join(argv))
        if timeout is not None and done.rc == TIMED_OUT:
            reason = f"did not end within {timeout} s"
        else:
            reason = f"ended with exit code {done.rc}"
        stdout, stderr = redact(done.stdout.strip()), redact(done.stderr.strip())
        words = stderr or stdout or "it printed nothing"
        msg = (explain(done) if explain else None) or f"'{command}' {reason}: {words}"
        self.fail(msg, command=command, rc=done.rc, stdout=stdout, stderr=stderr)
