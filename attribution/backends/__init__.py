"""One file per operating system's way to tell who owns a socket and what a process is."""
