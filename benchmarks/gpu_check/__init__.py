"""Whether the GPU side works, and how fast it is, with one command: see `__main__.py`."""
