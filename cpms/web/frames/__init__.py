"""The flight recorder as people read it: a charger's frames, filtered, page by page."""
