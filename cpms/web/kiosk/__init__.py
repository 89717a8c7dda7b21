"""The wall: boards for a screen that nobody touches, opened by a link that may do nothing else."""
