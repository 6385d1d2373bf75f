"""What holds for every test: examples take as long as the machine lets them, so none has a
deadline.
"""

from hypothesis import settings

settings.register_profile("house", deadline=None)
settings.load_profile("house")
