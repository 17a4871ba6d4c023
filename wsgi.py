"""What gunicorn and the flask command load."""

from __future__ import annotations

import gc
import os

# What loads stays: looking through it for garbage over and over is a seventh of a start.
gc.disable()

from app import create_app  # noqa: E402  after it, or nothing is saved
from app.cli.checked import TryAgainLater  # noqa: E402
from app.core.config import Settings  # noqa: E402
from app.core.start import check_start  # noqa: E402
from app.protocols.problems import ProtocolError  # noqa: E402

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
    raise TryAgainLater(str(bad)) from bad
if serving:
    # Refuse what is unsafe and say which (I2). Commands check where they touch cases.
    check_start(app)
else:
    from app.cli.install import with_migrations

    with_migrations(app)
# Nor is there any use in looking through it at later rounds. What loading left behind is a
# hundredth of it; finding that would take as long as a tenth of a start.
gc.freeze()
gc.enable()
