"""What is kept of reports: orders, files, subscriptions, deliveries."""

from cpms.reports.models.deliveries import Delivery
from cpms.reports.models.reports import Chunk, Format, Kind, Report, ReportFile
from cpms.reports.models.subscriptions import Every, Subscription

__all__ = [
    "Chunk", "Delivery", "Every", "Format", "Kind", "Report", "ReportFile", "Subscription",
]  # fmt: skip
