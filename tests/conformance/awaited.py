"""Cases that can't pass yet, and why. One that passes must be taken off."""

#: Why -> the cases.
REASONS: dict[str, str] = {
    "No certificates, TLS listener or password change yet.": (
        "TC_073 TC_074 TC_077 TC_083 TC_086 TC_087 TC_A_04 TC_A_06 TC_A_07 TC_A_08 "
        "TC_A_09 TC_A_10 TC_A_11 TC_A_12 TC_A_13 TC_A_14 TC_A_19"
    ),
    "No operation reads or writes the device model yet.": (
        "TC_B_06 TC_B_07 TC_B_08 TC_B_09 TC_B_10 TC_B_12 TC_B_13 TC_B_14 TC_B_18 TC_B_42 TC_B_44"
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
        "TC_N_01 TC_N_02 TC_N_03 TC_N_05 TC_N_08 TC_N_09 TC_N_16 TC_N_17 TC_N_18 TC_N_25 "
        "TC_N_35 TC_N_27 TC_N_28 TC_N_29 TC_N_30 TC_N_31 TC_N_32 TC_N_34 TC_N_36 TC_N_44 "
        "TC_N_46 TC_N_47 TC_N_60 TC_N_62 TC_N_63"
    ),
    "No operation sets display messages yet.": (
        "TC_O_01 TC_O_02 TC_O_03 TC_O_04 TC_O_05 TC_O_06 TC_O_07 TC_O_08 TC_O_09 TC_O_10 "
        "TC_O_11 TC_O_12 TC_O_13 TC_O_14 TC_O_17 TC_O_18 TC_O_19 TC_O_25 TC_O_26 TC_O_27 "
        "TC_O_28"
    ),
}

AWAITED = {f"{case}_CSMS": why for why, cases in REASONS.items() for case in cases.split()}
