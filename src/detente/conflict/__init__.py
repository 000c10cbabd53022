"""Which volumes meet, when and by how much; what would part them (pure; numba kernels inside)."""
