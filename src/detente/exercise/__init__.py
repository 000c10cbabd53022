"""NORTHERN WATCH, the built-in exercise: invented plans on real geography, walked by real nodes."""
