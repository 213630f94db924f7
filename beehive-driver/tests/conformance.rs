//! Every case over every transport that needs no kernel.

use beehive_driver::conformance::{Fixture, Stop, run};
use beehive_driver::sim::{Plain, Sim, Watched};
use beehive_driver::{Device, Result, VfioUser};
use beehive_hw::topology::{Draft, standard};
use beehive_nic::Card;
use beehive_nic::pci::{PciFunction, VfioUserServer};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const LONG: Duration = Duration::from_secs(20);

fn function() -> Arc<PciFunction> {
    let text = include_str!("../../topologies/udp_echo_logged.toml");
    let design = Draft::from_toml("udp_echo_logged.toml", text).unwrap().check(&standard()).unwrap();
    Arc::new(PciFunction::spawn(Card::device(design, &standard(), None).unwrap()).unwrap())
}

/// Runs all cases, prints what is skipped and why, and fails with what failed.
fn pass(fixture: &dyn Fixture) {
    let mut failed = vec![];
    let report = run(fixture, |case, outcome| match outcome {
        Ok(()) => {}
        Err(Stop::Skip(why)) => println!("{}: skipped {}: {why}", fixture.name(), case.name),
        Err(Stop::Fail(why)) => failed.push(format!("{}: {why}", case.name)),
    });
    println!("{}: {report}", fixture.name());
    assert!(failed.is_empty(), "{}:\n{}", fixture.name(), failed.join("\n"));
    assert!(report.passed >= 60, "{report}");
    assert_eq!(report.skipped, 0, "nothing has to be skipped here");
}

/// A device in this process, and how a new one is made.
struct InProcess<B> {
    name: &'static str,
    make: fn() -> B,
    unplug: fn(&B),
    open: fn(B) -> Result<Box<dyn Device>>,
    backend: Mutex<B>,
}

impl<B: Clone> Fixture for InProcess<B> {
    fn name(&self) -> &str {
        self.name
    }
    fn open(&self) -> Result<Box<dyn Device>> {
        (self.open)(self.backend.lock().unwrap().clone())
    }
    fn unplug(&self) -> Result<(), String> {
        (self.unplug)(&self.backend.lock().unwrap());
        Ok(())
    }
    fn plug(&self) {
        *self.backend.lock().unwrap() = (self.make)();
    }
}

#[test]
fn sim_of_the_card_conforms() {
    let open = |function| Ok(Box::new(Sim::new(function).with_timeout(LONG)) as Box<dyn Device>);
    let unplug = |function: &Arc<PciFunction>| function.unplug();
    pass(&InProcess { name: "sim", make: function, unplug, open, backend: Mutex::new(function()) });
}

#[test]
fn sim_of_plain_memory_conforms() {
    let make = || Arc::new(Plain::sample());
    let open = |plain| Ok(Box::new(Sim::new(plain)) as Box<dyn Device>);
    pass(&InProcess { name: "plain", make, unplug: |plain| plain.unplug(), open, backend: Mutex::new(make()) });
}

#[test]
fn sim_of_a_watched_backend_conforms() {
    let make = || Arc::new(Plain::sample());
    let open = |plain| Ok(Box::new(Sim::new(Watched::new(plain, LONG).unwrap())) as Box<dyn Device>);
    pass(&InProcess {
        name: "watched",
        make,
        unplug: |plain: &Arc<Plain>| plain.unplug(),
        open,
        backend: Mutex::new(make()),
    });
}

/// The card behind a socket.
struct Socket {
    path: PathBuf,
    served: Mutex<Option<(Arc<PciFunction>, VfioUserServer)>>,
}

impl Socket {
    fn serve(&self) {
        let mut served = self.served.lock().unwrap();
        // The file goes before the next is made.
        *served = None;
        let function = function();
        let server = VfioUserServer::spawn(function.clone(), &self.path).unwrap();
        *served = Some((function, server));
    }
}

impl Fixture for Socket {
    fn name(&self) -> &str {
        "vfio-user"
    }
    fn open(&self) -> Result<Box<dyn Device>> {
        Ok(Box::new(VfioUser::connect_within(&self.path, LONG)?))
    }
    fn unplug(&self) -> Result<(), String> {
        self.served.lock().unwrap().as_ref().unwrap().0.unplug();
        Ok(())
    }
    fn plug(&self) {
        self.serve();
    }
}

#[test]
fn vfio_user_conforms() {
    let path = std::env::temp_dir().join(format!("beehive-driver-conformance-{}", std::process::id()));
    let socket = Socket { path, served: Mutex::new(None) };
    socket.serve();
    pass(&socket);
}
