"""Where tasks run: in this process, or on the nodes of a Ray cluster. No scheduler of our own."""
