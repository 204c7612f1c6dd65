//! Zenko and cloudserver, whose driver cannot be had by itself: its traffic, from the same platform.

use crate::client::{self, Client, Version};
use crate::ground::Ground;

/// Its row.
pub(crate) const CLIENT: Client = Client {
    id: "zenko",
    name: "Zenko, cloudserver",
    version: || Version::Replayed("Arsenal"),
    use_case: "encrypted buckets",
    needs: "nothing",
    tests: &[
        ("guide", guide),
        ("pipeline", pipeline),
        ("compound_create", compound_create),
        ("refusals", refusals),
    ],
};

/// Runs these checks with the variables that the guide has set, after these lines.
fn check(lines: &str, checks: &[&str]) -> String {
    let ground = Ground::new(CLIENT.id, &[]);
    let script = client::folder(CLIENT.id).join("check.js");
    let (script, checks_given) = (script.display(), checks.join(" "));
    let said = ground.follow_guide_and(&format!("{lines}\nnode {script} {checks_given}"));
    for check in checks {
        assert!(said.contains(&format!("ok {check}: ")), "{check}\n{said}");
    }
    said
}

fn guide() {
    let said = check("", &["handshake", "bucket", "health"]);
    assert!(said.contains("Verify return code: 0 (ok)"), "{said}");
}

fn pipeline() {
    check("", &["pipeline"]);
    check("export S3KMIP_PIPELINE_DEPTH=1", &["bucket"]);
    check("export NODE_OPTIONS=--tls-max-v1.2", &["handshake", "pipeline"]);
}

fn compound_create() {
    let sees = "claviger role set s3 cloudserver operation_all=true\n";
    let bucket = "export S3KMIP_COMPOUND_CREATE=true S3KMIP_BUCKET_ATTRIBUTE_NAME";
    check(&format!("{sees}{bucket}=x-bucket"), &["compound"]);
    // The grants of the guide serve for it as well.
    check(&format!("{bucket}=x-bucket"), &["bucket", "health"]);
}

fn refusals() {
    check("", &["refusals"]);
    check("export S3KMIP_BUCKET_ATTRIBUTE_NAME=bucket", &["misnamed"]);
}
