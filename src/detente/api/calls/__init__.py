"""What each path of the officers' face does: reads a call, asks the node, returns its view."""
