//! States and the ways out of them.

kmip_enum! {
    /// State.
    ///
    /// Spec: KMIP 1.4 §9.1.3.2.
    pub struct State {
        PreActive = 0x01,
        Active = 0x02,
        Deactivated = 0x03,
        Compromised = 0x04,
        Destroyed = 0x05,
        DestroyedCompromised = 0x06,
    }
}

kmip_enum! {
    /// Revocation Reason Code.
    ///
    /// Spec: KMIP 1.4 §9.1.3.2.
    pub struct RevocationReasonCode {
        Unspecified = 0x01,
        KeyCompromise = 0x02,
        CACompromise = 0x03,
        AffiliationChanged = 0x04,
        Superseded = 0x05,
        CessationOfOperation = 0x06,
        PrivilegeWithdrawn = 0x07,
    }
}

kmip_enum! {
    /// Destroy Action.
    ///
    /// Spec: KMIP 1.4 §9.1.3.2.
    pub struct DestroyAction {
        Unspecified = 0x01 since V1_3,
        KeyMaterialDeleted = 0x02 since V1_3,
        KeyMaterialShredded = 0x03 since V1_3,
        MetaDataDeleted = 0x04 since V1_3,
        MetaDataShredded = 0x05 since V1_3,
        Deleted = 0x06 since V1_3,
        Shredded = 0x07 since V1_3,
    }
}

kmip_enum! {
    /// Shredding Algorithm.
    ///
    /// Spec: KMIP 1.4 §9.1.3.2.
    pub struct ShreddingAlgorithm {
        Unspecified = 0x01 since V1_3,
        Cryptographic = 0x02 since V1_3,
        Unsupported = 0x03 since V1_3,
    }
}

kmip_enum! {
    /// Unwrap Mode.
    ///
    /// Spec: KMIP 1.4 §9.1.3.2.
    pub struct UnwrapMode {
        Unspecified = 0x01 since V1_3,
        Processed = 0x02 since V1_3,
        NotProcessed = 0x03 since V1_3,
    }
}

kmip_enum! {
    /// Put Function.
    ///
    /// Spec: KMIP 1.4 §9.1.3.2.
    pub struct PutFunction {
        New = 0x01,
        Replace = 0x02,
    }
}

kmip_enum! {
    /// Cancellation Result.
    ///
    /// Spec: KMIP 1.4 §9.1.3.2.
    pub struct CancellationResult {
        Canceled = 0x01,
        UnableToCancel = 0x02,
        Completed = 0x03,
        Failed = 0x04,
        Unavailable = 0x05,
    }
}

kmip_enum! {
    /// Validity Indicator.
    ///
    /// Spec: KMIP 1.4 §9.1.3.2.
    pub struct ValidityIndicator {
        Valid = 0x01,
        Invalid = 0x02,
        Unknown = 0x03,
    }
}
