"""A run over HTTP: `app.create_app` is the application, `serving.serve` runs it; see the modules."""
