"""A run folder's files -> `tellapart.report.summary.Summary`; one module per kind of content."""
