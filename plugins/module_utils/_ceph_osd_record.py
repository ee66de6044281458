# Copyright: (c) 2026, the sitewright.grid contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Private to sitewright.grid: the note of the OSDs that are being made, which outlives a killed run."""

from __future__ import annotations

import json
import os

from ansible_collections.sitewright.grid.plugins.module_utils._private_file import write_private

Record = dict[str, str]


class Records:
    """Device path to uuid and key of an OSD that is being made, in a file that only root can read.

    A note is written before the cluster hears of the OSD and removed when the OSD is made. Notes of another cluster
    count for nothing.
    """

    def __init__(self, path: str, fsid: str | None) -> None:
        self.path = path
        self.fsid = fsid
        self._records = self._load()

    def get(self, device: str) -> Record | None:
        """Return uuid and key of the OSD that is being made of this device, if any."""
        return self._records.get(device)

    def add(self, records: dict[str, Record]) -> None:
        """Note these; they are on disk when this returns."""
        if any(self._records.get(device) != record for device, record in records.items()):
            self._records.update(records)
            self._save()

    def drop(self, devices: list[str]) -> None:
        """Forget these, whose OSDs are made."""
        gone = [device for device in devices if self._records.pop(device, None)]
        if gone:
            self._save()

    def devices(self) -> list[str]:
        """Return the devices of which an OSD is being made."""
        return list(self._records)

    def _load(self) -> dict[str, Record]:
        if not os.path.exists(self.path):
            return {}
        with open(self.path) as file:
            noted = json.load(file)
        records: dict[str, Record] = noted["osds"] if noted["fsid"] == self.fsid else {}
        return records

    def _save(self) -> None:
        if not self._records:
            os.unlink(self.path)
            return
        write_private(self.path, json.dumps({"fsid": self.fsid, "osds": self._records}))
        directory = os.open(os.path.dirname(self.path), os.O_RDONLY)
        os.fsync(directory)
        os.close(directory)
