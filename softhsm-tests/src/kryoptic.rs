//! A trial on Kryoptic: the folder that `claviger dev` makes for SoftHSM2, made for the other token.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};
use server::pki::{Authority, PemPair, write_private};

/// What `claviger serve` calls the token that it initialises for a trial.
const TOKEN_LABEL: &str = "claviger-dev";
const PIN: &str = "0123456789abcdef";
const CLIENTS: [(&str, &str); 3] = [("client1", "demo"), ("client2", "demo"), ("other", "other")];

/// Makes the folder, unless it is there; `module` is the library to load.
pub(crate) fn prepare(data: &Path, module: &Path) {
    if data.exists() {
        return;
    }
    for folder in [data, &data.join("tokens"), &data.join("pki")] {
        std::fs::create_dir(folder).unwrap();
    }
    let pair = |name| PemPair::named(&data.join("pki"), name);
    let authority = Authority::open_or_create(&pair("ca")).unwrap();
    authority.issue_server(&pair("server"), None).unwrap();
    for (name, scope) in CLIENTS {
        authority.issue_client(&pair(name), name, scope).unwrap();
    }
    for file in ["pin", "so-pin"] {
        write_private(&data.join(file), PIN.as_bytes()).unwrap();
    }
    let conf = data.join("kryoptic.toml");
    std::fs::write(&conf, conf_text(&data.join("tokens"))).unwrap();
    std::fs::write(data.join("claviger.toml"), config_text(module, &conf)).unwrap();
}

/// How many objects lie in the token's database.
pub(crate) fn objects(data: &Path) -> usize {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let database = Connection::open_with_flags(token_file(&data.join("tokens")), flags).unwrap();
    database.busy_timeout(Duration::from_secs(10)).unwrap();
    let count = "SELECT count(DISTINCT id) FROM objects";
    let count: u32 = database.query_row(count, [], |row| row.get(0)).unwrap();
    usize::try_from(count).unwrap()
}

fn token_file(tokens: &Path) -> PathBuf {
    tokens.join("token.sql")
}

/// Kryoptic's own configuration: one slot.
fn conf_text(tokens: &Path) -> String {
    let file = token_file(tokens);
    format!("[[slots]]\nslot = 1\ndbtype = \"sqlite\"\ndbargs = {file:?}\n")
}

fn config_text(module: &Path, conf: &Path) -> String {
    format!(
        r#"[server]
kmip_addr = "127.0.0.1:0"

[tls]
certificate = "pki/server.pem"
private_key = "pki/server.key"
client_ca = ["pki/ca.pem"]

[token]
module = {module:?}
label = "{TOKEN_LABEL}"
pin = {{ file = "pin" }}

[token.environment]
KRYOPTIC_CONF = {conf:?}

[store]
path = "claviger.db"

[[audit.sink]]
type = "file"
path = "audit.log"

[admin]
socket = "admin.sock"
https_addr = "127.0.0.1:0"

[monitoring]
http_addr = "127.0.0.1:0"

[[scope]]
name = "demo"
operations = ["all"]
export = true
assisted = true
certify = true

[[scope]]
name = "other"
operations = ["all"]
export = false

[keys]
rsa_min_bits = 1024
"#
    )
}
