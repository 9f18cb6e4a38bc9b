"""The terminal interface in a browser: a server on loopback, and a process of the same app for each page."""
