"""Progress of firmware, installed or published on site. (OCPP 2.0.1 part 2, L)

Messages may come late, twice, out of order or never.
"""

from cpms.ocpp.notes import progress

#: L01, L02.
firmware_status = progress("firmware_status")
#: L03: of a local controller that hands firmware on.
published_firmware_status = progress("published_firmware_status")
