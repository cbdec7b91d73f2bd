"""The assets of the graph, a module for each part of it."""
