# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of a report, used in a browser as a person uses it."""

from __future__ import annotations

import math
import os
import shutil
import subprocess
import typing as t
from pathlib import Path

import pytest
from ansible_collections.sitewright.grid.plugins.module_utils._report import build_report
from ansible_collections.sitewright.grid.plugins.module_utils._report_page import render_page
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
FILES = ROOT / "playbooks" / "files"
# To be looked at by a person.
PICTURES = ROOT / ".cache" / "report"
NOW = 1795820359
WORKERS = [f"worker{number}" for number in range(1, 61)]
STORES = [f"store{number}" for number in range(1, 7)]
SIZES = {"wide": (1280, 900), "phone": (390, 844)}


@pytest.fixture(scope="module")
def browser() -> t.Iterator[Browser]:
    """Give Debian's Chromium; it is installed where it is missing."""
    if shutil.which("chromium") is None:
        if os.geteuid() != 0 or shutil.which("apt-get") is None:
            pytest.fail("this test needs chromium: install it", pytrace=False)
        environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for words in (["update"], ["install", "--no-install-recommends", "chromium", "fonts-dejavu-core"]):
            argv = ["apt-get", "-qq", "-y", *words]
            done = subprocess.run(argv, env=environ, stdin=subprocess.DEVNULL, capture_output=True, check=False)
            if done.returncode != 0:
                pytest.fail(f"chromium cannot be installed:\n{done.stderr.decode()[-2000:]}", pytrace=False)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield browser
        browser.close()


def slot(machine: str, number: int) -> dict[str, t.Any]:
    total = {"cpus": 32, "memory": 131072, "disk": 10**8, "gpus": 0}
    cpus = number * 7 % 33
    return {
        "name": f"slot1@{machine}",
        "machine": machine,
        "type": "partitionable",
        "state": "Unclaimed",
        "draining": machine == "worker17",
        "drain_reason": "new memory <b>today</b>",
        "absent": machine == "worker9",
        "last_heard": NOW - (15127 if machine == "worker9" else 40),
        "version": "24.0.1" if number < 3 else "23.9.6",
        "total": total,
        "left": {**total, "cpus": cpus, "memory": 4096 * cpus},
    }


def make_page() -> str:
    """Return the page of a site of some size, with a bit of everything in it."""
    hosts: dict[str, t.Any] = {name: {"retiring": name == "worker60", "ceph": None} for name in ["head1", *WORKERS]}
    for number, name in enumerate(STORES):
        mon = name if number < 3 else None
        hosts[name] = {"retiring": False, "ceph": {"mon": mon, "mgr": mon, "mds": None, "osd_devices": [{}]}}
    site = {
        "name": "blueberry",
        "hosts": hosts,
        "condor": {"managers": ["head1"], "submits": ["head1"], "executes": WORKERS},
        "ceph": {"health_forgiven": []},
    }
    slots = [slot(name, number) for number, name in enumerate([*WORKERS[:40], *WORKERS[41:], "guest7.example.org"])]
    daemon = {"machine": "head1", "last_heard": NOW - 5, "version": "23.9.6", "jobs": None}
    pool = {
        "now": NOW,
        "slots": slots,
        "daemons": [
            {**daemon, "type": "collector"},
            {**daemon, "type": "schedd", "jobs": {"running": 812, "idle": 4000, "held": 3}},
        ],
        "totals": {"machines": 59, "slots": 59, "dynamic_slots": 812, "claimed": 812},
    }
    osds = {str(number): STORES[number // 6] for number in range(36)}
    cluster = {
        "now": NOW,
        "status": {
            "quorum": STORES[:3],
            "osds": {"total": 36, "up": 35, "in": 36},
            "pgs": {"active+clean": 490, "active+undersized+degraded": 22},
            "bytes": {"used": 231 * 2**40, "avail": 345 * 2**40, "total": 576 * 2**40},
        },
        "health": {
            "status": "HEALTH_WARN",
            "checks": {"OSD_DOWN": {"severity": "HEALTH_WARN", "message": "1 osds down", "detail": [], "muted": False}},
        },
        "mon": {name: {"in_quorum": True} for name in STORES[:3]},
        "mgr": {"active": "store1", "standbys": ["store2", "store3"]},
        "mds": {},
        "osd": {
            number: {
                "hostname": host,
                "up": number != "20",
                "in": True,
                "class": "hdd",
                "version": "18.2.7",
                "down_since": NOW - 600 if number == "20" else None,
            }
            for number, host in osds.items()
        },
        "osd_usage": {
            number: {"total": 16 * 2**40, "used": int((5 + 10 * abs(math.sin(int(number)))) * 2**40), "pgs": 128}
            for number in osds
        },
        "pool_usage": {
            name: {"objects": 10**6, "stored": 77 * 2**40, "used": 231 * 2**40, "avail": 115 * 2**40}
            for name in ("cephfs_data", "cephfs_metadata")
        },
        "versions": {"overall": {"ceph version 18.2.7 (6b0e) reef (stable)": 45}},
    }
    looks: dict[str, t.Any] = {name: {"now": NOW, "expiries": [], "unreadable": []} for name in hosts}
    for number, name in enumerate(WORKERS):
        looks[name]["expiries"] = [
            {
                "kind": "token",
                "path": "/etc/condor/tokens.d/sitewright",
                "name": f"{name}@execute.blueberry",
                "issued": NOW - 70 * 86400,
                "expires": NOW + (number + 10) * 86400,
            }
        ]
    looks["worker9"] = {"msg": "Failed to connect to the host via ssh: No route to host", "unreachable": True}
    history = [
        {
            "time": NOW - 3600 * hour,
            "needs": hour % 5,
            "jobs_running": 600 + 200 * math.sin(hour / 9),
            "pool_cpus_used_percent": 60 + 30 * math.sin(hour / 9),
            "ceph_used_percent": 40 - hour / 20,
            "hosts_seen": 67 - (hour > 100),
            "hosts_silent": int(hour < 5),
        }
        for hour in range(200, 0, -1)
    ]
    report = build_report(site, {"condor": [pool], "ceph": [cluster]}, looks, NOW, history=history)
    return render_page(report, (FILES / "report.css").read_text(), (FILES / "report.js").read_text())


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(make_page(), encoding="utf-8")
    return path


class Opened(t.NamedTuple):
    """An open page, with what its console and its network have seen."""

    page: Page
    words: list[str]
    requests: list[str]


def open_page(browser: Browser, path: Path, **words: t.Any) -> Opened:
    opened = Opened(browser.new_context(**words).new_page(), [], [])
    opened.page.on("console", lambda message: opened.words.append(message.text))
    opened.page.on("pageerror", lambda error: opened.words.append(str(error)))
    opened.page.on("request", lambda request: opened.requests.append(request.url))
    opened.page.goto(path.as_uri())
    return opened


@pytest.fixture(params=SIZES)
def opened(browser: Browser, path: Path, request: pytest.FixtureRequest) -> t.Iterator[Opened]:
    width, height = SIZES[request.param]
    opened = open_page(browser, path, viewport={"width": width, "height": height})
    yield opened
    opened.page.context.close()


def test_nothing_is_said_on_the_console_and_nothing_is_fetched(opened: Opened, path: Path) -> None:
    assert opened.words == []
    assert [url for url in opened.requests if not url.startswith("data:")] == [path.as_uri()]


def test_a_request_that_somebody_puts_in_is_stopped(opened: Opened) -> None:
    """The page's own policy, and a console that would have told."""
    opened.page.evaluate("fetch('http://127.0.0.1:9/').catch(() => 0)")
    assert any("Content Security Policy" in word for word in opened.words)


def test_a_table_is_sorted_by_each_column_in_both_orders(opened: Opened) -> None:
    page = opened.page
    table = page.locator("section", has=page.locator("h2:text-is('Hosts')")).locator("table")
    shown = table.locator("tbody tr td[data-label='Host']")
    title = table.locator("th", has_text="Host")
    assert shown.first.text_content() == "guest7.example.org"
    title.locator("button").click()
    names = shown.all_text_contents()
    assert title.get_attribute("aria-sort") == "ascending"
    assert names.index("worker9") + 1 == names.index("worker10"), "numbers in names count"
    title.locator("button").click()
    assert title.get_attribute("aria-sort") == "descending"
    assert shown.all_text_contents() == names[::-1]
    osds = page.locator("section", has=page.locator("h2:text-is('Ceph cluster')")).locator("table").first
    osds.locator("th button", has_text="Used %").click()
    used = [float(text) for text in osds.locator("td[data-label='Used %']").all_text_contents()]
    assert used == sorted(used)
    assert len(used) == 36
    assert used[0] < 35
    assert used[-1] > 90


def test_a_table_is_filtered_by_what_is_typed(opened: Opened) -> None:
    page = opened.page
    section = page.locator("section", has=page.locator("h2:text-is('Hosts')"))
    field, rows = section.locator("input"), section.locator("tbody tr:visible")
    assert rows.count() == 68
    field.fill("silent")
    assert section.locator("tbody tr:visible td[data-label='Host']").all_text_contents() == ["worker9"]
    assert section.locator("output").text_content() == "1 of 68"
    field.fill("STORE ceph_mons")
    assert rows.count() == 3
    field.fill("no such host")
    assert rows.count() == 0
    field.fill("")
    assert rows.count() == 68


def test_what_needs_a_person_stands_first(opened: Opened) -> None:
    page = opened.page
    assert "need a person" in (page.locator(".verdict").text_content() or "")
    findings = page.locator("section").first
    levels = findings.locator("tbody tr td:first-child").all_text_contents()
    assert levels == sorted(levels, key=lambda level: level != "needs a person")
    text = findings.text_content() or ""
    for words in ("worker9", "silent for 4.2 h", "worker41", "nobody has heard of it", "OSD_DOWN", "expires in 10 d"):
        assert words in text
    assert "new memory <b>today</b>" in text, "what daemons say is text"


def test_without_scripts_all_of_it_is_there(browser: Browser, path: Path) -> None:
    opened = open_page(browser, path, java_script_enabled=False)
    section = opened.page.locator("section", has=opened.page.locator("h2:text-is('Hosts')"))
    assert section.locator("td[data-label='Host']:visible").count() == 68
    assert opened.page.locator(".tools:visible").count() == 0
    opened.page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_it_fits_and_can_be_read(browser: Browser, path: Path, scheme: t.Any, size: str) -> None:
    width, height = SIZES[size]
    opened = open_page(browser, path, color_scheme=scheme, viewport={"width": width, "height": height})
    page = opened.page
    assert page.evaluate("document.documentElement.scrollWidth") <= width, "it has to be scrolled sideways"
    colors = page.evaluate(
        """() => [".verdict", "dt", "td", "h2", ".bars .text", "th button", "footer"].map((name) => {
             const element = document.querySelector(name);
             let behind = element;
             while (getComputedStyle(behind).backgroundColor === "rgba(0, 0, 0, 0)") behind = behind.parentElement;
             return [name, getComputedStyle(element).color, getComputedStyle(behind).backgroundColor];
           })"""
    )
    for name, front, back in colors:
        assert contrast(front, back) >= 4.5, (name, front, back)
    assert (luminance(colors[3][2]) < 0.2) is (scheme == "dark")
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{size}-{scheme}.png", full_page=size == "wide")
    page.context.close()


def luminance(color: str) -> float:
    """Return the relative luminance of a color, as WCAG defines it."""
    parts = [int(part) / 255 for part in color[color.index("(") + 1 : -1].split(",")[:3]]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)
