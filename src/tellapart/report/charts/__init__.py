"""Parts of a `Summary` -> charts: plain shapes that ``templates/chart.html.j2`` writes as inline SVG.

Written by hand rather than by a plotting library: the shapes take their colours from the page's style
sheet, so that they follow light, dark and print, and no style attribute is needed, which the page's
content security policy forbids.
"""
