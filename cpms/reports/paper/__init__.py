"""Reports on paper: a document's blocks, drawn into a PDF."""
