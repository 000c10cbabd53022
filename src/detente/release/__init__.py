"""What a party lets a line see (pure)."""
