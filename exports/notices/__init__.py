"""Tells people that something needs them: by desktop, mail, web hook or the system's log."""
