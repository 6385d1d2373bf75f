"""Reports: what went out in a time, for people who never saw Outgate; a draft of a notification."""
