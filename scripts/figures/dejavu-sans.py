"""Writes dejavu-sans.json: outlines of the printable ASCII characters of DejaVu Sans 2.37, for text in PNG pictures.

python dejavu-sans.py DejaVuSans.ttf    (needs fonttools)

Units are those of the font, 2048 to the em, y upwards. A contour is a list of points x, y, on, where `on` is 1 for a
point of the outline and 0 for a control point of a quadratic curve, as in TrueType.
"""

import json
import pathlib
import sys

from fontTools.ttLib import TTFont

NOTICE = (
    "Outlines of DejaVu Sans 2.37 (https://dejavu-fonts.github.io). Copyright (c) 2003 by Bitstream, Inc. "
    "All Rights Reserved. Bitstream Vera is a trademark of Bitstream, Inc. DejaVu changes are in public domain. "
    "Licence: dejavu-sans.LICENSE.txt."
)

font = TTFont(sys.argv[1])
names, table, advances = font.getBestCmap(), font["glyf"], font["hmtx"]
glyphs = {}
for code in range(0x20, 0x7F):
    name = names[code]
    points, ends, flags = table[name].getCoordinates(table)
    starts = [0, *[end + 1 for end in ends]]
    contours = [
        [value for at in range(first, end + 1) for value in (*points[at], flags[at] & 1)]
        for first, end in zip(starts, ends)
    ]
    glyphs[chr(code)] = {"advance": advances[name][0], "contours": contours}
lines = ",\n".join(f"    {json.dumps(key)}: {json.dumps(glyph)}" for key, glyph in glyphs.items())
target = pathlib.Path(__file__).with_suffix(".json")
target.write_text(f'{{\n  "notice": {json.dumps(NOTICE)},\n  "unitsPerEm": 2048,\n  "glyphs": {{\n{lines}\n  }}\n}}\n')
