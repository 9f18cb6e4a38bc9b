"""What an engine keeps of its handles."""

from __future__ import annotations

import gc
from weakref import ref

from playhead_collector.store.engine import Engine


def test_a_handle_that_nobody_has_any_more_is_let_go(engine: Engine) -> None:
    """A backup opens one for each partition; together they were 75 MB that a collector never got back."""
    client = engine.connect()
    assert client.command("SELECT 1") == 1
    told = ref(client)
    client.close()
    del client
    gc.collect()
    assert told() is None
