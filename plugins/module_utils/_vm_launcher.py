# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: grid-vm-run, which boots one guest inside a batch job and ends it with the job.

It is installed as one file together with the other files that it imports from here; see docs/virt.md. It runs where
there is no Ansible, so it starts commands by itself.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import json
import os
import select
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
import typing as t
import uuid
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.sitewright.grid.plugins.module_utils._domain_xml import (
    Disk,
    DomainError,
    Guest,
    make_guest,
    parse_domain,
    refuse_access,
    render_domain,
)
from ansible_collections.sitewright.grid.plugins.module_utils._vm_image import (
    ImageError,
    examine_image,
    fetch_image,
    is_sealed,
    is_url,
    verify_file,
)
from ansible_collections.sitewright.grid.plugins.module_utils._vm_job import (
    Entry,
    Given,
    JobError,
    Size,
    check_token,
    choose_accelerator,
    parse_exit_code,
    parse_listing,
    read_given,
    render_run,
    size_guest,
)
from ansible_collections.sitewright.grid.plugins.module_utils._vm_probe import GREETING, boot_sector

REFUSED, UNABLE, NO_CODE, OUT_OF_TIME = 121, 122, 123, 124
NODE = "/var/lib/grid-vm/node.json"  # what the probe has found on this node
IMAGES = "/var/lib/grid-vm/images"
LABEL = "GRIDJOB"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
LIBVIRT_WITHIN = 60  # seconds until the daemon listens, and for each command to it
MARGIN = 15  # seconds before the job's end that bringing the results back may take
LONGEST_SOCKET = 107  # characters of a socket's path
MONITOR = "c/libvirt/qemu/lib/domain-1-{name:.20}/monitor.sock"  # the longest of them
PANIC = b"Kernel panic - not syncing"
PR_SET_CHILD_SUBREAPER = 36
MOST_ENTRIES = 100_000  # in the guest's output
CRASHED_AFTER = 3  # seconds that a guest has, after its kernel's panic, to say more

PLAIN = """<domain type='kvm'>
  <name>plain</name>
  <memory unit='MiB'>512</memory>
  <vcpu>1</vcpu>
  <os>
    <type arch='x86_64' machine='q35'>hvm</type>
    <boot dev='hd'/>
  </os>
  <features>
    <acpi/>
    <apic/>
  </features>
  <clock offset='utc'/>
  <devices>
    <disk type='file' device='disk'>
      <target dev='vda' bus='virtio'/>
    </disk>
    <interface type='user'>
      <model type='virtio'/>
    </interface>
    <rng model='virtio'>
      <backend model='random'>/dev/urandom</backend>
    </rng>
  </devices>
</domain>
"""


class EndError(Exception):
    """Ends the launcher with an exit code and a sentence."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(words)
        self.code = code


def say(words: str) -> None:
    """Tell the user; standard output is the guest's console."""
    for line in words.splitlines():
        sys.stderr.write(f"grid-vm-run: {line}\n")
    sys.stderr.flush()


def parse_arguments(argv: t.Sequence[str]) -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(
        prog="grid-vm-run",
        description="Boots one virtual machine in a batch job, lets it run a script, and brings back what that wrote.",
        epilog=f"Exit codes: the guest's own; {REFUSED} refused; {UNABLE} this node cannot; {NO_CODE} the guest has "
        f"left none; {OUT_OF_TIME} out of time; 128+N ended by signal N. 'grid-vm-run --self-test' boots the smallest "
        "machine there is, to tell whether the node works.",
        allow_abbrev=False,
    )
    parser.add_argument("--image", required=True, help="path, URL, or name of an image in the node's cache")
    parser.add_argument("--checksum", metavar="sha256:HEX", help="refuse the image unless it is this one")
    parser.add_argument("--domain", metavar="FILE", help="domain XML; without it, a plain machine")
    parser.add_argument("--input", metavar="FILE", action="append", default=[], help="put this beside SCRIPT (repeat)")
    parser.add_argument("--output", metavar="DIRECTORY", default="output", help="where the results go: output")
    parser.add_argument("--disk-size", metavar="MIB", type=int, default=1024, help="size of the job's disk: 1024")
    parser.add_argument("--vcpus", metavar="N", type=int, help="less than the job has")
    parser.add_argument("--memory", metavar="MIB", type=int, help="less than the job has")
    parser.add_argument("--walltime", metavar="SECONDS", type=int, help="end the guest after that")
    parser.add_argument("--grace", metavar="SECONDS", type=int, default=15, help="time for powering off: 15")
    parser.add_argument("--accelerator", choices=("auto", "kvm", "tcg"), default="auto")
    parser.add_argument("--token", metavar="FILE", help="a short-lived token of HTCondor for the guest")
    parser.add_argument("--scratch", metavar="DIRECTORY", help="where everything lies while the guest runs")
    parser.add_argument("script", metavar="SCRIPT", help="what the guest runs")
    parser.add_argument("arguments", metavar="ARGUMENT", nargs="*")
    # argparse ends with 2, which a guest may do as well.
    parser.error = _refuse_arguments  # type: ignore[method-assign]
    options = parser.parse_args(argv)
    for name, least in (("disk_size", 16), ("grace", 0), ("walltime", 1)):
        value = getattr(options, name)
        if value is not None and not least <= value <= 2**31:
            raise EndError(REFUSED, f"--{name.replace('_', '-')} {value}: use {least} or more.")
    return options


def _refuse_arguments(message: str) -> t.NoReturn:
    raise EndError(REFUSED, f"{message}. 'grid-vm-run --help' tells more.")


# ---- Before anything is started ----


@dataclass(frozen=True)
class Wish:
    """What is going to be run, checked."""

    options: argparse.Namespace
    given: Given
    size: Size
    accelerator: str
    domain: str
    token: str | None
    inputs: tuple[Path, ...]
    ends: float | None


def prepare_output(output: Path) -> None:
    """Have the directory for the results: batch systems want to fetch it, whatever becomes of the guest."""
    try:
        output.mkdir(parents=True, exist_ok=True)
        empty = not any(output.iterdir())
    except OSError as error:
        raise EndError(REFUSED, f"--output {output}: {error.strerror}.") from None
    if not empty:
        raise EndError(REFUSED, f"--output {output}: it is there already, and not empty; name another.")


def read_wish(options: argparse.Namespace) -> Wish:
    """Check what can be checked without work; raises EndError for what is refused."""
    now = time.time()
    prepare_output(Path(options.output))
    try:
        given = read_given(os.environ, lambda path: Path(path).read_text(errors="replace"), os.getpid(), now)
        size = size_guest(given, options.vcpus, options.memory)
        ends = _earliest(
            given.ends and given.ends - MARGIN - options.grace, options.walltime and now + options.walltime
        )
        token = check_token(Path(options.token).read_text(), now, ends) if options.token else None
        domain = Path(options.domain).read_text(encoding="utf-8") if options.domain else PLAIN
    except JobError as error:
        raise EndError(REFUSED, str(error)) from None
    except UnicodeDecodeError:
        raise EndError(REFUSED, f"{options.domain} is no XML in UTF-8.") from None
    except OSError as error:
        raise EndError(REFUSED, f"{error.filename}: {error.strerror}.") from None
    try:
        refuse_access(parse_domain(domain))
    except DomainError as error:
        raise EndError(REFUSED, f"The domain is refused:\n{error}") from None
    try:
        accelerator = choose_accelerator(options.accelerator, _read_node())
    except JobError as error:
        raise EndError(UNABLE, str(error)) from None
    if ends is not None and ends <= now:
        raise EndError(OUT_OF_TIME, "The job ends before a guest could run.")
    inputs = tuple(Path(os.path.abspath(name)) for name in (options.script, *options.input))
    _check_inputs(inputs, options)
    return Wish(options, given, size, accelerator, domain, token, inputs, ends)


def _earliest(*times: float | None) -> float | None:
    known = [moment for moment in times if moment]
    return min(known) if known else None


def _read_node() -> dict[str, t.Any]:
    try:
        node = json.loads(Path(NODE).read_text())
    except (OSError, ValueError):
        return {}
    return node if isinstance(node, dict) else {}


def _check_inputs(inputs: t.Sequence[Path], options: argparse.Namespace) -> None:
    names: set[str] = set()
    for path in inputs:
        if not os.access(path, os.R_OK):
            raise EndError(REFUSED, f"{path}: there is no such file to read.")
        if path.name in names:
            raise EndError(REFUSED, f"{path}: two inputs have the name {path.name}; rename one.")
        names.add(path.name)
    if not inputs[0].is_file():
        raise EndError(REFUSED, f"{options.script} is no file: the guest runs a script.")


# ---- The work directory, its files, and who ends everything ----


def become_subreaper() -> None:
    """Let orphans of our children become our own children, for libvirt detaches QEMU from itself."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def kill_child_processes() -> None:
    """Kill all processes below this one, and wait until they are gone."""
    for _round in range(1000):
        for child in _child_processes():
            try:
                os.kill(child, signal.SIGKILL)
            except ProcessLookupError:
                continue
        try:
            while os.waitpid(-1, os.WNOHANG) != (0, 0):
                pass
        except ChildProcessError:
            return
        time.sleep(0.01)


def _child_processes() -> list[int]:
    return [pid for pid, parent in _parents().items() if parent == os.getpid()]


def _parents() -> dict[int, int]:
    """Return the parent of each process."""
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                fields = Path("/proc", name, "stat").read_text(errors="replace").rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(name)] = int(fields[1])
    return parents


class Keeper:
    """A process that starts libvirt's daemon, and ends everything when the launcher ends, in whatever way.

    The launcher holds the other end of a pipe: its end is the launcher's. Daemon, QEMU and all of their children are
    below the keeper, for it is their subreaper.
    """

    def __init__(self, directory: Path, extra: Path | None, daemon: t.Sequence[str], environ: dict[str, str]) -> None:
        self.directory = directory
        self._extra = extra
        read_end, self._pipe = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._pipe)
            try:
                self._keep(read_end, daemon, environ)
            finally:
                os._exit(0)
        os.close(read_end)

    def _keep(self, pipe: int, daemon: t.Sequence[str], environ: dict[str, str]) -> None:
        os.setsid()
        for number in Signals.NUMBERS:
            # Not SIG_IGN, which the daemon and QEMU would inherit.
            signal.signal(number, lambda _number, _frame: None)
        become_subreaper()
        with (self.directory / "libvirt.log").open("wb") as log:
            subprocess.Popen(  # pylint: disable=ansible-bad-function
                daemon,
                env=environ,
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        while not select.select([pipe], [], [], 1)[0]:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(-1, os.WNOHANG)
        self._clear()

    def _clear(self) -> None:
        kill_child_processes()
        for path in (self._extra, self.directory):
            if path is not None:
                # What stays all the same is in scratch, which the batch system clears, or for the epilog.
                shutil.rmtree(path, ignore_errors=True)

    def end(self) -> None:
        """End everything, and wait until it is done."""
        os.close(self._pipe)
        os.waitpid(self.pid, 0)
        # Once more, in case somebody has killed the keeper: its children are ours then.
        self._clear()


def make_directories(scratch: str, name: str) -> tuple[Path, Path, Path | None]:
    """Return a new private directory in scratch, a short path to it, and what else is to be removed in the end.

    The paths of sockets are limited; where scratch lies too deep, the short path is a link in a private directory.
    """
    try:
        # Named after the job, for an epilog of root's to find what was left.
        directory = Path(tempfile.mkdtemp(prefix=f"vm-{name}-", dir=os.path.abspath(scratch)))
    except OSError as error:
        raise EndError(UNABLE, f"{scratch}: no directory can be made there: {error.strerror}.") from None
    short, extra = directory, None
    if len(str(directory / MONITOR.format(name=name))) > LONGEST_SOCKET:
        extra = Path(tempfile.mkdtemp(prefix=f"vm-{name}-", dir="/tmp"))
        short = extra / "s"
        short.symlink_to(directory)
    for place in ("c/libvirt", "r", "h", "stage/input", "stage/output", "got"):
        (directory / place).mkdir(mode=0o700, parents=True)
    # No further daemon for the console's log; no cgroups, which are the batch system's; no name spaces, which need
    # root; no core files, whose limit batch systems set to none.
    (directory / "c/libvirt/qemu.conf").write_text(
        'stdio_handler = "file"\ncgroup_controllers = []\nnamespaces = []\nmax_core = 0\n'
    )
    return directory, short, extra


def run(
    argv: t.Sequence[str], environ: dict[str, str] | None = None, timeout: int | None = None
) -> tuple[int, str, str]:
    """Run a command and return its exit code and its two outputs."""
    try:
        done = subprocess.run(  # pylint: disable=ansible-bad-function
            argv,
            env={**os.environ, **(environ or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout,
            check=False,
        )
    except FileNotFoundError:
        raise EndError(UNABLE, f"{argv[0]} is not installed on this node.") from None
    except subprocess.TimeoutExpired:
        return 124, "", f"'{argv[0]}' did not end within {timeout} s"
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")


def find_image(options: argparse.Namespace, directory: Path) -> Disk:
    """Return the image as a file that was checked; one with a URL is fetched."""
    image, checksum = options.image, options.checksum
    try:
        if is_url(image):
            if not checksum:
                raise ImageError(f"{image} is fetched, and needs a --checksum.")
            path = str(directory / "image")
            say(f"fetching {image}")
            fetch_image(image, checksum, path)
        else:
            cached = Path(IMAGES, image)
            path = str(
                cached if "/" not in image and not Path(image).exists() and cached.exists() else Path(image).resolve()
            )
            if not stat.S_ISREG(os.stat(path).st_mode):
                raise ImageError(f"{image} is no file.")
            # Only root writes to the cache, and has compared what is in it.
            if checksum and not (path == str(cached) and is_sealed(path, checksum)):
                verify_file(path, checksum)
        kind = examine_image(path, path, lambda argv, within: run(argv, timeout=within))
    except ImageError as error:
        raise EndError(REFUSED, f"--image: {error}") from None
    except OSError as error:
        raise EndError(REFUSED, f"--image {image}: {error.strerror}.") from None
    return Disk(path, kind)


def make_overlay(image: Disk, directory: Path) -> Disk:
    """Make the disk that the guest writes to in place of the image."""
    overlay = str(directory / "overlay")
    rc, out, err = run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", image.path, "-F", image.format, overlay])
    if rc != 0:
        raise EndError(UNABLE, f"The overlay cannot be made: {' '.join((err or out).split())[:500]}")
    return Disk(overlay, "qcow2")


def make_job_disk(wish: Wish, directory: Path) -> Disk:
    """Make the disk with the job's input."""
    stage, path = directory / "stage", directory / "job"
    try:
        for source in wish.inputs:
            _place(source, stage / "input" / source.name)
        script = stage / "input" / wish.inputs[0].name
        script.chmod(script.stat().st_mode | 0o700)
        (stage / "run").write_text(render_run(script.name, wish.options.arguments))
        if wish.token:
            descriptor = os.open(stage / "token", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as stream:
                stream.write(wish.token + "\n")
    except OSError as error:
        raise EndError(UNABLE, f"The inputs cannot be copied: {error}.") from None
    # ext3, for that is what kernels of every age can read and write.
    argv = ["mke2fs", "-q", "-F", "-t", "ext3", "-m", "0", "-L", LABEL, "-d", str(stage), str(path)]
    rc, out, err = run([*argv, f"{wish.options.disk_size}M"])
    if rc != 0:
        words = " ".join((err or out).split())[:300]
        raise EndError(
            REFUSED, f"The inputs do not fit on a disk of {wish.options.disk_size} MiB (--disk-size): {words}"
        )
    shutil.rmtree(stage)
    return Disk(str(path), "raw")


def _place(source: Path, target: Path) -> None:
    """Have a copy of a file or directory here."""
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True)
    else:
        shutil.copy2(source, target)


# ---- The guest ----


class Console(threading.Thread):
    """Copies the guest's serial console to standard output, and notes a panic of its kernel."""

    def __init__(self, path: Path) -> None:
        super().__init__(daemon=True)
        self._path = path
        self._enough = threading.Event()
        self.panicked = threading.Event()

    def run(self) -> None:
        """Copy until there is enough, and then the rest."""
        tail = b""
        while not self._path.exists():
            if self._enough.wait(0.1):
                return
        with self._path.open("rb") as stream:
            while True:
                last = self._enough.is_set()
                block = stream.read(65536)
                if block:
                    tail = (tail + block)[-(len(PANIC) + 65536) :]
                    if PANIC in tail:
                        self.panicked.set()
                    try:
                        sys.stdout.buffer.write(block)
                        sys.stdout.buffer.flush()
                    except OSError:  # nobody listens: the guest goes on
                        pass
                elif last:
                    return
                else:
                    self._enough.wait(0.2)

    def finish(self) -> None:
        """Copy what is left, and stop."""
        self._enough.set()
        self.join()


class Machine:
    """The guest under its own libvirt."""

    def __init__(self, short: Path, environ: dict[str, str], name: str) -> None:
        self._environ = environ
        self._name = name
        self._runtime = short / "r"
        self._pid: int | None = None

    def virsh(self, *words: str) -> tuple[int, str, str]:
        """Run a command of virsh."""
        sockets = [self._runtime / "libvirt" / f"{kind}-sock" for kind in ("libvirt", "virtqemud")]
        socket = next((path for path in sockets if path.exists()), sockets[0])
        uri = f"qemu+unix:///session?socket={socket}"
        return run(["virsh", "--quiet", "--connect", uri, *words], self._environ, LIBVIRT_WITHIN)

    def boot(self, domain: Path, keeper: Keeper) -> None:
        """Start the guest as soon as libvirt listens."""
        deadline = time.monotonic() + LIBVIRT_WITHIN
        while True:
            rc, out, err = self.virsh("create", "--validate", str(domain))
            if rc == 0:
                break
            if "socket" not in err or time.monotonic() > deadline:
                log = (keeper.directory / "libvirt.log").read_text(errors="replace").splitlines()[-3:]
                raise EndError(UNABLE, "libvirt does not start the guest: " + "\n".join([(err or out).strip(), *log]))
            time.sleep(0.2)
        try:
            self._pid = int((self._runtime / "libvirt/qemu/run" / f"{self._name}.pid").read_text())
        except (OSError, ValueError):
            self._pid = None  # it has ended already

    @property
    def runs(self) -> bool:
        """Tell whether the guest's QEMU is there and no zombie."""
        if self._pid is None:
            return False
        try:
            state = Path(f"/proc/{self._pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[0]
        except OSError:
            return False
        return state != "Z"

    def end(self, grace: int) -> None:
        """Tell the guest to power off, and take its power away where it does not."""
        if self.runs and grace:
            self.virsh("shutdown", self._name, "--mode", "acpi")
            deadline = time.monotonic() + grace
            while self.runs and time.monotonic() < deadline:
                time.sleep(0.1)
        if self.runs:
            self.virsh("destroy", self._name)


def find_daemon() -> list[str]:
    """Return the command line of libvirt's daemon for QEMU: the monolithic one where the system has it."""
    for name in ("libvirtd", "virtqemud"):
        path = shutil.which(name)
        if path:
            return [path]
    raise EndError(UNABLE, "Neither libvirtd nor virtqemud is installed on this node.")


class Signals:
    """Notes the first signal that asks the launcher to end."""

    NUMBERS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGXCPU)

    def __init__(self) -> None:
        self.number = 0
        for number in self.NUMBERS:
            signal.signal(number, self._note)

    def _note(self, number: int, _frame: t.Any) -> None:
        self.number = self.number or number

    def check(self) -> None:
        """Raise EndError when there was one."""
        if self.number:
            raise EndError(128 + self.number, f"ended by {signal.Signals(self.number).name}")


def watch(machine: Machine, console: Console, signals: Signals, wish: Wish) -> EndError | None:
    """Wait until the guest has ended, and end it where it does not do so in time; return what was wrong."""
    panicked = 0.0
    while machine.runs:
        if signals.number:
            machine.end(wish.options.grace)
            return EndError(128 + signals.number, f"ended by {signal.Signals(signals.number).name}")
        if wish.ends is not None and time.time() >= wish.ends:
            machine.end(wish.options.grace)
            return EndError(OUT_OF_TIME, "The guest's time was over.")
        if console.panicked.is_set():
            panicked = panicked or time.monotonic()
            if time.monotonic() > panicked + CRASHED_AFTER:
                machine.end(0)
                return EndError(NO_CODE, "The guest's kernel panicked.")
        time.sleep(0.2)
    return None


# ---- What the guest has left ----


def collect(disk: Disk, got: Path, limit: int) -> tuple[int | None, list[str]]:
    """Bring the guest's output into a directory; return its exit code and what was left out."""
    # The guest may have been cut off while it wrote, and what it wrote may be meant to harm: names are checked.
    run(["e2fsck", "-fy", disk.path])
    rc, out, err = run(["e2fsck", "-fn", disk.path])
    if rc != 0:
        raise EndError(NO_CODE, f"The job's disk cannot be read any more: {' '.join((out or err).split())[-300:]}")
    left_out: list[str] = []
    files: list[tuple[int, Path, Entry]] = []
    root = {entry.name: entry for entry in _list_directory(disk, 2)}
    code = root.get("exit-code")
    if code is not None and code.kind == "file" and code.size < 100:
        files.append((code.inode, got.parent / "code", code))
    pending = [(root["output"].inode, got)] if "output" in root and root["output"].kind == "directory" else []
    seen, total, count = {2}, 0, 0
    while pending:
        inode, place = pending.pop()
        if inode in seen:
            continue
        seen.add(inode)
        place.mkdir(exist_ok=True)
        for entry in _list_directory(disk, inode):
            count += 1
            total += entry.size
            if count > MOST_ENTRIES or total > limit:
                raise EndError(NO_CODE, "The guest's output is larger than its disk: nothing of it was taken.")
            if entry.kind == "directory":
                pending.append((entry.inode, place / entry.name))
            elif entry.kind == "file":
                files.append((entry.inode, place / entry.name, entry))
            else:
                left_out.append(str((place / entry.name).relative_to(got)))
    _dump(disk, got.parent, files)
    try:
        words = (got.parent / "code").read_text(errors="replace")
    except OSError:
        words = None
    return parse_exit_code(words), left_out


def _list_directory(disk: Disk, inode: int) -> list[Entry]:
    return parse_listing(run(["debugfs", "-R", f"ls -p <{inode}>", disk.path])[1])


def _dump(disk: Disk, directory: Path, files: t.Sequence[tuple[int, Path, Entry]]) -> None:
    """Copy files out of the disk, by their inodes to names of our own, and then to where they belong."""
    commands = directory / "commands"
    dumped = directory / "dumped"
    dumped.mkdir()
    commands.write_text("".join(f"dump <{inode}> {dumped}/{number}\n" for number, (inode, _p, _e) in enumerate(files)))
    run(["debugfs", "-f", str(commands), disk.path])
    for number, (_inode, path, entry) in enumerate(files):
        source = dumped / str(number)
        if source.exists():
            source.chmod(0o700 if entry.mode & 0o100 else 0o600)
            source.rename(path)


def bring_home(got: Path, output: Path) -> None:
    """Move what the guest has left to where the job wants it."""
    for path in sorted(got.iterdir()):
        target = output / path.name
        try:
            path.rename(target)
        except OSError:  # another file system
            shutil.move(str(path), str(target))
    mask = os.umask(0)
    os.umask(mask)
    for path in output.rglob("*"):
        mode = 0o777 if path.is_dir() or path.stat().st_mode & 0o100 else 0o666
        path.chmod(mode & ~mask)


# ---- All of it ----


def launch(argv: t.Sequence[str]) -> int:
    """Do all of it, and return the exit code."""
    os.environ["PATH"] = f"{os.environ.get('PATH', '')}:{PATH}".lstrip(":")
    signals = Signals()
    wish = read_wish(parse_arguments(argv))
    if os.getuid() == 0:
        raise EndError(REFUSED, "Root's session of libvirt is the system's own: run it as an ordinary user.")
    daemon = find_daemon()
    name = f"job-{wish.given.job}"
    become_subreaper()
    directory, short, extra = make_directories(wish.options.scratch or wish.given.scratch, name)
    environ = {
        "HOME": str(short / "h"),
        "XDG_RUNTIME_DIR": str(short / "r"),
        "XDG_CONFIG_HOME": str(short / "c"),
        "XDG_CACHE_HOME": str(short / "h"),
        "XDG_DATA_HOME": str(short / "h"),
        "PATH": os.environ["PATH"],
        "LC_ALL": "C.UTF-8",
    }
    keeper = Keeper(directory, extra, daemon, environ)
    try:
        signals.check()
        image = find_image(wish.options, directory)
        signals.check()
        guest = Guest(
            name,
            str(uuid.uuid4()),
            wish.size.vcpus,
            wish.size.memory,
            wish.accelerator,
            make_overlay(image, directory),
            make_job_disk(wish, directory),
            str(directory / "console"),
        )
        lost = _write_domain(wish.domain, guest, directory / "domain.xml")
        if lost:
            say(f"left out of the domain: {', '.join(lost)}")
        signals.check()
        return _run_guest(wish, guest, keeper, Machine(short, environ, name), signals)
    finally:
        keeper.end()


def _write_domain(text: str, guest: Guest, path: Path) -> list[str]:
    try:
        document = parse_domain(text)
        lost = make_guest(document, guest)
    except DomainError as error:
        raise EndError(REFUSED, f"The domain is refused:\n{error}") from None
    path.write_text(render_domain(document))
    return lost


def _run_guest(wish: Wish, guest: Guest, keeper: Keeper, machine: Machine, signals: Signals) -> int:
    directory = keeper.directory
    console = Console(Path(guest.console))
    console.start()
    how = {"kvm": "with KVM", "tcg": "emulated"}[guest.accelerator]
    say(f"{guest.name}: {guest.vcpus} vCPUs, {guest.memory} MiB, {how}")
    begun = time.monotonic()
    try:
        machine.boot(directory / "domain.xml", keeper)
        wrong = watch(machine, console, signals, wish)
    finally:
        machine.end(0)
        console.finish()
    code, left_out = collect(guest.job_disk, directory / "got", wish.options.disk_size * 2**20)
    bring_home(directory / "got", Path(wish.options.output))
    if left_out:
        say(f"left out of the output, for they are neither files nor directories: {', '.join(left_out[:20])}")
    if wrong is not None and (wrong.code != NO_CODE or code is None):
        raise wrong
    if code is None:
        raise EndError(NO_CODE, "The guest has ended without an exit code.")
    say(f"{guest.name}: the guest ended with {code} after {time.monotonic() - begun:.0f} s")
    return code


def self_test(program: str) -> int:
    """Boot the smallest machine there is with this very program, and tell whether its console said what it should."""
    with tempfile.TemporaryDirectory(prefix="vmtest") as directory:
        image, script = Path(directory, "image"), Path(directory, "script")
        image.write_bytes(boot_sector())
        script.touch(0o700)
        words = ["--image", str(image), "--output", f"{directory}/output", "--disk-size", "16", "--walltime", "120"]
        argv = [sys.executable, program, *words, str(script)]
        done = subprocess.run(argv, stdout=subprocess.PIPE, check=False)  # pylint: disable=ansible-bad-function
    # It ends without an exit code, for there is nobody in it to write one.
    if done.returncode == NO_CODE and GREETING.encode() in done.stdout:
        sys.stdout.write(f"{GREETING}: this node can run virtual machines\n")
        return 0
    say(f"The smallest machine has not booted: exit code {done.returncode}, console {done.stdout[-200:]!r}")
    return UNABLE


def main() -> int:
    """Run the launcher with the words of the command line, and return its exit code."""
    try:
        return self_test(sys.argv[0]) if sys.argv[1:] == ["--self-test"] else launch(sys.argv[1:])
    except EndError as error:
        say(str(error))
        return error.code
