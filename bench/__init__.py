"""Every figure that the README quotes, reproducible with ``./dev bench NAME``."""
