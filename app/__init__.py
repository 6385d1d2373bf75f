"""The application: command line, wiring and settings; the only place that chooses concrete
classes.
"""
