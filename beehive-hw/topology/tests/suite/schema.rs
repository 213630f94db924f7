//! The JSON schema accepts what the parser accepts, and refuses what it refuses.

use crate::kinds::registry;
use beehive_topology::{Draft, schema};
use std::path::Path;

fn valid(validator: &jsonschema::Validator, text: &str) -> bool {
    let table: toml::Table = text.parse().expect("TOML");
    validator.is_valid(&serde_json::to_value(table).expect("data"))
}

#[test]
fn the_schema_agrees_with_the_parser() {
    let validator = jsonschema::validator_for(&schema(&registry())).expect("a valid schema");
    for folder in ["cyclic", "acyclic"] {
        let entries = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder)).unwrap();
        for path in entries.map(|entry| entry.unwrap().path()).filter(|path| path.extension().unwrap() == "toml") {
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(Draft::from_toml("x", &text).is_ok() && valid(&validator, &text), "{}", path.display());
        }
    }
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/acyclic/udp_echo.toml")).unwrap();
    let accepted = [
        ("name = \"udp_echo\"", "name = \"udp_echo\"\nwidth = 64\nmesh = [4, 4]\nmtu = 9000"),
        ("name = \"echo\"", "name = \"echo\"\nreplicas = 2\npolicy = \"round_robin\"\nat = [[1, 1], [2, 2]]"),
        ("name = \"echo\"", "name = \"echo\"\nkind = \"echo\"\nat = [1, 1]\nqueue = 64\nparams = { swap = false }"),
        ("port = 7", "port = [7, 9]"),
    ];
    for (old, new) in accepted {
        let changed = text.replacen(old, new, 1);
        assert_ne!(text, changed);
        let draft = Draft::from_toml("x", &changed).unwrap_or_else(|problems| panic!("{problems}"));
        draft.check(&registry()).unwrap_or_else(|problems| panic!("{problems}"));
        assert!(valid(&validator, &changed), "{new}");
    }
    let refused = [
        ("name = \"udp_echo\"", "nam = \"udp_echo\""),
        ("name = \"udp_echo\"", "name = \"Udp echo\""),
        ("name = \"udp_echo\"", "name = \"udp_echo\"\nwidth = 100"),
        ("name = \"udp_echo\"", "name = \"udp_echo\"\nmtu = 67"),
        ("name = \"udp_echo\"", "name = \"udp_echo\"\nmesh = [4]"),
        ("name = \"udp_echo\"", "name = \"udp_echo\"\nmesh = [17, 1]"),
        ("[address]", "[adress]"),
        ("02:be:e0", "02-be-e0"),
        ("name = \"echo\"", "name = \"echo\"\nkind = \"eho\""),
        ("name = \"echo\"", "name = \"echo\"\nkind = \"echo\"\nparams = { swop = true }"),
        ("name = \"echo\"", "name = \"echo\"\nkind = \"ip_tx\"\nparams = { ttl = 0 }"),
        ("name = \"echo\"", "name = \"echo\"\nat = 3"),
        ("name = \"echo\"", "name = \"echo\"\nqueue = -1"),
        ("name = \"echo\"", "name = \"echo\"\nreplicas = 0"),
        ("name = \"echo\"", "name = \"echo\"\nreplicas = 2\npolicy = \"random\""),
        ("max_message = 32", "max_message = 0"),
        ("max_message = 32", "window = 0"),
        ("port = 7", "port = 65536"),
        ("port = 7", "prot = 7"),
    ];
    for (old, new) in refused {
        let changed = text.replacen(old, new, 1);
        assert_ne!(text, changed);
        assert!(Draft::from_toml("x", &changed).and_then(|draft| draft.check(&registry())).is_err(), "{new}");
        assert!(!valid(&validator, &changed), "{new}");
    }
}
