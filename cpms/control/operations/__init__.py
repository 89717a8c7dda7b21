"""What can be asked of a charger, without OCPP: one typed request each, by its name."""

from cpms.control.operations.base import EVERY, NEWER, BadRequest, Operation
from cpms.control.operations.certificates import (
    DeleteCertificate,
    InstallCertificate,
    ListCertificates,
    SendCertificate,
)
from cpms.control.operations.charging import AskTransaction, Start, Stop
from cpms.control.operations.configuration import (
    BaseReport,
    ChangeSettings,
    CustomReport,
    ReadSettings,
    SetClock,
    SetNetworkProfile,
)
from cpms.control.operations.customers import AskCustomer
from cpms.control.operations.display import ClearDisplay, GetDisplays, SetDisplay
from cpms.control.operations.files import (
    GetDiagnostics,
    GetLog,
    PublishFirmware,
    UnpublishFirmware,
    UpdateFirmware,
)
from cpms.control.operations.local_lists import AskLocalListVersion, SendLocalList
from cpms.control.operations.monitoring import (
    ClearMonitors,
    ReadMonitors,
    SetMonitoringBase,
    SetMonitoringLevel,
    SetMonitors,
)
from cpms.control.operations.profiles import (
    AskComposite,
    AskProfiles,
    ClearProfiles,
    SetProfile,
    UpdateDynamic,
    UsePriority,
)
from cpms.control.operations.remote import (
    ChangeAvailability,
    ClearCache,
    Reset,
    SendData,
    Trigger,
    Unlock,
)
from cpms.control.operations.reservations import CancelReservation, Reserve
from cpms.control.operations.security import ChangePassword

OPERATIONS: dict[str, type[Operation]] = {
    operation.name: operation
    for operation in (
        Reset, Unlock, ChangeAvailability, Trigger, ClearCache, SendData, Start, Stop,
        AskTransaction, ChangePassword, ReadSettings, ChangeSettings, BaseReport, CustomReport,
        SetNetworkProfile, SetClock, SetMonitors, ClearMonitors, ReadMonitors, SetMonitoringLevel,
        SetMonitoringBase,
        UpdateFirmware, PublishFirmware, UnpublishFirmware, GetDiagnostics, GetLog,
        SetProfile, ClearProfiles, AskProfiles, AskComposite, UsePriority, UpdateDynamic,
        SendLocalList, AskLocalListVersion,
        Reserve, CancelReservation, SetDisplay, GetDisplays, ClearDisplay, AskCustomer,
        SendCertificate, InstallCertificate, ListCertificates, DeleteCertificate,
    )
}  # fmt: skip

__all__ = ["EVERY", "NEWER", "OPERATIONS", "BadRequest", "Operation"]
