"""The demonstration: a stand-in internet on loopback and example scripts behind a private gate."""
