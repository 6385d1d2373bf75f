"""The fleet, on the endpoint's side: how it is enrolled, what it ships to the hub, and what the hub
sends back. The service is in `hub/`.
"""
