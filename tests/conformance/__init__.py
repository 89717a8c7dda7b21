"""Every case of OCPP's compliance tests that concerns a CSMS, run against the real gateway.

A case is a small function that plays the station (`station`) and the operator (`asking`); each
entry of its `csms_validations` is checked inside `case.proves(index)`, and an entry that nothing
checked fails the case (`case`).
"""
