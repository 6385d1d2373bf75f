"""Advisories that the organisation supplies: which versions of which packages have known holes, or
are malicious.
"""
