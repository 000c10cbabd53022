"""How the state of a node is shown: views computed from one snapshot of the store."""
