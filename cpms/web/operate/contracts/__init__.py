"""Plug & Charge: whom chargers' messages may have us ask, kept by administrators."""
