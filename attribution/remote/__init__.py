"""The attributor as a process of its own: it alone may look at other users' processes, and it has
neither network nor evidence.
"""
