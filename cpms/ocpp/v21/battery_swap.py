"""Batteries put in and taken out. (OCPP 2.1 part 2, S)"""

from cpms.ocpp.notes import kept

#: S01–S04.
battery_swap = kept("battery_swap", code="eventType")
