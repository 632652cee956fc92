"""The page at `/`: predictions and heatmaps, the report, and labels to be looked at again.

`routes` is what the service includes; `gallery` reads the run, `decisions` writes corrections.csv; `index.html`,
`page.css` and the scripts, of which `page.js` is the first, are sent as they are.
"""
