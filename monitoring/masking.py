"""Keys, passwords and PINs, taken out of frames before anything keeps them. Pure."""

import re
from typing import Any

import orjson

MASK = "********"
#: Names of settings and properties whose values are nobody's business; a public key is.
SECRET_NAMES = re.compile(
    r"passw|passphrase|secret|(?<!public)(?<!configuration)key$|psk|simpin|pincode|^pin$",
    re.IGNORECASE,
)
#: Frames that are most of the traffic and have no secrets.
USUAL = re.compile(
    r'\[2, ?"[^"]{0,64}", ?"(?:MeterValues|Heartbeat|StatusNotification|StartTransaction)"'
    r'|\[3,"[^"]{0,64}",\{(?:"currentTime":"[^"]*")?\}\]$'
)
#: Who an address is used as: `user:password@`, or a token alone.
CREDENTIALS = re.compile(r"(://)([^/@\s\"?#:]*)(:?)[^/@\s\"?#]*@")
#: Our own one-time addresses.
ONE_TIME = re.compile(r"(/files/)[A-Za-z0-9_-]{43}")
#: Names of properties that hold an address: whoever has it may fetch or put a file.
ADDRESS_NAMES = re.compile(r"location$", re.IGNORECASE)
#: Texts without any of these, in lower case, hold no secret.
HINTS = (
    "://",
    *('key"', 'key\\"', "keycode", "passw", "passphrase", "secret"),
    *("psk", 'pin"', 'pin\\"', "pincode"),
    "notifycustomerinformation",
)
#: What only a part of a customer's data has. (OCPP 2.0.1 NotifyCustomerInformation)
OF_CUSTOMER = frozenset({"data", "seqNo", "generatedAt", "requestId"})
#: Text without blanks or separators, this long, may be a key, and so many hex digits are one.
#: (OCPP 2.0.1 part 2, A00.FR.205: at least 16 characters)
SHORTEST_KEY = 16
HEX_KEY = re.compile(rf"(?:[0-9a-f][-: ]?){{{SHORTEST_KEY},}}", re.IGNORECASE)
#: JSON inside a string is looked into so often.
DEEPEST = 2


def mask(text: str) -> str:
    """Return the frame's text with keys, passwords and PINs replaced by asterisks.

    Text that is no JSON and looks as if it held a secret is replaced as a whole.
    """
    if USUAL.match(text) or not _suspicious(text):
        return text
    return _mask_json(text, DEEPEST)


def masked(value: Any) -> Any:
    """Return a payload, as read from JSON, with keys, passwords and PINs replaced by asterisks."""
    return _masked(value, DEEPEST)


def mask_address(address: str) -> str:
    """Return an address without password, query and one-time token."""
    plain, asked, _query = _without_credentials(address).partition("?")
    return ONE_TIME.sub(rf"\1{MASK}", plain) + (f"?{MASK}" if asked else "")


def _without_credentials(text: str) -> str:
    return CREDENTIALS.sub(_user_alone, text) if "@" in text and "://" in text else text


def _user_alone(found: re.Match[str]) -> str:
    start, user, colon = found.groups()
    return f"{start}{user}:{MASK}@" if colon else f"{start}{MASK}@"


def is_secret(name: str) -> bool:
    """Tell whether a setting or variable of this name is kept to itself."""
    return SECRET_NAMES.search(name) is not None


def looks_like_key(text: str) -> bool:
    """Tell whether a text, meant as a name, may be a key: hex digits, letters mixed with digits
    in one piece, or bytes that are no text.
    """
    if HEX_KEY.search(text):
        return True
    if len(text) < SHORTEST_KEY:
        return False
    if "\ufffd" in text or not text.isprintable():
        return True
    mixed = any(sign.isdigit() for sign in text) and any(sign.isalpha() for sign in text)
    return mixed and not any(sign in "-_.:* " for sign in text)


def _suspicious(text: str) -> bool:
    lowered = text.lower()
    return any(hint in lowered for hint in HINTS)


def _mask_json(text: str, deeper: int) -> str:
    try:
        return orjson.dumps(_masked(orjson.loads(text), deeper)).decode()
    except (orjson.JSONDecodeError, TypeError, RecursionError):
        return MASK


def _masked(value: Any, deeper: int) -> Any:
    if isinstance(value, list):
        return [_masked(item, deeper) for item in value]
    if isinstance(value, dict):
        return _mask_setting(
            {name: _member(name, item, value, deeper) for name, item in value.items()}
        )
    if isinstance(value, str) and deeper and value[:1] in {"{", "["} and _suspicious(value):
        return _mask_json(value, deeper - 1)
    return _without_credentials(value) if isinstance(value, str) else value


def _member(name: str, item: Any, owner: dict[str, Any], deeper: int) -> Any:
    """Return a property's value; "key" names a setting in 1.6, and is one in a VPN's."""
    names_a_setting = name == "key" and ("value" in owner or "readonly" in owner)
    if isinstance(item, str | int | float) and not names_a_setting and is_secret(name):
        return MASK
    if isinstance(item, str) and "://" in item and ADDRESS_NAMES.search(name):
        return mask_address(item)
    return _masked(item, deeper)


def _mask_setting(value: dict[str, Any]) -> dict[str, Any]:
    """Mask the value beside a secret's name: 1.6 key/value, 2.x variable, a driver's PIN."""
    variable = value.get("variable")
    name = variable.get("name") if isinstance(variable, dict) else value.get("key")
    if isinstance(name, str) and is_secret(name):
        return {member: _valueless(member, item) for member, item in value.items()}
    if value.keys() >= OF_CUSTOMER:
        return {**value, "data": MASK}
    if value.get("type") == "KeyCode" and "idToken" in value:
        return {**value, "idToken": MASK}
    return value


def _valueless(member: str, item: Any) -> Any:
    if member in {"value", "attributeValue", "actualValue"}:
        return MASK
    if member == "variableAttribute" and isinstance(item, list):
        return [{**part, "value": MASK} if isinstance(part, dict) else part for part in item]
    return item
