"""Messages on the display, what is known of a customer, and costs. (OCPP 2.x O, N09, I02)"""

from functools import partial

from cpms.ocpp.simulator import acts
from cpms.ocpp.simulator.charger import Charger
from cpms.ocpp.simulator.messages import Message
from cpms.ocpp.simulator.rpc import Json

#: Messages that the display holds.
MOST_MESSAGES = 10
#: Characters of a customer's data in one message.
PART = 40


def set_display_message(charger: Charger, payload: Json) -> Json:
    """Keep a message; only plain text, and none that stands in front of all for ever."""
    message = payload["message"]
    if message["priority"] == "AlwaysFront":
        return {"status": "NotSupportedPriority"}
    if message["message"]["format"] not in ("UTF8", "ASCII"):
        return {"status": "NotSupportedMessageFormat"}
    transaction = message.get("transactionId")
    keys = {port.session.key for port in charger.ports.values() if port.session}
    if transaction is not None and transaction not in keys:
        return {"status": "UnknownTransaction"}
    if len(charger.displays) >= MOST_MESSAGES and message["id"] not in charger.displays:
        return {"status": "Rejected"}
    charger.displays[message["id"]] = message
    return {"status": "Accepted"}


def get_display_messages(charger: Charger, payload: Json) -> Json:
    """Report the messages that are kept, those that are asked for, after the answer."""
    chosen = [message for message in charger.displays.values() if _is_asked(message, payload)]
    if not chosen:
        return {"status": "Unknown"}
    messages = [
        Message(
            "NotifyDisplayMessages",
            {
                "requestId": payload["requestId"],
                "messageInfo": [message],
                "tbc": message is not chosen[-1],
            },
        )
        for message in chosen
    ]
    charger.agenda.soon(partial(acts.say_in_turn, charger, messages, 0.0))
    return {"status": "Accepted"}


def _is_asked(message: Json, payload: Json) -> bool:
    wanted = payload.get("id")
    return (
        (wanted is None or message["id"] in wanted)
        and payload.get("priority", message["priority"]) == message["priority"]
        and payload.get("state", message.get("state")) == message.get("state")
    )


def clear_display_message(charger: Charger, payload: Json) -> Json:
    """Forget a message."""
    known = charger.displays.pop(payload["id"], None)
    return {"status": "Accepted" if known else "Unknown"}


def customer_information(charger: Charger, payload: Json) -> Json:
    """Tell, in parts, of a customer whose token is known; nothing is known of others."""
    token = payload.get("idToken", {}).get("idToken")
    if not payload["report"] and not payload["clear"]:
        return {"status": "Rejected"}
    text = f"token={token};seen at {charger.spec.identity};language=de" if token else "no data"
    if not payload["report"]:
        text = ""
    parts = [text[at : at + PART] for at in range(0, len(text), PART)] or [""]
    messages = [
        Message(
            "NotifyCustomerInformation",
            {
                "data": part,
                "seqNo": number,
                "tbc": number < len(parts) - 1,
                "generatedAt": charger.stamp(),
                "requestId": payload["requestId"],
            },
        )
        for number, part in enumerate(parts)
    ]
    charger.agenda.soon(partial(acts.say_in_turn, charger, messages, 0.0))
    return {"status": "Accepted"}


def cost_updated(_charger: Charger, _payload: Json) -> Json:
    """Take note of the running cost."""
    return {}
