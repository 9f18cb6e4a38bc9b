"""Who can be told of alerts. Each way of telling is a module: its settings, and `send`."""
