"""Exports: what leaves the evidence for people and programs that never saw Outgate. Formats,
reports, evidence packs, and the check of an exported file.
"""
