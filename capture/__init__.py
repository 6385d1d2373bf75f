"""How traffic reaches the gate: sealed runs, whose network is handed to it (Linux, without root).

Knows no proxy: what is handed over are sockets, and who takes them is nothing to this folder.
"""
