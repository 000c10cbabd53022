"""Détente: a deconfliction line between parties that do not share a command.

The house, from the ground up (imports point only towards the ground, checked in CI):
``errors`` · ``volumes`` · ``conflict`` · ``formats`` · ``record`` · ``line`` · ``release`` ·
``store`` · ``node`` · ``api`` · ``console`` · ``cli``. See docs/architecture.md.
"""

__version__ = "0.1.0"
