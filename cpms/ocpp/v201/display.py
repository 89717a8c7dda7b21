"""Display messages, customers' data and reservations. (OCPP 2.0.1 part 2, O, N09, H)"""

from cpms.ocpp.notes import kept

#: O03.
display_messages = kept("display_messages")
#: N09, N10.
customer_information = kept("customer_information", time="generatedAt")
#: H02, H04.
reservation_status = kept("reservation_status", code="reservationUpdateStatus")
