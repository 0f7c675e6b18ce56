"""The update server: releases, manifests and files over HTTP (rules H1 to H12).

``create_app`` gives an ASGI application, to run under any ASGI server or to mount in another application;
``airwaybill serve`` runs it under granian. ``from_environment`` is for ASGI servers that take a factory.
"""

from __future__ import annotations

from airwaybill.server.app import App, create_app

__all__ = ["App", "create_app", "from_environment"]


def from_environment() -> App:
    """The application for the environment variables of ``airwaybill serve``: ``AIRWAYBILL_DIR``, ….

    Raises ``AirwaybillError`` for what ``airwaybill serve`` refuses.
    """
    from airwaybill._serve import from_environment

    return from_environment()
