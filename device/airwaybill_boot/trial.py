"""A start of a release on trial."""

from .change import firmware_of
from .files import FAILED, STARTS
from .spare import keep_spares

TRIAL_STARTS = 3


def go_on(change):
    # Whether files or firmware have changed, so that the board has to start again.
    if change.head["firmware"] and firmware_of(change.head).runs("old"):
        return change.roll_back("firmware_reverted", STARTS)
    if change.journal["starts"] > TRIAL_STARTS:
        return change.roll_back("not_confirmed", STARTS)
    return not keep_spares(change) and change.roll_back("space", FAILED)


END = True
