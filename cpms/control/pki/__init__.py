"""Our certificate authority: what chargers trust, and what they show us.

One for the installation, not one per organisation: the listener must choose the authorities whose
certificates it takes before it knows who is connecting, identities are unique in the installation,
and each certificate names its charger and its organisation. So roots of their own would separate
nothing that the charger's name doesn't, and every charger would have to be told whose root is
whose.
"""
