"""Firmware and logs: what is on its way, what is kept, and firmware for the fleet."""
