"""The section of the Operate tab on a charger's certificates and security profile."""
