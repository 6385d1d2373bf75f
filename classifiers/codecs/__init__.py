"""Codecs: how bytes and characters are written down (encodings, folding, magic, frames). Each has
its one home here.
"""
