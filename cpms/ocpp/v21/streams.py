"""Periodic event streams: none is opened, what comes all the same is kept. (2.1 part 2, N11–N15)"""

from cpms.ocpp.notes import declined, kept

#: N11: the charger goes on with NotifyEvent.
open_stream = kept("event_stream_request", reply=declined("Rejected"))
#: N13.
close_stream = kept("event_stream_closed", code="id")
#: N15: a SEND, which nobody answers.
stream_data = kept("event_stream", code="id", time="basetime", severity=8)
