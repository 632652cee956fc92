"""Where in a picture the evidence lies: maps, the pictures that show them, and a check that they mark what decides."""
