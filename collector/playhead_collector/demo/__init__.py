"""The demo's traffic: a few dozen agent runs as real emitters would send them, without a network or a key.

    stories -> take (conversation, clock, tokens) -> steps -> dialects -> wire -> send

Nothing here touches the store: the demo goes through the collector's door like everyone else.
"""

from playhead_collector.demo.programme import DemoRequest, demo_requests

__all__ = ["DemoRequest", "demo_requests"]
