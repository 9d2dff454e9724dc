"""Pictures of what was measured, as SVG text: no file, no AWS, no library for drawing.

    svg.py         the few shapes that are needed
    history.py     runs of the smoke test: seconds at each hop
    comparison.py  what each channel told of some reads, and when

A browser and GitHub show SVG; a PNG needs a renderer such as `rsvg-convert` or a headless browser.
"""
