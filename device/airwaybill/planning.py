"""From what the manifest lists to what the device is to fetch and to change: `waybill/fetch.new`."""

from airwaybill import lists, room  # noqa: F401, they stay for both passes
from airwaybill.update import once


def planning(ota, found, deletes):
    """`deletes`: the path of a list whose deletes count as well, or None."""
    once("plan", "plan", ota, found, deletes)
    once("goes", "complete", ota, found)
