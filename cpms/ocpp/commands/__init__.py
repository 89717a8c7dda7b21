"""Version-neutral operations as OCPP's CALLs, and the answers as what they mean."""
