"""Who must know, by when: rules, incidents, escalation, notifications."""

from alerts.models.incidents import Incident, IncidentEntry
from alerts.models.notifications import Notification
from alerts.models.policies import EscalationPolicy, PolicyVersion
from alerts.models.rules import DetectorName, Rule
from alerts.models.severity import Severity
from alerts.models.steps import EscalationStep
from alerts.models.watch import Watch

__all__ = [
    "DetectorName",
    "EscalationPolicy",
    "EscalationStep",
    "Incident",
    "IncidentEntry",
    "Notification",
    "PolicyVersion",
    "Rule",
    "Severity",
    "Watch",
]
