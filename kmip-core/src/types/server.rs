//! What servers and clients say of themselves.

kmip_enum! {
    /// Credential Type.
    ///
    /// Spec: KMIP 1.4 §9.1.3.2.
    pub struct CredentialType {
        UsernameAndPassword = 0x01,
        Device = 0x02 since V1_1,
        Attestation = 0x03 since V1_2,
    }
}

kmip_enum! {
    /// Attestation Type.
    ///
    /// Spec: KMIP 1.4 §9.1.3.2.
    pub struct AttestationType {
        TPMQuote = 0x01 since V1_2,
        TCGIntegrityReport = 0x02 since V1_2,
        SAMLAssertion = 0x03 since V1_2,
    }
}

kmip_enum! {
    /// Client Registration Method.
    ///
    /// Spec: KMIP 1.4 §9.1.3.2.
    pub struct ClientRegistrationMethod {
        Unspecified = 0x01 since V1_3,
        ServerPreGenerated = 0x02 since V1_3,
        ServerOnDemand = 0x03 since V1_3,
        ClientGenerated = 0x04 since V1_3,
        ClientRegistered = 0x05 since V1_3,
    }
}

kmip_enum! {
    /// Validation Authority Type.
    ///
    /// Spec: KMIP 1.4 §9.1.3.2.
    pub struct ValidationAuthorityType {
        Unspecified = 0x01 since V1_3,
        NISTCMVP = 0x02 since V1_3,
        CommonCriteria = 0x03 since V1_3,
    }
}

kmip_enum! {
    /// Validation Type.
    ///
    /// Spec: KMIP 1.4 §9.1.3.2.
    pub struct ValidationType {
        Unspecified = 0x01 since V1_3,
        Hardware = 0x02 since V1_3,
        Software = 0x03 since V1_3,
        Firmware = 0x04 since V1_3,
        Hybrid = 0x05 since V1_3,
    }
}
