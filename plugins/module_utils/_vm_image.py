# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: images of guests' disks: fetched, and refused where they are not what they should be.

The launcher grid-vm-run has this file in it, so it needs nothing but Python's own library.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import typing as t
import urllib.error
import urllib.request

BLOCK = 1024 * 1024
ANSWER_WITHIN = 60  # seconds, for each answer of a server
FORMATS = ("qcow2", "raw")
NAME = r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,99}"  # of an image in the cache, which jobs write without a path
INSPECT_WITHIN = 60  # seconds
_CHECKSUM = re.compile(r"(sha256|sha512):([0-9A-Fa-f]+)")
_DIGITS = {"sha256": 64, "sha512": 128}


class ImageError(ValueError):
    """Says why an image is refused."""


def parse_checksum(text: str) -> tuple[str, str]:
    """Return the algorithm and the digits of a checksum, such as C(sha256:...)."""
    match = _CHECKSUM.fullmatch(text)
    if match is None or len(match[2]) != _DIGITS[match[1]]:
        raise ImageError(f"'{text}' is no checksum: write sha256: and 64 hexadecimal digits, or sha512: and 128.")
    return match[1], match[2].lower()


def check_name(name: str) -> None:
    """Raise ImageError for what cannot be the name of an image in the cache."""
    if re.fullmatch(NAME, name) is None:
        raise ImageError(f"'{name}' is no name for an image: use letters, digits, _, ., + and -.")


def is_url(image: str) -> bool:
    """Tell whether an image is to be fetched."""
    return "://" in image


def _blocks(stream: t.BinaryIO) -> t.Iterator[bytes]:
    block = stream.read(BLOCK)
    while block:
        yield block
        block = stream.read(BLOCK)


def verify_file(path: str, checksum: str) -> None:
    """Raise ImageError unless a file has this checksum."""
    algorithm, digits = parse_checksum(checksum)
    digest = hashlib.new(algorithm)
    with open(path, "rb") as stream:
        for block in _blocks(stream):
            digest.update(block)
    _compare(path, algorithm, digits, digest.hexdigest())


def _compare(image: str, algorithm: str, wanted: str, found: str) -> None:
    if found != wanted:
        raise ImageError(f"{image} has the checksum {algorithm}:{found}, not {algorithm}:{wanted}.")


def fetch_image(url: str, checksum: str, path: str) -> None:
    """Fetch an image into a new file; one that is not whole and right leaves no file behind."""
    algorithm, digits = parse_checksum(checksum)
    if re.match(r"(https?|file)://", url) is None:
        raise ImageError(f"{url} cannot be fetched: write https://, http:// or file://.")
    digest = hashlib.new(algorithm)
    try:
        with urllib.request.build_opener().open(url, timeout=ANSWER_WITHIN) as answer, open(path, "xb") as stream:
            expected = answer.headers.get("Content-Length")
            for block in _blocks(answer):
                digest.update(block)
                stream.write(block)
            size = stream.tell()
            stream.flush()
            os.fsync(stream.fileno())
        if expected is not None and size != int(expected):
            raise ImageError(f"{url} broke off after {size} of {expected} bytes.")
        _compare(url, algorithm, digits, digest.hexdigest())
    except (OSError, ValueError) as error:
        if os.path.exists(path):
            os.unlink(path)
        if isinstance(error, ImageError):
            raise
        reason = getattr(error, "reason", None) or error.strerror if isinstance(error, OSError) else None
        raise ImageError(f"{url} cannot be fetched: {reason or error}.") from None


def inspect_argv(path: str) -> list[str]:
    """Return the command whose output check_image() reads."""
    return ["qemu-img", "info", "--output=json", "--force-share", path]


def check_image(path: str, info: str, size: int) -> str:
    """Return the format of an image, from what qemu-img says of it and its size in bytes; or raise ImageError.

    Refused are images that have further files behind them: which files these are, the image's maker has decided.
    """
    found = json.loads(info)
    kind = found["format"]
    if kind not in FORMATS:
        raise ImageError(
            f"{path} has the format {kind}: only {' and '.join(FORMATS)} will do; convert it with qemu-img."
        )
    if found.get("backing-filename") or found.get("full-backing-filename"):
        raise ImageError(f"{path} is an overlay of {found['backing-filename']}: make it whole with 'qemu-img convert'.")
    specific = (found.get("format-specific") or {}).get("data") or {}
    if specific.get("data-file"):
        raise ImageError(
            f"{path} has its data in another file, {specific['data-file']}: 'qemu-img convert' makes it whole."
        )
    if found.get("encrypted"):
        raise ImageError(f"{path} is encrypted: the guest could not be given its key.")
    if specific.get("corrupt"):
        raise ImageError(f"{path} is marked as corrupt.")
    if kind == "raw" and (size == 0 or size % 512):
        raise ImageError(f"{path} has {size} bytes, which is no whole number of sectors: is it truncated, or no image?")
    return str(kind)


def check_argv(path: str) -> list[str]:
    """Return the command that tells whether a qcow2 image is whole; see explain_check()."""
    return ["qemu-img", "check", "--output=json", "--force-share", "-f", "qcow2", path]


def explain_check(path: str, rc: int, words: str) -> str | None:
    """Return what is wrong with a qcow2 image, from the exit code of check_argv() and its words; leaks do no harm."""
    if rc in (0, 3):
        return None
    return f"{path} is damaged or truncated: {' '.join(words.split())[:200] or f'qemu-img check ended with {rc}'}"


def examine_image(label: str, path: str, ask: t.Callable[[list[str], int | None], tuple[int, str, str]]) -> str:
    """Return the format of the image in a file, or raise ImageError, which calls it by its label.

    ask runs a command within so many seconds, if any, and returns its exit code and its two outputs.
    """
    rc, out, err = ask(inspect_argv(path), INSPECT_WITHIN)
    if rc != 0:
        raise ImageError(f"{label} is no image: {' '.join((err or out).split())[:500]}")
    kind = check_image(label, out, os.path.getsize(path))
    if kind == "qcow2":
        rc, out, err = ask(check_argv(path), None)
        fault = explain_check(label, rc, err or out)
        if fault:
            raise ImageError(fault)
    return kind


# ---- Images that were found right before ----


def seal_path(path: str) -> str:
    """Return where it is written down what an image of the cache was found to be."""
    return os.path.join(os.path.dirname(path), f".{os.path.basename(path)}.seal")


def render_seal(path: str, checksum: str) -> str:
    """Return what to write down of an image that has this checksum."""
    algorithm, digits = parse_checksum(checksum)
    status = os.stat(path)
    return f"{algorithm}:{digits} {status.st_size} {status.st_mtime_ns}\n"


def is_sealed(path: str, checksum: str) -> bool:
    """Tell whether an image was found to have this checksum, and has not been written to since."""
    try:
        with open(seal_path(path), encoding="utf-8") as stream:
            return stream.read() == render_seal(path, checksum)
    except (FileNotFoundError, UnicodeDecodeError):
        return False
