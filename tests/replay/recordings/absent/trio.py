"""Not installed when the recordings were made: httpx2 imports it where it is, and its import runs `ldconfig`."""

raise ImportError("trio was not there when this was recorded")
