//! Operations, and how they end.

kmip_enum! {
    /// Operation.
    ///
    /// Spec: KMIP 1.4 §9.1.3.2.
    pub struct Operation {
        Create = 0x01,
        CreateKeyPair = 0x02,
        Register = 0x03,
        ReKey = 0x04,
        DeriveKey = 0x05,
        Certify = 0x06,
        ReCertify = 0x07,
        Locate = 0x08,
        Check = 0x09,
        Get = 0x0A,
        GetAttributes = 0x0B,
        GetAttributeList = 0x0C,
        AddAttribute = 0x0D,
        ModifyAttribute = 0x0E,
        DeleteAttribute = 0x0F,
        ObtainLease = 0x10,
        GetUsageAllocation = 0x11,
        Activate = 0x12,
        Revoke = 0x13,
        Destroy = 0x14,
        Archive = 0x15,
        Recover = 0x16,
        Validate = 0x17,
        Query = 0x18,
        Cancel = 0x19,
        Poll = 0x1A,
        Notify = 0x1B,
        Put = 0x1C,
        ReKeyKeyPair = 0x1D since V1_1,
        DiscoverVersions = 0x1E since V1_1,
        Encrypt = 0x1F since V1_2,
        Decrypt = 0x20 since V1_2,
        Sign = 0x21 since V1_2,
        SignatureVerify = 0x22 since V1_2,
        MAC = 0x23 since V1_2,
        MACVerify = 0x24 since V1_2,
        RNGRetrieve = 0x25 since V1_2,
        RNGSeed = 0x26 since V1_2,
        Hash = 0x27 since V1_2,
        CreateSplitKey = 0x28 since V1_2,
        JoinSplitKey = 0x29 since V1_2,
        Import = 0x2A since V1_4,
        Export = 0x2B since V1_4,
    }
}

kmip_enum! {
    /// Result Status.
    ///
    /// Spec: KMIP 1.4 §9.1.3.2.
    pub struct ResultStatus {
        Success = 0x00,
        OperationFailed = 0x01,
        OperationPending = 0x02,
        OperationUndone = 0x03,
    }
}

kmip_enum! {
    /// Result Reason.
    ///
    /// Spec: KMIP 1.4 §9.1.3.2.
    pub struct ResultReason {
        ItemNotFound = 0x01,
        ResponseTooLarge = 0x02,
        AuthenticationNotSuccessful = 0x03,
        InvalidMessage = 0x04,
        OperationNotSupported = 0x05,
        MissingData = 0x06,
        InvalidField = 0x07,
        FeatureNotSupported = 0x08,
        OperationCanceledByRequester = 0x09,
        CryptographicFailure = 0x0A,
        IllegalOperation = 0x0B,
        PermissionDenied = 0x0C,
        ObjectArchived = 0x0D,
        IndexOutOfBounds = 0x0E,
        ApplicationNamespaceNotSupported = 0x0F,
        KeyFormatTypeNotSupported = 0x10,
        KeyCompressionTypeNotSupported = 0x11,
        EncodingOptionError = 0x12 since V1_1,
        KeyValueNotPresent = 0x13 since V1_2,
        AttestationRequired = 0x14 since V1_2,
        AttestationFailed = 0x15 since V1_2,
        Sensitive = 0x16 since V1_4,
        NotExtractable = 0x17 since V1_4,
        ObjectAlreadyExists = 0x18 since V1_4,
        GeneralFailure = 0x100,
    }
}

kmip_enum! {
    /// Batch Error Continuation Option.
    ///
    /// Spec: KMIP 1.4 §9.1.3.2.
    pub struct BatchErrorContinuationOption {
        Continue = 0x01,
        Stop = 0x02,
        Undo = 0x03,
    }
}

kmip_enum! {
    /// Query Function.
    ///
    /// Spec: KMIP 1.4 §9.1.3.2.
    pub struct QueryFunction {
        QueryOperations = 0x01,
        QueryObjects = 0x02,
        QueryServerInformation = 0x03,
        QueryApplicationNamespaces = 0x04,
        QueryExtensionList = 0x05 since V1_1,
        QueryExtensionMap = 0x06 since V1_1,
        QueryAttestationTypes = 0x07 since V1_2,
        QueryRNGs = 0x08 since V1_3,
        QueryValidations = 0x09 since V1_3,
        QueryProfiles = 0x0A since V1_3,
        QueryCapabilities = 0x0B since V1_3,
        QueryClientRegistrationMethods = 0x0C since V1_3,
    }
}
