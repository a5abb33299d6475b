"""Search methods against recorded surfaces; see `__main__.py`."""
