"""One physical question per file, choosing between gridsim's kernel and an outside engine."""
