"""Tests of reports and their figures."""
