"""The watch officer's pages."""
