"""What gunicorn and the flask command load."""

from __future__ import annotations

import gc
import os

from click import ClickException

from app import create_app
from app.core.config import Settings
from app.core.start import check_start
from app.protocols.problems import ProtocolError

settings = Settings.read()
serving = os.environ.get("FLASK_RUN_FROM_CLI") != "true"
if serving:
    # Before the application is made, which takes the keys for granted.
    settings.require_safe()
try:
    app = create_app(settings)
except ProtocolError as bad:
    if serving:
        raise
    raise ClickException(str(bad)) from bad
if serving:
    # Refuse what is unsafe and say which (I2). Commands check where they touch cases.
    check_start(app)
# What is loaded now stays: no use in looking through it again at every round.
gc.collect()
gc.freeze()
