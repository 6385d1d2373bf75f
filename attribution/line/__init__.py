"""Which line of the user's own code made a request, seen from outside the process."""
