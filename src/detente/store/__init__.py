"""SQL tables, migrations, the one writer."""
