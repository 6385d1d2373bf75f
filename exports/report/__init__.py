"""Reports: what went out in a time, for people who never saw Outgate; the draft of a notification."""
