"""The beacon: a sender's own word about what it runs and which line sent. A claim, which adds or
doubts, and overrules nothing.
"""
