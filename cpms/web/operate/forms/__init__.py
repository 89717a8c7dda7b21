"""The form of each operation, in the order in which they are offered."""

from cpms.web.operate.forms.base import GROUPS, Harm, OperationForm, PortField
from cpms.web.operate.forms.certificates import (
    ChangePasswordForm,
    DeleteCertificateForm,
    InstallCertificateForm,
    ListCertificatesForm,
    SendCertificateForm,
)
from cpms.web.operate.forms.charging import AskTransactionForm, StartForm, StopForm
from cpms.web.operate.forms.configuration import (
    BaseReportForm,
    ChangeSettingsForm,
    CustomReportForm,
    NetworkProfileForm,
    ReadSettingsForm,
    SetClockForm,
)
from cpms.web.operate.forms.customers import AskCustomerForm
from cpms.web.operate.forms.display import ClearDisplayForm, GetDisplaysForm, SetDisplayForm
from cpms.web.operate.forms.files import (
    DiagnosticsForm,
    GetLogForm,
    PublishFirmwareForm,
    UnpublishFirmwareForm,
    UpdateFirmwareForm,
)
from cpms.web.operate.forms.limits import LimitForm
from cpms.web.operate.forms.local_lists import AskLocalListVersionForm, SendLocalListForm
from cpms.web.operate.forms.monitors import (
    ClearMonitorsForm,
    MonitoringBaseForm,
    MonitoringLevelForm,
    ReadMonitorsForm,
    SetMonitorForm,
)
from cpms.web.operate.forms.profiles import (
    AskCompositeForm,
    AskProfilesForm,
    ClearForm,
    DynamicForm,
    PriorityForm,
)
from cpms.web.operate.forms.remote import (
    AvailabilityForm,
    ClearCacheForm,
    ResetForm,
    SendDataForm,
    TriggerForm,
    UnlockForm,
)
from cpms.web.operate.forms.reservations import CancelReservationForm, ReserveForm

#: Operation -> its form; within a group (`GROUPS`) they are offered in this order.
FORMS: dict[str, type[OperationForm]] = {
    form.operation.name: form
    for form in (
        StopForm,
        StartForm,
        UnlockForm,
        ReserveForm,
        CancelReservationForm,
        ResetForm,
        AvailabilityForm,
        TriggerForm,
        AskTransactionForm,
        ClearCacheForm,
        SendLocalListForm,
        AskLocalListVersionForm,
        SendDataForm,
        SetDisplayForm,
        ClearDisplayForm,
        GetDisplaysForm,
        AskCustomerForm,
        LimitForm,
        ClearForm,
        AskCompositeForm,
        AskProfilesForm,
        PriorityForm,
        DynamicForm,
        ReadSettingsForm,
        ChangeSettingsForm,
        BaseReportForm,
        CustomReportForm,
        NetworkProfileForm,
        SetClockForm,
        ReadMonitorsForm,
        SetMonitorForm,
        ClearMonitorsForm,
        MonitoringLevelForm,
        MonitoringBaseForm,
        UpdateFirmwareForm,
        PublishFirmwareForm,
        UnpublishFirmwareForm,
        DiagnosticsForm,
        GetLogForm,
        ChangePasswordForm,
        ListCertificatesForm,
        InstallCertificateForm,
        DeleteCertificateForm,
        SendCertificateForm,
    )
}

__all__ = ["FORMS", "GROUPS", "Harm", "OperationForm", "PortField"]
