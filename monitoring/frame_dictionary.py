"""What frames usually look like: the flight recorder's compression dictionaries.

A dictionary in use never changes: segments name the one they were written with. To improve
it, add a new number and make it `NEWEST`.
"""

import zstandard

_USUAL = r"""
0 in [2,"b4f3c1d2-5a6e-4f7b-8c9d-0e1f2a3b4c5d","BootNotification",{"chargePointVendor":"Vendor","chargePointModel":"Model","chargePointSerialNumber":"SN","chargeBoxSerialNumber":"","firmwareVersion":"1.0.0","iccid":"","imsi":"","meterType":"","meterSerialNumber":""}]
12 out [3,"b4f3c1d2-5a6e-4f7b-8c9d-0e1f2a3b4c5d",{"status":"Accepted","currentTime":"2026-01-01T00:00:00.000Z","interval":300}]
0 in [2,"1","BootNotification",{"reason":"PowerUp","chargingStation":{"model":"Model","vendorName":"Vendor","serialNumber":"","firmwareVersion":"","modem":{"iccid":"","imsi":""}}}]
0 in [2,"1000","Heartbeat",{}]
5 out [3,"1000",{"currentTime":"2026-01-01T00:00:00.000Z"}]
0 in [2,"1","StatusNotification",{"timestamp":"2026-01-01T00:00:00Z","connectorStatus":"Occupied","evseId":1,"connectorId":1}]
0 in [2,"1","StatusNotification",{"connectorId":1,"errorCode":"NoError","info":"","status":"Finishing","timestamp":"2026-01-01T00:00:00Z","vendorId":"","vendorErrorCode":""}]
0 in [2,"1","StatusNotification",{"connectorId":2,"errorCode":"NoError","status":"Available"}] "SuspendedEV" "SuspendedEVSE" "Preparing" "Unavailable" "Faulted" "Charging" "Reserved"
3 out [3,"1",{}]
0 in [2,"1","Authorize",{"idTag":"04A1B2C3D4E5F6"}]
3 out [3,"1",{"idTagInfo":{"status":"Accepted"}}]
0 in [2,"1","Authorize",{"idToken":{"idToken":"04A1B2C3D4E5F6","type":"ISO14443"}}]
3 out [3,"1",{"idTokenInfo":{"status":"Accepted"}}]
0 in [2,"1","StartTransaction",{"connectorId":1,"idTag":"04A1B2C3D4E5F6","meterStart":0,"timestamp":"2026-01-01T00:00:00Z"}]
3 out [3,"1",{"transactionId":1000,"idTagInfo":{"status":"Accepted"}}]
0 in [2,"1","StopTransaction",{"transactionId":1000,"idTag":"04A1B2C3D4E5F6","meterStop":1000,"timestamp":"2026-01-01T00:00:00Z","reason":"EVDisconnected","transactionData":[]}]
3 out [3,"1",{"idTagInfo":{"status":"Accepted"}}]
0 in [2,"1","TransactionEvent",{"eventType":"Updated","timestamp":"2026-01-01T00:00:00.000Z","triggerReason":"MeterValuePeriodic","seqNo":1,"transactionInfo":{"transactionId":"","chargingState":"Charging"},"evse":{"id":1,"connectorId":1},"idToken":{"idToken":"","type":"ISO14443"},"meterValue":[{"timestamp":"2026-01-01T00:00:00.000Z","sampledValue":[{"value":0.0,"context":"Sample.Periodic","measurand":"Energy.Active.Import.Register","location":"Outlet","unitOfMeasure":{"unit":"Wh","multiplier":0}},{"value":0.0,"measurand":"Power.Active.Import","unitOfMeasure":{"unit":"W"}},{"value":0.0,"measurand":"SoC","location":"EV","unitOfMeasure":{"unit":"Percent"}}]}]}]
0 in [2,"1","MeterValues",{"connectorId":1,"transactionId":1000,"meterValue":[{"timestamp":"2026-01-01T00:00:00Z","sampledValue":[{"value":"1000","context":"Sample.Periodic","format":"Raw","measurand":"Energy.Active.Import.Register","location":"Outlet","unit":"Wh"},{"value":"0.0","context":"Sample.Periodic","measurand":"Power.Active.Import","location":"Outlet","unit":"W"},{"value":"16.0","context":"Sample.Periodic","measurand":"Current.Import","phase":"L1","location":"Outlet","unit":"A"},{"value":"16.0","context":"Sample.Periodic","measurand":"Current.Import","phase":"L2","unit":"A"},{"value":"16.0","context":"Sample.Periodic","measurand":"Current.Import","phase":"L3","unit":"A"},{"value":"230.0","context":"Sample.Periodic","measurand":"Voltage","phase":"L1-N","unit":"V"},{"value":"230.0","measurand":"Voltage","phase":"L2-N","unit":"V"},{"value":"230.0","measurand":"Voltage","phase":"L3-N","unit":"V"},{"value":"50","measurand":"SoC","location":"EV","unit":"Percent"},{"value":"30","measurand":"Temperature","location":"Body","unit":"Celsius"}]}]}]
3 out [3,"1",{}]
"""  # noqa: E501 - frames are long

NEWEST = 1
DICTIONARIES = {
    1: zstandard.ZstdCompressionDict(
        _USUAL.strip().encode(), dict_type=zstandard.DICT_TYPE_RAWCONTENT
    )
}
