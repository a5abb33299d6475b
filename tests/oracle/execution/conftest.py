"""Ray reads its token when it is imported, so it is there before any test module is."""

from __future__ import annotations

import os
import uuid

os.environ.setdefault("RAY_AUTH_MODE", "token")
os.environ.setdefault("RAY_AUTH_TOKEN", uuid.uuid4().hex)
