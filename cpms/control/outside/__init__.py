"""Servers of others that we ask because a charger wants to know: OCSP responders, contract pools.

They are named by chargers or by staff: none is asked that isn't allowed, and none inside.
"""
