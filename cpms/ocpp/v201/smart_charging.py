"""Charging needs, schedules, limits and profiles that chargers report. (2.0.1 part 2, K)"""

from cpms.ocpp.notes import declined, kept

#: K11, K12: something else than we limits the charger.
charging_limit = kept("charging_limit")
#: K13.
cleared_charging_limit = kept("charging_limit_cleared", code="chargingLimitSource")
#: K15, K17: no schedules are made for vehicles yet.
charging_needs = kept("charging_needs", reply=declined("Rejected"))
#: K15: Accepted says that it was received, not that it is approved of.
charging_schedule = kept("charging_schedule", reply={"status": "Accepted"})
#: K09.
charging_profiles = kept("charging_profiles", code="chargingLimitSource")
