"""The one palette: a colour for each design, in daylight and in the dark, and a scale of shades for doses."""

from __future__ import annotations

DESIGN_COLOURS = ("#0b63a5", "#b35900", "#00795a", "#a63a79", "#5b52b5", "#a1392d", "#666600", "#4a4a4a")
"""Of designs, on white; told apart by the colour-blind together with the markers, and legible as text."""

DARK_DESIGN_COLOURS = ("#6cb6ff", "#ffab5e", "#4fd1a5", "#f08cc6", "#b8aeff", "#ff9b90", "#d3d05a", "#c8c8c8")
"""The same on black."""

BLACK, WHITE = "#000000", "#ffffff"

DLT_COLOUR = "#c2410c"
"""Of what is toxic, on white."""

_DOSES = ((219, 233, 246), (168, 206, 228), (98, 167, 210), (42, 122, 185), (10, 74, 144), (8, 48, 107))


def dose_colour(level: int, n_doses: int) -> str:
    """Return the shade of a dose level, light for the lowest and dark for the highest; white for 0, no dose.

    Examples
    --------
    >>> dose_colour(1, 3), dose_colour(3, 3), dose_colour(0, 3)
    ('#dbe9f6', '#08306b', '#ffffff')
    """
    if level == 0:
        return WHITE
    place = (len(_DOSES) - 1) * (level - 1) / max(1, n_doses - 1)
    low = min(int(place), len(_DOSES) - 2)
    parts = [round(a + (place - low) * (b - a)) for a, b in zip(_DOSES[low], _DOSES[low + 1], strict=True)]
    return "#" + "".join(f"{part:02x}" for part in parts)


def relative_luminance(colour: str) -> float:
    """Return the luminance of ``"#rrggbb"`` as the Web Content Accessibility Guidelines define it, from 0 to 1."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def ink_for(colour: str) -> str:
    """Return black or white, whichever stands out more from a colour.

    Examples
    --------
    >>> ink_for("#dbe9f6"), ink_for("#08306b")
    ('#000000', '#ffffff')
    """
    return BLACK if relative_luminance(colour) > 0.179 else WHITE
