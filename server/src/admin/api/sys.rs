//! What Vault's tools ask of any server: is it there, is it open, what is mounted.

use axum::http::StatusCode;
use hsm_backend::TokenState;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::admin::gate::Call;
use crate::admin::loose::{Flag, Whole};
use crate::admin::route::{Data, Done, NoFields, Plain};
use crate::admin::{Failure, openapi};

/// The one thing that is mounted here, and where.
const MOUNT: &str = "kmip";
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Which status codes a load balancer wants to see.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "some are taken because load balancers send them")]
pub(in crate::admin) struct HealthQuery {
    /// Instead of 200.
    activecode: Option<Whole>,
    /// Instead of 503, for a token that cannot be used.
    sealedcode: Option<Whole>,
    /// Instead of 501.
    uninitcode: Option<Whole>,
    /// Of no effect: there are no standby servers.
    standbyok: Option<Flag>,
    /// Of no effect, likewise.
    perfstandbyok: Option<Flag>,
    /// Of no effect, likewise.
    standbycode: Option<Whole>,
    /// Of no effect, likewise.
    performancestandbycode: Option<Whole>,
    /// Of no effect, likewise.
    drsecondarycode: Option<Whole>,
}

/// Whether the server can serve.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::admin) struct Health {
    /// Whether there was a first token.
    initialized: bool,
    /// Whether the HSM's token cannot be used now.
    sealed: bool,
    /// Always false.
    standby: bool,
    /// Always false.
    performance_standby: bool,
    /// Always `disabled`.
    replication_performance_mode: &'static str,
    /// Always `disabled`.
    replication_dr_mode: &'static str,
    /// Seconds since 1970.
    server_time_utc: i64,
    /// Of this server.
    version: &'static str,
}

/// Tells whether the server can serve; by the status code, too.
pub(in crate::admin) fn health(
    call: &Call<'_>,
    query: HealthQuery,
) -> Result<Plain<Health>, Failure> {
    let HealthQuery { activecode, sealedcode, uninitcode, .. } = query;
    let initialized = call.plane.tokens.is_initialised()?;
    let sealed = is_sealed(call);
    let (wanted, usual) = match (initialized, sealed) {
        (false, _) => (uninitcode, StatusCode::NOT_IMPLEMENTED),
        (true, true) => (sealedcode, StatusCode::SERVICE_UNAVAILABLE),
        (true, false) => (activecode, StatusCode::OK),
    };
    let status = match wanted {
        None => usual,
        Some(Whole(code)) => u16::try_from(code)
            .ok()
            .and_then(|code| StatusCode::from_u16(code).ok())
            .filter(|code| !code.is_informational())
            .ok_or_else(|| Failure::bad("a status code is 200 to 999"))?,
    };
    Ok(Plain(
        status,
        Health {
            initialized,
            sealed,
            standby: false,
            performance_standby: false,
            replication_performance_mode: "disabled",
            replication_dr_mode: "disabled",
            server_time_utc: call.plane.services.clock.now().0,
            version: VERSION,
        },
    ))
}

/// Whether the server is open.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::admin) struct SealStatus {
    /// `pkcs11`: what opens it is a token.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Whether there was a first token.
    initialized: bool,
    /// Whether the HSM's token cannot be used now.
    sealed: bool,
    /// Shares needed to open it: none.
    t: u32,
    /// Shares in all: none.
    n: u32,
    /// Shares given: none.
    progress: u32,
    /// Empty.
    nonce: &'static str,
    /// Of this server.
    version: &'static str,
    /// Empty.
    build_date: &'static str,
    /// Always false.
    migration: bool,
    /// Always false: there are no shares to recover.
    recovery_seal: bool,
    /// Where objects are kept.
    storage_type: &'static str,
}

/// Tells whether the server is open.
pub(in crate::admin) fn seal_status(
    call: &Call<'_>,
    _: NoFields,
) -> Result<Plain<SealStatus>, Failure> {
    let initialized = call.plane.tokens.is_initialised()?;
    Ok(Plain(
        StatusCode::OK,
        SealStatus {
            kind: "pkcs11",
            initialized,
            sealed: is_sealed(call),
            t: 0,
            n: 0,
            progress: 0,
            nonce: "",
            version: VERSION,
            build_date: "",
            migration: false,
            recovery_seal: false,
            storage_type: "sqlite",
        },
    ))
}

fn is_sealed(call: &Call<'_>) -> bool {
    match call.plane.services.hsm.state() {
        TokenState::Ready(_) => false,
        TokenState::Sealed | TokenState::Unavailable => true,
    }
}

/// Who leads: there is one server.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::admin) struct Leader {
    /// Always false.
    ha_enabled: bool,
    /// Always true.
    is_self: bool,
    /// Empty.
    leader_address: &'static str,
    /// Empty.
    leader_cluster_address: &'static str,
}

/// Tells who leads.
pub(in crate::admin) fn leader(_: &Call<'_>, _: NoFields) -> Result<Plain<Leader>, Failure> {
    let leader =
        Leader { ha_enabled: false, is_self: true, leader_address: "", leader_cluster_address: "" };
    Ok(Plain(StatusCode::OK, leader))
}

/// Whether there was a first token.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::admin) struct Init {
    initialized: bool,
}

/// Tells whether there was a first token.
pub(in crate::admin) fn init(call: &Call<'_>, _: NoFields) -> Result<Plain<Init>, Failure> {
    let initialized = call.plane.tokens.is_initialised()?;
    Ok(Plain(StatusCode::OK, Init { initialized }))
}

/// What is mounted, by path.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(transparent)]
pub(in crate::admin) struct Mounts(Map<String, Value>);

fn mount() -> Value {
    json!({
        "type": MOUNT,
        "description": "KMIP in front of a PKCS#11 token",
        "accessor": "kmip_claviger",
        "uuid": "00000000-0000-0000-0000-000000000000",
        "config": {"default_lease_ttl": 0, "max_lease_ttl": 0, "force_no_cache": false},
        "options": null,
        "local": false,
        "seal_wrap": false,
        "external_entropy_access": false,
        "plugin_version": "",
        "running_plugin_version": format!("v{VERSION}+builtin"),
        "running_sha256": "",
    })
}

/// What is mounted.
pub(in crate::admin) fn mounts(_: &Call<'_>, _: NoFields) -> Result<Data<Mounts>, Failure> {
    Ok(Data::new(Mounts([(format!("{MOUNT}/"), mount())].into_iter().collect())))
}

/// One mount.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(transparent)]
pub(in crate::admin) struct Mount(Map<String, Value>);

/// What is mounted at one path.
pub(in crate::admin) fn mount_at(call: &Call<'_>, _: NoFields) -> Result<Data<Mount>, Failure> {
    known_mount(call)?;
    let Value::Object(mut mount) = mount() else { return Err(Failure::internal()) };
    mount.insert("path".to_owned(), format!("{MOUNT}/").into());
    Ok(Data::new(Mount(mount)))
}

/// What a mount is asked to be.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "taken because tools send it; there is nothing to choose")]
pub(in crate::admin) struct MountWish {
    /// `kmip`.
    #[serde(rename = "type")]
    kind: String,
    /// Of no effect.
    description: Option<Value>,
    /// Of no effect.
    config: Option<Value>,
    /// Of no effect.
    options: Option<Value>,
    /// Of no effect.
    local: Option<Flag>,
    /// Of no effect.
    seal_wrap: Option<Flag>,
    /// Of no effect.
    external_entropy_access: Option<Flag>,
    /// Of no effect.
    plugin_name: Option<Value>,
    /// Of no effect.
    plugin_version: Option<Value>,
}

/// Confirms that KMIP is mounted, which it always is.
pub(in crate::admin) fn enable(call: &Call<'_>, wish: MountWish) -> Result<Done, Failure> {
    if wish.kind != MOUNT {
        return Err(Failure::bad(format!("the one engine here is kmip, not {:?}", wish.kind)));
    }
    known_mount(call)?;
    Ok(Done)
}

/// Refuses to take KMIP away.
pub(in crate::admin) fn disable(call: &Call<'_>, _: NoFields) -> Result<Done, Failure> {
    known_mount(call)?;
    Err(Failure::bad("KMIP is what this server is for: delete its scopes instead"))
}

fn known_mount(call: &Call<'_>) -> Result<(), Failure> {
    if call.parameter("path") == MOUNT {
        return Ok(());
    }
    Err(Failure::bad("the one engine here is kmip, at the path kmip"))
}

/// The OpenAPI document.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(transparent)]
pub(in crate::admin) struct Document(Map<String, Value>);

/// What the interface is, for programs.
pub(in crate::admin) fn openapi(_: &Call<'_>, _: NoFields) -> Result<Plain<Document>, Failure> {
    let Value::Object(document) = openapi::document() else { return Err(Failure::internal()) };
    Ok(Plain(StatusCode::OK, Document(document)))
}
