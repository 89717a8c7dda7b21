"""No key, password or PIN gets past `mask`, and nothing else is lost."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.masking import MASK, looks_like_key, mask

SECRET = "s3cr3t-0011223344556677"


def call(action: str, payload: Any) -> str:
    return json.dumps([2, "19223201", action, payload], separators=(",", ":"))


def result(payload: Any) -> str:
    return json.dumps([3, "19223201", payload], separators=(",", ":"))


COMPONENT = {"name": "SecurityCtrlr"}
KEPT = [
    call(
        "NotifyCustomerInformation",
        {"data": SECRET, "seqNo": 0, "generatedAt": "2026-01-01T00:00:00Z", "requestId": 3},
    ),
    call("ChangeConfiguration", {"key": "AuthorizationKey", "value": SECRET}),
    result({"configurationKey": [{"key": "AuthorizationKey", "readonly": False, "value": SECRET}]}),
    call(
        "SetVariables",
        {
            "setVariableData": [
                {
                    "attributeValue": SECRET,
                    "component": COMPONENT,
                    "variable": {"name": "BasicAuthPassword"},
                }
            ]
        },
    ),
    result(
        {
            "getVariableResult": [
                {
                    "attributeValue": SECRET,
                    "component": COMPONENT,
                    "variable": {"name": "WifiPassword"},
                }
            ]
        }
    ),
    call(
        "NotifyReport",
        {
            "reportData": [
                {
                    "component": COMPONENT,
                    "variable": {"name": "BasicAuthPassword"},
                    "variableAttribute": [{"type": "Actual", "value": SECRET}],
                }
            ]
        },
    ),
    call(
        "NotifyEvent",
        {"eventData": [{"variable": {"name": "ApnSecret"}, "actualValue": SECRET}]},
    ),
    call(
        "SetNetworkProfile",
        {
            "connectionData": {
                "ocppCsmsUrl": "wss://x",
                "basicAuthPassword": SECRET,
                "apn": {"apn": "iot", "apnPassword": SECRET, "simPin": 1234},
                "vpn": {"server": "v", "user": "u", "key": SECRET, "password": SECRET},
            }
        },
    ),
    call("Authorize", {"idToken": {"idToken": SECRET, "type": "KeyCode"}}),
    call("TransactionEvent", {"idToken": {"type": "KeyCode", "idToken": SECRET}}),
    call("DataTransfer", {"vendorId": "x", "data": json.dumps({"wifiPassword": SECRET})}),
    call("DataTransfer", {"vendorId": "x", "data": json.dumps({"apikey": SECRET})}),
    call("DataTransfer", {"vendorId": "x", "data": {"PSK": SECRET, "psk2": SECRET}}),
    '[2,\'1\',"ChangeConfiguration",{"key":"AuthorizationKey","value":"' + SECRET,
    '[2,"1","DataTransfer",' + '{"password":' * 900 + f'"{SECRET}"' + "}" * 900 + "]",
    '[2,"1","DataTransfer",' + "[" * 2_000 + f'{{"password":"{SECRET}"}}',
]


@pytest.mark.parametrize("text", KEPT)
def test_a_secret_is_masked_in_every_version_and_shape(text: str) -> None:
    masked = mask(text)
    assert SECRET not in masked
    assert "1234" not in masked.replace("19223201", "")
    assert MASK in masked


@pytest.mark.parametrize(
    "text",
    [
        call("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "300"}),
        result(
            {
                "configurationKey": [
                    {"key": "HeartbeatInterval", "readonly": False, "value": "300"},
                    {"key": "MeterPublicKey", "readonly": True, "value": "3059"},
                ],
                "unknownKey": ["AuthorizationKey"],
            }
        ),
        call("GetConfiguration", {"key": ["AuthorizationKey", "HeartbeatInterval"]}),
        call("Authorize", {"idToken": {"idToken": "04AA", "type": "ISO14443"}}),
        call("MeterValues", {"connectorId": 1, "meterValue": []}),
        result({"status": "Accepted"}),
        "",
        "no JSON at all",
    ],
)
def test_what_is_no_secret_stays_as_it_is(text: str) -> None:
    assert mask(text) == text


def test_only_the_secret_among_settings_is_masked() -> None:
    rows = [
        {"key": "HeartbeatInterval", "readonly": False, "value": "300"},
        {"key": "AuthorizationKey", "readonly": False, "value": SECRET},
    ]
    masked = json.loads(mask(result({"configurationKey": rows})))[2]["configurationKey"]
    assert masked == [rows[0], {**rows[1], "value": MASK}]


@given(st.text() | st.text('[]{}",:keypasswordsecret\\', max_size=80))
def test_no_text_breaks_it(text: str) -> None:
    assert isinstance(mask(text), str)


TOKEN = "Zp9HrKNT_Xvr5Gz4cXm-FUabmE8xmQBg2RkYR_hU97U"
ADDRESSES = {
    "https://user:pa55@host/fw.bin?sig=abc": f"https://user:{MASK}@host/fw.bin?{MASK}",
    "ftp://t0ken@host:21/a@b": f"ftp://{MASK}@host:21/a@b",
    f"http://kw:9000/files/{TOKEN}": f"http://kw:9000/files/{MASK}",
    "https://host:8443/plain.bin": "https://host:8443/plain.bin",
}


@pytest.mark.parametrize(("address", "shown"), ADDRESSES.items())
def test_an_address_is_kept_without_what_lets_one_in(address: str, shown: str) -> None:
    firmware = {"location": address, "retrieveDateTime": "2026-01-01T00:00:00Z"}
    frame = call("UpdateFirmware", {"requestId": 1, "firmware": firmware})
    assert json.loads(mask(frame))[3]["firmware"]["location"] == shown
    log = call("GetLog", {"log": {"remoteLocation": address}})
    assert json.loads(mask(log))[3]["log"]["remoteLocation"] == shown


def test_a_password_in_any_address_is_masked_and_the_rest_kept() -> None:
    text = call("DataTransfer", {"data": "see https://a:b@host/x?y=z and mail@host"})
    said = json.loads(mask(text))[3]["data"]
    assert said == f"see https://a:{MASK}@host/x?y=z and mail@host"


KEYS = [
    "0123456789abcdef",
    "01:23:45:67:89:AB:CD:EF",
    "CP-1/deadbeefdeadbeefdeadbeef",
    "Kq7zLr2mXw9vTb4nHs",
    "\ufffd" * 20,
]
NAMES = ["", "admin", "CP-1", "DE*KWH*E0001*1", "DE-KWH-BER-HBF-0001", "Ladepark Nord, Säule 12"]


@pytest.mark.parametrize("text", KEYS)
def test_a_key_in_place_of_a_name_is_recognised(text: str) -> None:
    assert looks_like_key(text)


@pytest.mark.parametrize("text", NAMES)
def test_a_name_is_no_key(text: str) -> None:
    assert not looks_like_key(text)
