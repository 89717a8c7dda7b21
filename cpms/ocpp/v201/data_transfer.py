"""DataTransfer: vendors' own messages. (OCPP 2.0.1 part 2, P)"""

from cpms.ocpp.notes import kept

#: P02: no vendor's extension is known here.
data_transfer = kept(
    "data_transfer", code="vendorId", severity=7, reply={"status": "UnknownVendorId"}
)
