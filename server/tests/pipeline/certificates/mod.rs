//! Certificates: made, renewed, and judged.

mod certify;
mod issuers;
mod re_certify;
mod refusals;
mod validate;
