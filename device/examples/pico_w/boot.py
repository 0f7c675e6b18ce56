"""Recovery first: nothing of a release is imported before it."""

from OTA import OTA

OTA.boot()
