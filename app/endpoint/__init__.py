"""Installing Outgate on a machine as services of their own users, and taking it off again."""
