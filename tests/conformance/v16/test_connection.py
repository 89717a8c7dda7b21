"""Security: who is let in, and which subprotocol is spoken."""

import pytest
from websockets.exceptions import InvalidStatus

from tests.conformance.case import Case, case
from tests.conformance.v16.states import booted


@case("TC_085_CSMS")
async def test_basic_authentication(case: Case) -> None:
    with case.proves(0):
        with pytest.raises(InvalidStatus) as refused:
            await case.connect(password=None)
        assert refused.value.response.status_code == 401
    with case.proves(1):
        station = await case.connect()
        assert station.socket.subprotocol == "ocpp1.6"
    with case.proves(2):
        await booted(case, station)


@case("TC_088_CSMS")
async def test_the_subprotocol_is_negotiated(case: Case) -> None:
    with case.proves(0):
        with pytest.raises(InvalidStatus) as refused:
            await case.connect(subprotocols=["ocpp0.1"])
        assert refused.value.response.status_code == 400
    with case.proves(1):
        station = await case.connect(subprotocols=["ocpp0.1", "ocpp1.6"])
        response = station.socket.response
        assert response is not None
        assert response.headers["Sec-WebSocket-Protocol"] == "ocpp1.6"
        await booted(case, station)


@case("TC_073_CSMS")
async def test_the_password_is_changed(case: Case) -> None:
    station = await case.connect()
    await booted(case, station)
    asking = await case.asks("change_password")
    asked = await station.asked("ChangeConfiguration")
    with case.proves(0):
        assert asked.payload["key"] == "AuthorizationKey"
    with case.proves(1):
        key = bytes.fromhex(asked.payload["value"])
        assert 16 <= len(key) <= 20
        assert len(asked.payload["value"]) <= 40
    await asked.answer(status="Accepted")
    await asking.ends("accepted", "Accepted")
    await station.close()
    with case.proves(2):
        await booted(case, await case.connect(password=asked.payload["value"]))
        with pytest.raises(InvalidStatus) as refused:
            await case.connect()
        assert refused.value.response.status_code == 401
