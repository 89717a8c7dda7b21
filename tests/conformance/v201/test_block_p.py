"""P: data of vendors' own."""

from tests.conformance.case import Case, case
from tests.conformance.station import now
from tests.conformance.v201.states import Transaction, arrived

CUSTOM = {"vendorId": "org.example.acme", "colour": "green"}


@case("TC_P_02_CSMS")
async def test_data_of_an_unknown_vendor(case: Case) -> None:
    station = await arrived(case)
    with case.proves(0):
        told = {"vendorId": "org.example.nobody", "messageId": "hello"}
        answer = await station.call("DataTransfer", **told)
        assert answer["status"] in {"UnknownVendorId", "UnknownMessageId", "Rejected"}
        assert await case.events("data_transfer") == ["org.example.nobody"]


@case("TC_P_03_CSMS")
async def test_custom_data_is_no_reason_to_refuse(case: Case) -> None:
    transaction = Transaction(case, await arrived(case))
    with case.proves(0):
        status = {"connectorStatus": "Occupied", "evseId": 1, "connectorId": 1}
        told = {"timestamp": now(), "customData": CUSTOM, **status}
        assert await transaction.station.call("StatusNotification", **told) == {}
        assert (await case.port()).status == "Occupied"
        await transaction.tells("CablePluggedIn", info={"customData": CUSTOM}, customData=CUSTOM)
