"""Which version of which script ran, and what it is made of."""
