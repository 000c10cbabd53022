"""Other people's files in and out: GeoJSON, CSV, NOTAM, trajectories (pure)."""
