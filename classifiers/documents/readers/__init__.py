"""One reader a file: `MEDIA_TYPES` names what it takes, `read(document, work)` puts what it finds
into the work.
"""
