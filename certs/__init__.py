"""The certificate authority: created, imported or rotated; leaves, trust bundles, the matrix of
clients.
"""
