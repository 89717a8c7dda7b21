"""What charging profiles allow when they are stacked, and what a vehicle is to be given: pure."""
