//! The picture is well-formed and shows every tile and chain.

use crate::kinds::registry;
use beehive_topology::{Design, Draft, Load, Policy, draw};

fn design() -> Design {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/acyclic/udp_echo.toml")).unwrap();
    Draft::from_toml("udp_echo.toml", &text).unwrap().check(&registry()).unwrap()
}

fn count(document: &roxmltree::Document, class: &str) -> usize {
    document.descendants().filter(|node| node.attribute("class") == Some(class)).count()
}

#[test]
fn the_picture_shows_all_tiles_chains_and_loads() {
    let design = design();
    let load: Load = design.links().into_iter().zip([0.0, 0.25, 0.5, 2.0].into_iter().cycle()).collect();
    let svg = draw(&design, &load);
    let document = roxmltree::Document::parse(&svg).expect("well-formed XML");
    assert_eq!(count(&document, "tile"), design.tiles.len());
    assert_eq!(count(&document, "chain"), 6 + 2 + 2 + 2);
    assert_eq!(count(&document, "load"), load.values().filter(|load| **load > 0.0).count());
    let texts: Vec<&str> = document.descendants().filter_map(|node| node.text()).collect();
    assert!(design.tiles.iter().all(|tile| texts.contains(&tile.name.as_str())));
    assert!(texts.contains(&"25%") && texts.contains(&"100%"));
    // The picture of the documentation is made here, so that it stays true.
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/pictures/udp_echo.svg");
    let plain = draw(&design, &Load::new());
    if std::env::var_os("BEEHIVE_BLESS").is_some() {
        std::fs::write(path, &plain).expect("writable");
    }
    assert!(
        std::fs::read_to_string(path).expect("the picture") == plain,
        "run with BEEHIVE_BLESS=1 and look at {path}"
    );
}

#[test]
fn all_parts_lie_inside_the_picture() {
    let mut draft = Draft::new("pool");
    draft.tile("source");
    draft.tile("relay").replicas(5, Policy::RoundRobin);
    draft.tile("sink");
    draft.chain("source -> relay -> sink");
    let svg = draw(&draft.check(&registry()).unwrap(), &Load::new());
    let document = roxmltree::Document::parse(&svg).expect("well-formed XML");
    let number = |node: roxmltree::Node, name: &str| node.attribute(name).and_then(|text| text.parse::<f64>().ok());
    let root = document.root_element();
    let (width, height) = (number(root, "width").unwrap(), number(root, "height").unwrap());
    for node in document.descendants() {
        for (names, limit) in [(["x", "x1", "x2", "cx"], width), (["y", "y1", "y2", "cy"], height)] {
            for value in names.iter().filter_map(|name| number(node, name)) {
                assert!((0.0..=limit).contains(&value), "{value} of {node:?}");
            }
        }
    }
}
