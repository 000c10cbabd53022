"""Build hook: makes the console's map island from ``web/`` while the package is being built."""
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class BuildWeb(BuildHookInterface):  # type: ignore[type-arg]
    """Placeholder until the island exists; see docs/architecture.md."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Nothing to build yet."""
