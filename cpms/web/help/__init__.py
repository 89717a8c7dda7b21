"""The operator's guide under /help/: Markdown in each language, side by side."""
