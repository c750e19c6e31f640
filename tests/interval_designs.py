"""The interval designs that tests go through."""

from designs import CCD, MTPI, MTPI2, TPI, I3Plus3, Keyboard

ALL = (MTPI, MTPI2, Keyboard, TPI, CCD, I3Plus3)
R_CLASSES = {"mTPI": MTPI, "mTPI2": MTPI2, "TPI": TPI}
"""By their names in R's package escalation."""


def class_name(design):
    return design.__name__
