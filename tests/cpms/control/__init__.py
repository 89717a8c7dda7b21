"""Tests of what is asked of chargers."""
