"""The application: command line, wiring and settings; the only place that chooses concrete
classes.
"""

import sys

if sys.argv[1:2] == ["scan"]:
    sys.dont_write_bytecode = True  # a scan writes its report, and no cache of its own code either
