"""`playhead backup`: all projects of a store as files, while the store goes on being written."""

from __future__ import annotations

import argparse
from pathlib import Path

from playhead_collector.audit.here import tell_audit
from playhead_collector.backup.manifest import Manifest
from playhead_collector.backup.origin import StoreOrigin
from playhead_collector.backup.take import take
from playhead_collector.backup.through import CollectorOrigin
from playhead_collector.commands.common import add_json_argument, say, settings_of, tell_of_waiting, write_json
from playhead_collector.config import Settings, from_file
from playhead_collector.errors import StoreUnavailable
from playhead_collector.running import running
from playhead_collector.store.address import Embedded
from playhead_collector.store.engine import Engine, is_store


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "Writes every project's rows, with a manifest of counts and checksums that is complete only at the end. "
        "Where a collector runs, what it had acknowledged is stored first. 'playhead restore' makes a store of it, "
        "of either kind. Prompts and payloads are in it in the clear."
    )
    parser.add_argument("folder", metavar="DEST", type=Path, help="a folder that is empty, or not there yet")
    add_json_argument(parser)
    parser.add_argument("--store", metavar="URL", help="which store (PLAYHEAD_STORE)")
    parser.add_argument("--config", metavar="FILE", help="the collector's TOML file (PLAYHEAD_CONFIG)")
    parser.add_argument(
        "--token", help="the collector's admin token; @FILE keeps it out of sight (PLAYHEAD_ADMIN_TOKEN)"
    )


def run(arguments: argparse.Namespace) -> int:
    settings = settings_of(arguments)
    address = settings.address
    found = running(address.path) if isinstance(address, Embedded) else None
    if found is not None and found.http:
        token = from_file(arguments.token)[0] if arguments.token else settings.admin_token
        manifest = take(CollectorOrigin(found, token), arguments.folder, str(address), say)
    else:
        tell_audit(settings, "", "backup", {"what": "all projects", "to": arguments.folder}, synced=True)
        manifest = _directly(settings, arguments.folder)
    files = list(manifest.files())
    told = {
        "backup_id": manifest.backup_id,
        "began_at": manifest.began_at,
        "projects": [project.name for project in manifest.projects],
        "files": len(files),
        "rows": sum(file.rows for *_, file in files),
        "bytes": sum(file.bytes for *_, file in files),
    }
    if arguments.json:
        write_json([told])
    else:
        say(f"{told['rows']} rows, {told['bytes']} bytes in {len(files)} files: {arguments.folder} is a whole backup")
    return 0


def _directly(settings: Settings, folder: Path) -> Manifest:
    """As it is, older schemas included: a backup is what one takes before an upgrade."""
    address = settings.address
    if isinstance(address, Embedded):
        if not is_store(address.path):
            raise StoreUnavailable(f"there is no store at {address.path}; name the one to back up with --store")
        tell_of_waiting(settings.spool_folder)
    engine = Engine(address)
    try:
        # The embedded engine runs as long as there is a handle on it: where each query's was the only one, it was
        # started anew for every table, 0.3 s of CPU each time.
        with engine.connect():
            return take(StoreOrigin(address, engine.connect), folder, str(address), say)
    finally:
        engine.close()
