//! Which answer belongs to which request, as types.

use kmip_core::payload::{
    ActivateRequest, ActivateResponse, AddAttributeRequest, AddAttributeResponse, CancelRequest,
    CancelResponse, CertifyRequest, CertifyResponse, CreateKeyPairRequest, CreateKeyPairResponse,
    CreateRequest, CreateResponse, DecryptRequest, DecryptResponse, DeleteAttributeRequest,
    DeleteAttributeResponse, DeriveKeyRequest, DeriveKeyResponse, DestroyRequest, DestroyResponse,
    DiscoverVersionsRequest, DiscoverVersionsResponse, EncryptRequest, EncryptResponse,
    ExportRequest, ExportResponse, GetAttributeListRequest, GetAttributeListResponse,
    GetAttributesRequest, GetAttributesResponse, GetRequest, GetResponse, HashRequest,
    HashResponse, ImportRequest, ImportResponse, LocateRequest, LocateResponse, MacRequest,
    MacResponse, MacVerifyRequest, MacVerifyResponse, ModifyAttributeRequest,
    ModifyAttributeResponse, QueryRequest, QueryResponse, ReCertifyRequest, ReCertifyResponse,
    ReKeyKeyPairRequest, ReKeyKeyPairResponse, ReKeyRequest, ReKeyResponse, RegisterRequest,
    RegisterResponse, RequestPayload, ResponsePayload, RevokeRequest, RevokeResponse,
    RngRetrieveRequest, RngRetrieveResponse, RngSeedRequest, RngSeedResponse, SignRequest,
    SignResponse, SignatureVerifyRequest, SignatureVerifyResponse, ValidateRequest,
    ValidateResponse,
};

/// A request payload that knows its answer.
pub trait Call: Into<RequestPayload> {
    /// The payload of its answer.
    type Answer;

    /// The typed answer; `None` if `payload` answers another operation.
    fn answer(payload: ResponsePayload) -> Option<Self::Answer>;
}

macro_rules! calls {
    ($( $op:ident: $request:ident => $response:ident; )*) => { $(
        impl Call for $request {
            type Answer = $response;

            fn answer(payload: ResponsePayload) -> Option<$response> {
                match payload {
                    ResponsePayload::$op(answer) => Some(answer),
                    _ => None,
                }
            }
        }
    )* };
}

calls! {
    Activate: ActivateRequest => ActivateResponse;
    AddAttribute: AddAttributeRequest => AddAttributeResponse;
    Cancel: CancelRequest => CancelResponse;
    Certify: CertifyRequest => CertifyResponse;
    Create: CreateRequest => CreateResponse;
    CreateKeyPair: CreateKeyPairRequest => CreateKeyPairResponse;
    Decrypt: DecryptRequest => DecryptResponse;
    DeleteAttribute: DeleteAttributeRequest => DeleteAttributeResponse;
    DeriveKey: DeriveKeyRequest => DeriveKeyResponse;
    Destroy: DestroyRequest => DestroyResponse;
    DiscoverVersions: DiscoverVersionsRequest => DiscoverVersionsResponse;
    Encrypt: EncryptRequest => EncryptResponse;
    Export: ExportRequest => ExportResponse;
    Get: GetRequest => GetResponse;
    GetAttributeList: GetAttributeListRequest => GetAttributeListResponse;
    GetAttributes: GetAttributesRequest => GetAttributesResponse;
    Hash: HashRequest => HashResponse;
    Import: ImportRequest => ImportResponse;
    Locate: LocateRequest => LocateResponse;
    MAC: MacRequest => MacResponse;
    MACVerify: MacVerifyRequest => MacVerifyResponse;
    ModifyAttribute: ModifyAttributeRequest => ModifyAttributeResponse;
    Query: QueryRequest => QueryResponse;
    ReCertify: ReCertifyRequest => ReCertifyResponse;
    ReKey: ReKeyRequest => ReKeyResponse;
    ReKeyKeyPair: ReKeyKeyPairRequest => ReKeyKeyPairResponse;
    Register: RegisterRequest => RegisterResponse;
    Revoke: RevokeRequest => RevokeResponse;
    RNGRetrieve: RngRetrieveRequest => RngRetrieveResponse;
    RNGSeed: RngSeedRequest => RngSeedResponse;
    Sign: SignRequest => SignResponse;
    SignatureVerify: SignatureVerifyRequest => SignatureVerifyResponse;
    Validate: ValidateRequest => ValidateResponse;
}
