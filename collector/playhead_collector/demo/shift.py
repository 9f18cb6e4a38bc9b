"""One shift at the shop's support desk: the processes of its agent, old and new, against the fake provider.

They are recorded as any agent is, by the SDK in their own process. The new one does not survive its last letter; what
its journal holds then is there to be shipped.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from playhead.errors import PlayheadError
from playhead_collector.demo.shop_provider import ShopProvider
from playhead_collector.demo.tickets import NEW, OLD

# Each version in a process of its own, and how that ends.
DESKS = {OLD: 0, NEW: -signal.SIGKILL}


def shift(endpoint: str, journal: Path) -> None:
    """Returns when all letters are answered, or their processes dead."""
    # As a user's shell would be, but for a setting of Playhead's or OpenTelemetry's that is meant for something else.
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "PLAYHEAD_"))}
    with ShopProvider() as provider:
        here = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
            "PLAYHEAD_JOURNAL": str(journal),
            "MODEL_URL": provider.url,
            "CARRIER_URL": provider.url,
        }
        desks = [
            subprocess.Popen(
                [sys.executable, "-m", "playhead_collector.demo.desk"],
                env={**clean, **here, "SUPPORT_VERSION": version},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
            for version in DESKS
        ]
        said = [desk.communicate()[1] for desk in desks]
    for (version, status), desk, words in zip(DESKS.items(), desks, said, strict=True):
        if desk.returncode != status:
            raise PlayheadError(f"the demo's desk {version} ended with status {desk.returncode}:\n{words}")
