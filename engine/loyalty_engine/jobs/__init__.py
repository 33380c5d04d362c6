"""Work that nobody waits for: members whose boundary has come, events to be published."""
