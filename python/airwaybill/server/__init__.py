"""The update server: releases, manifests and files over HTTP (rules H1 to H6).

``create_app`` gives an ASGI application, to run under any ASGI server or to mount in another application;
``airwaybill serve`` runs it under granian.
"""

from __future__ import annotations

from airwaybill.server.app import App, create_app

__all__ = ["App", "create_app"]
