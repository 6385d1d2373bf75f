"""Sealed runs at the gate: their connections, their questions for names, and what is not HTTP."""
