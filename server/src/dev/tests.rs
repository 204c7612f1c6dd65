use super::*;

/// A trial in a temporary folder, with a file that passes for the library.
fn trial() -> (tempfile::TempDir, Layout, DevArgs) {
    let dir = tempfile::tempdir().unwrap();
    let module = dir.path().join("libsofthsm2.so");
    std::fs::write(&module, "").unwrap();
    let data_dir = dir.path().join("data folder");
    let layout = Layout::new(&data_dir).unwrap();
    let args = DevArgs {
        data_dir,
        kmip_addr: None,
        https_addr: None,
        admin_addr: None,
        pkcs11_module: Some(module),
        symmetric_keys_in_token: false,
    };
    (dir, layout, args)
}

#[test]
fn prepare_makes_a_configuration_that_loads() {
    let (_dir, layout, args) = trial();
    let config = prepare(&layout, &args).unwrap();
    assert_eq!(config.server.kmip_addrs, [DEFAULT_ADDR.parse().unwrap()]);
    assert_eq!(config.keys.rsa_min_bits, 1_024);
    assert_eq!(config.store.path, layout.root().join("claviger.db"));
    let scopes = config.scopes.iter().map(|scope| (scope.name.as_str(), scope.rules.export));
    assert_eq!(scopes.collect::<Vec<_>>(), [("demo", true), ("other", false)]);
    assert_eq!(config.token.pin.read().unwrap().expose().len(), 32);
    crate::check_config::check(&layout.config()).unwrap();
}

#[test]
fn prepare_again_changes_nothing() {
    let (_dir, layout, mut args) = trial();
    prepare(&layout, &args).unwrap();
    let files = || {
        let mut files = vec![layout.config(), layout.pin(), layout.so_pin(), layout.softhsm_conf()];
        for name in ["ca", "server", "client1", "client2", "other"] {
            let pair = layout.pair(name);
            files.extend([pair.certificate, pair.private_key]);
        }
        files.iter().map(|file| std::fs::read(file).unwrap()).collect::<Vec<_>>()
    };
    let before = files();
    args.kmip_addr = Some("127.0.0.1:0".parse().unwrap());
    args.pkcs11_module = None;
    prepare(&layout, &args).unwrap();
    assert_eq!(files(), before);
}

#[test]
fn prepare_refuses_a_folder_in_use() {
    let (_dir, layout, args) = trial();
    prepare(&layout, &args).unwrap();
    let _running = lock(&layout).unwrap();
    assert!(matches!(prepare(&layout, &args), Err(DevError::Running(_))));
}

#[test]
fn prepare_refuses_another_module_and_a_moved_folder() {
    let (dir, layout, mut args) = trial();
    prepare(&layout, &args).unwrap();
    let moved = dir.path().join("moved");
    std::fs::rename(layout.root(), &moved).unwrap();
    let moved = Layout::new(&moved).unwrap();
    assert!(matches!(prepare(&moved, &args), Err(DevError::Moved(_))));
    args.pkcs11_module = Some(PathBuf::from("/elsewhere/lib.so"));
    assert!(matches!(prepare(&moved, &args), Err(DevError::OtherModule { .. })));
}

#[test]
fn missing_softhsm_names_the_command_that_installs_it() {
    assert!(DevError::NoSoftHsm.to_string().contains("sudo apt-get install softhsm2"));
}

fn addresses(kmip: &str) -> Addresses {
    let monitoring = Some("127.0.0.1:9696".parse().unwrap());
    let admin = Some("127.0.0.1:8200".parse().unwrap());
    Addresses { kmip: kmip.parse().unwrap(), https: None, monitoring, admin }
}

#[test]
fn ready_file_holds_its_keys_and_goes_with_its_value() {
    let (_dir, layout, args) = trial();
    prepare(&layout, &args).unwrap();
    let ready = ReadyFile::write(&layout, addresses("127.0.0.1:5696")).unwrap();
    let text = std::fs::read_to_string(layout.ready()).unwrap();
    let json: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&text).unwrap();
    let keys = [
        "kmip_addr",
        "https_addr",
        "admin_addr",
        "admin_token",
        "monitoring_addr",
        "ca",
        "client_cert",
        "client_key",
        "client2_cert",
        "client2_key",
        "other_cert",
        "other_key",
        "config",
        "token_label",
        "pid",
    ];
    assert_eq!(json.keys().collect::<Vec<_>>(), keys);
    for key in &keys[5..13] {
        assert!(Path::new(json[*key].as_str().unwrap()).is_file(), "{key}");
    }
    drop(ready);
    assert!(!layout.ready().exists());
}

#[test]
fn next_steps_quote_paths_with_spaces() {
    let (_dir, layout, _args) = trial();
    let text = ready::next_steps(&layout, addresses("0.0.0.0:5696"));
    assert!(text.contains("-connect 127.0.0.1:5696"), "{text}");
    assert!(text.contains("data folder/pki/ca.pem' \\\n"), "{text}");
    assert!(text.contains("curl http://127.0.0.1:9696/readyz "), "{text}");
}
