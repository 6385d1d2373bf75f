"""Scripts at rest: what Python lies on a machine, who owns it, what it is made of, and what starts
it.
"""
