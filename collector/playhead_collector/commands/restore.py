"""`playhead restore`: a store made again from a backup, and compared with it."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from playhead.printable import several
from playhead_collector.audit.here import tell_audit
from playhead_collector.backup.manifest import read_manifest
from playhead_collector.backup.restore import check_files, restore
from playhead_collector.commands.common import add_json_argument, say, settings_of, write_json
from playhead_collector.store.engine import Engine


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "The backup's checksums are looked at before anything is changed, and every table is compared with the backup "
        "when it is there. Collectors of the store have to be stopped. A restore that is cut short leaves a store "
        "that says so and opens for nothing but a restore, which begins anew."
    )
    parser.add_argument("folder", metavar="SRC", type=Path, help="what 'playhead backup' wrote")
    add_json_argument(parser)
    parser.add_argument("--store", metavar="URL", help="where to (PLAYHEAD_STORE)")
    parser.add_argument("--config", metavar="FILE", help="the collector's TOML file (PLAYHEAD_CONFIG)")
    parser.add_argument(
        "--overwrite",
        action="store_true",
        help="have the backup's projects in the place of what the store holds of them",
    )
    parser.add_argument("--check", action="store_true", help="only read all of the backup and compare it with itself")


def run(arguments: argparse.Namespace) -> int:
    folder: Path = arguments.folder
    manifest = read_manifest(folder)
    check_files(folder, manifest, digests=arguments.check)
    if arguments.check:
        rows = sum(file.rows for *_, file in manifest.files())
        if arguments.json:
            write_json([{"backup_id": manifest.backup_id, "began_at": manifest.began_at, "rows": rows}])
        else:
            say(f"{folder} is a whole backup of {manifest.began_at}: {rows} rows, as they were written")
        return 0
    settings = settings_of(arguments)
    engine = Engine(settings.address)
    try:
        told = {"what": f"backup {manifest.backup_id}", "from": folder, "overwrite": arguments.overwrite}
        tell_audit(settings, "", "restore", told, synced=True)
        done = restore(engine, folder, manifest, overwrite=arguments.overwrite, say=say)
    finally:
        engine.close()
    if arguments.json:
        write_json([dataclasses.asdict(one) for one in done])
    for one in done:
        if one.recomputed:
            say(f"{one.project}: {several(one.recomputed, 'run')} went on during the backup, computed anew")
        if one.erased:
            say(f"{one.project}: {several(one.erased, 'run')} of the backup had been erased, left out here")
    return 0
