"""Simulated chargers: for demos, for tests, and for replays."""
