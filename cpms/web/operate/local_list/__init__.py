"""The local list of a charger: what it has, what it should have, and its rules for when it can't
reach us.
"""
