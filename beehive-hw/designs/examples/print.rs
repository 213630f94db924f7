//! Prints the SystemVerilog of a registered module: `cargo run -p beehive-designs --example print -- router 64`

use beehive_designs::modules;
use beehive_hdl::emit::{EmitOptions, verilog};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let width = args.get(1).and_then(|w| w.parse().ok());
    let wanted = |e: &&beehive_designs::Entry| {
        args.first().is_some_and(|name| name == e.name) && (width.is_none() || e.width == width)
    };
    match modules().iter().find(wanted).map(|e| e.build()) {
        Some(Ok(def)) => println!("{}", verilog(&def, &EmitOptions::default())),
        Some(Err(errors)) => println!("{errors}"),
        None => {
            let known: Vec<String> = modules().iter().map(|e| format!("{} {}", e.name, e.width.unwrap_or(0))).collect();
            println!("give a module and a width, one of: {}", known.join(", "));
        }
    }
}
