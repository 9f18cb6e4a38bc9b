"""The stories that the demo tells; `playhead_collector.demo.programme` says by whom and when."""
