"""The desk for programs: JSON over a unix socket. What may be asked, and how, is served at /openapi.json."""

from broadcaster.api.app import Rooms, application
from broadcaster.api.routes import ROUTES
from broadcaster.api.serving import serve

__all__ = ["ROUTES", "Rooms", "application", "serve"]
