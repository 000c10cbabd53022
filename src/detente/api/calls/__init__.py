"""What each path of the officers' face does: reads a call, asks the node, returns its view.

Each module is about one noun and ends with its paths, one row each (``rows``).
"""
