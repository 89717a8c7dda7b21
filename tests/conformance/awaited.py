"""Cases that can't pass yet, and why. One that passes must be taken off."""

#: Why -> the cases.
REASONS: dict[str, str] = {
    "No certificates, TLS listener or password change yet.": (
        "TC_073 TC_074 TC_077 TC_083 TC_086 TC_087 TC_A_04 TC_A_06 TC_A_07 TC_A_08 "
        "TC_A_09 TC_A_10 TC_A_11 TC_A_12 TC_A_13 TC_A_14 TC_A_19"
    ),
    "No operation reads or writes the device model yet.": (
        "TC_B_08 TC_B_12 TC_B_13 TC_B_14 TC_B_18"
    ),
    "Contract certificates aren't checked yet.": ("TC_C_50 TC_C_51 TC_C_52"),
    "No tariff and no running cost yet.": ("TC_I_01 TC_I_02"),
    "No operation sets charging profiles yet.": (
        "TC_K_01 TC_K_02 TC_K_03 TC_K_04 TC_K_05 TC_K_06 TC_K_08 TC_K_10 TC_K_15 TC_K_19 "
        "TC_K_29 TC_K_30 TC_K_31 TC_K_32 TC_K_33 TC_K_34 TC_K_35 TC_K_36 TC_K_37 TC_K_43 "
        "TC_K_44 TC_K_52 TC_K_53 TC_K_55 TC_K_57 TC_K_58 TC_K_59 TC_K_60 TC_K_70"
    ),
    "No operation manages certificates, and no OCSP responder is asked, yet.": (
        "TC_M_24 TC_M_26 TC_M_28"
    ),
    "No operation monitors variables, fetches logs or asks for customers' data yet.": (
        "TC_N_01 TC_N_02 TC_N_03 TC_N_08 TC_N_09 TC_N_18 TC_N_46 TC_N_47 TC_N_60"
    ),
}

AWAITED = {f"{case}_CSMS": why for why, cases in REASONS.items() for case in cases.split()}
