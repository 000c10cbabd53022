"""``python -m detente`` is the ``detente`` command."""

from detente.cli.main import main

if __name__ == "__main__":
    main()
