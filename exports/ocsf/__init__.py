"""Our records and acts as events of OCSF 1.8.0: what has no field there stands in `unmapped`."""
