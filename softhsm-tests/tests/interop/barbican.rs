//! OpenStack Barbican: its own API and its own secret store.

use crate::client::{self, Client};
use crate::ground::Ground;

/// Its row.
pub(crate) const CLIENT: Client = Client {
    id: "barbican",
    name: "OpenStack Barbican",
    version: || client::python_release(CLIENT.id, &["barbican", "PyKMIP"]),
    use_case: "secrets and keys of OpenStack's users",
    needs: "`export=true`",
    tests: &[
        ("guide", guide),
        ("api", api),
        ("every_type_of_secret", every_type_of_secret),
        ("without_export", without_export),
    ],
};

/// Its database, which the guide leaves as it is.
const DATABASE: &str = "cat >> barbican.conf <<EOF
[DEFAULT]
db_auto_create = true
[database]
connection = sqlite:///$PWD/barbican.sqlite
EOF
";

/// Follows the guide, then runs these lines.
fn follow(more: &str) -> String {
    let programs = [("python3", client::venv(CLIENT.id))];
    Ground::new(CLIENT.id, &programs).follow_guide_and(more)
}

/// Follows the guide, then runs these steps after these lines.
fn check(lines: &str, steps: &[&str]) -> String {
    let script = client::folder(CLIENT.id).join("check.py");
    let (script, all) = (script.display(), steps.join(" "));
    let said = follow(&format!("{lines}\npython3 -W ignore -B {script} {all}"));
    for step in steps {
        assert!(said.contains(&format!("ok {step}\n")), "{step}\n{said}");
    }
    said
}

fn guide() {
    let said = follow("");
    assert!(said.contains("made and deleted "), "{said}");
}

fn api() {
    check(DATABASE, &["api"]);
}

fn every_type_of_secret() {
    let said = check("", &["store", "refused"]);
    assert!(said.contains("INVALID_FIELD"), "{said}");
    check("sed -i 's/^host = .*/&\\npkcs1_only = true/' barbican.conf", &["store"]);
}

fn without_export() {
    let role = "claviger role set barbican store operation_register=true operation_get=true \
                operation_destroy=true export=false\n";
    check(&format!("{role}{DATABASE}"), &["unreadable"]);
}
