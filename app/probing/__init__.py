"""Trying the clients of a machine: each makes one real request, and whether it came to the gate,
went past it, or did not trust it is seen on the wire.
"""
