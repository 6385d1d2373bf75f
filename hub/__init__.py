"""The hub: the service that endpoints ship their evidence to, on PostgreSQL, and what is asked of
it. What an endpoint does is in `fleet/`.
"""
