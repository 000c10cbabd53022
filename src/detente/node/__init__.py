"""Use cases and the clockwork: file, release, receive, acknowledge, deliver, watch deadlines."""

from detente.node.node import Node

__all__ = ["Node"]
