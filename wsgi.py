"""What gunicorn and the flask command load."""

from __future__ import annotations

import os

from app import create_app
from app.core.config import Settings

settings = Settings.read()
if os.environ.get("FLASK_RUN_FROM_CLI") != "true":
    # Serving: refuse unsafe settings and say which (I2). Commands check where they touch cases.
    settings.require_safe()
app = create_app(settings)
