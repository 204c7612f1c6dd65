//! The CA of clients' certificates.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::credential::of_ca;
use super::{context, rfc3339};
use crate::admin::Failure;
use crate::admin::gate::Call;
use crate::admin::route::{Data, NoFields};
use crate::trust::{self, Authorities, HeldCa, Level};

/// The CA.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::admin) struct CaBody {
    /// Every CA in PEM, each level's in force first.
    ca_pem: String,
}

/// The CA, as it is trusted and shown.
pub(in crate::admin) fn show(call: &Call<'_>, _: NoFields) -> Result<Data<CaBody>, Failure> {
    let found = call.plane.services.trust.ca_pem().map_err(of_ca)?;
    let nothing = "there is no CA yet: write kmip/config, or generate a credential";
    let ca_pem = found.ok_or_else(|| Failure::not_found(nothing))?;
    Ok(Data::new(CaBody { ca_pem }))
}

/// What takes the place of what.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::admin) struct RotateWish {
    /// issuer, or root for both.
    level: Option<String>,
}

/// A CA that is trusted.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::admin) struct HeldBody {
    /// Its short name.
    name: String,
    /// root or issuer.
    level: &'static str,
    /// Whether new certificates are signed by it.
    in_force: bool,
    /// Until when it is valid.
    not_after: Option<String>,
    /// The certificate, in PEM.
    certificate: String,
}

/// The CAs that are trusted.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::admin) struct AuthoritiesBody {
    /// Each level's in force first.
    authorities: Vec<HeldBody>,
}

/// Puts another issuer, or another root and issuer, in force. What those before have signed stays good.
pub(in crate::admin) fn rotate(
    call: &Call<'_>,
    wish: RotateWish,
) -> Result<Data<AuthoritiesBody>, Failure> {
    let level = match wish.level.as_deref() {
        None | Some("" | "issuer") => Level::Issuer,
        Some("root") => Level::Root,
        Some(other) => {
            return Err(Failure::bad(format!("level is issuer or root, not {other:?}")));
        }
    };
    let services = &*call.plane.services;
    let (context, now) = (context(services), services.clock.now().0);
    services.trust.authorities(&context, now).map_err(of_ca)?;
    let rolled = services.trust.roll(&context, level, now).map_err(of_ca)?;
    services.bell.ring();
    body(&rolled)
}

fn body(all: &Authorities) -> Result<Data<AuthoritiesBody>, Failure> {
    let held = |ca: &HeldCa, level, in_force| {
        Ok(HeldBody {
            name: ca.short_name(),
            level,
            in_force,
            not_after: rfc3339(kmip_core::ttlv::DateTime(ca.not_after())),
            certificate: trust::certificate_pem(ca.certificate.der()).map_err(of_ca)?,
        })
    };
    let roots = all.roots().enumerate().map(|(index, ca)| held(ca, "root", index == 0));
    let issuers = all.issuers().enumerate().map(|(index, ca)| held(ca, "issuer", index == 0));
    let authorities = roots.chain(issuers).collect::<Result<_, Failure>>()?;
    Ok(Data::new(AuthoritiesBody { authorities }))
}
