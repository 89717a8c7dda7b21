"""Action -> handler, for OCPP 2.1: as in 2.0.1, and more."""

from cpms.ocpp.routing import Routes
from cpms.ocpp.v21 import battery_swap, certificates, payment, smart_charging, streams
from cpms.ocpp.v201.routes import ROUTES as V201

ROUTES = Routes(
    version="2.1",
    handlers={
        **V201.handlers,
        "BatterySwap": battery_swap.battery_swap,
        "ClosePeriodicEventStream": streams.close_stream,
        "GetCertificateChainStatus": certificates.get_certificate_chain_status,
        "NotifyDERAlarm": smart_charging.der_alarm,
        "NotifyDERStartStop": smart_charging.der_start_stop,
        "NotifyPeriodicEventStream": streams.stream_data,
        "NotifyPriorityCharging": smart_charging.priority_charging,
        "NotifySettlement": payment.settlement,
        "OpenPeriodicEventStream": streams.open_stream,
        "PullDynamicScheduleUpdate": smart_charging.dynamic_schedule,
        "ReportDERControl": smart_charging.der_report,
        "VatNumberValidation": payment.vat_number,
    },
)
