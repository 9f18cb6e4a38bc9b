"""What is hidden of what emitters send, before any of it is on a disk."""
