"""What a charger answers to the central system's CALLs: one table per version."""

from cpms.ocpp.simulator.answers import v2, v16
from cpms.ocpp.simulator.answers.schemas import check
from cpms.ocpp.simulator.charger import Charger
from cpms.ocpp.simulator.rpc import Call, CallError, Json

TABLES = {"1.6": v16.ANSWERS, "2.0.1": v2.ANSWERS, "2.1": v2.ANSWERS}


def respond(charger: Charger, call: Call) -> Json:
    """Return the answer to `call`; what follows from it is entered into the agenda.

    Raises CallError for an action that is unknown (NotImplemented) or that this charger
    doesn't do (NotSupported), and for a payload against the schema.
    """
    check(charger.spec.version, call.action, call.payload)
    answer = TABLES[charger.spec.version].get(call.action)
    if answer is None:
        raise CallError("NotSupported", f"This charger doesn't do {call.action}")
    return answer(charger, call.payload)
