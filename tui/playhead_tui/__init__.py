"""The terminal interface: screens over a store, with everything that is read coming from playhead_collector/read."""
