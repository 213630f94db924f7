//! `beehive sim`.

use crate::{load, snapshot};
use anyhow::{Context, Result, bail};
use beehive_hw::topology::{Design, TileRegistry};
use beehive_nic::impair::Impairments;
use beehive_nic::link::{Link, Pace, Pcap, TapOptions, best_link, no_fallback};
use beehive_nic::{Card, Stats};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::Write;
use std::net::Ipv4Addr;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Simulate a network card: Linux can ping it, or a capture file runs through it.
#[derive(clap::Args)]
#[command(
    after_help = "As root the card hangs on a TAP interface of this machine: `ping 10.77.0.2`. As another user it gets a network\n\
                        namespace of its own, and the command says how to enter it. All speeds are those of the simulator."
)]
pub struct Args {
    /// The topology.
    file: PathBuf,
    /// Name of the TAP interface.
    #[arg(long, default_value = "beehive0")]
    tap: String,
    /// Address of the Linux side; the gateway, or the first free address of the card's network.
    #[arg(long)]
    host_ip: Option<Ipv4Addr>,
    /// Run the frames of this capture through the card instead of a TAP interface, and stop.
    #[arg(long, value_name = "PCAP")]
    pcap_in: Option<PathBuf>,
    /// Write the card's frames into this capture (with --pcap-in).
    #[arg(long, value_name = "PCAP", requires = "pcap_in")]
    pcap_out: Option<PathBuf>,
    /// How bad the cable is, such as `loss=1%,delay=2ms,seed=7`.
    #[arg(long, default_value = "", hide_default_value = true)]
    impair: String,
    /// Capture both directions into this file.
    #[arg(long, value_name = "PCAP")]
    capture: Option<PathBuf>,
    /// Record a waveform (FST) of all named signals.
    #[arg(long, value_name = "FST")]
    trace: Option<PathBuf>,
    /// Stop after this many seconds.
    #[arg(long)]
    seconds: Option<u64>,
    /// Where `beehive stat` finds the simulation.
    #[arg(long)]
    socket: Option<PathBuf>,
    /// No status line.
    #[arg(long, short)]
    quiet: bool,
}

/// Runs until told to stop.
pub fn main(args: &Args, registry: &TileRegistry) -> Result<()> {
    let design = load(&args.file, registry)?;
    let impairments: Impairments = args.impair.parse()?;
    // Before any thread starts: it may move the process into a network namespace.
    let (link, sentence) = open_link(args, &design)?;
    eprintln!("{sentence}");
    if let Some(address) = design.address {
        eprintln!("The card is {} at {}/{}.", address.ip, text_of(address.mac), address.prefix);
    }
    let builder = Card::builder(design, registry, args.trace.as_deref())?.link(link).impairment(impairments);
    let card = builder.map(|nic| args.capture.iter().fold(nic, |nic, path| nic.pcap(path))).spawn()?;
    if args.pcap_in.is_some() {
        let report = card.into_nic().run_to_end()?;
        say!("{}", status(&report.stats));
        return verdict(&report.stats);
    }
    let stats = watch(args, card)?;
    say!("{}", status(&stats));
    verdict(&stats)
}

fn verdict(stats: &Stats) -> Result<()> {
    if stats.assertion_failures > 0 {
        bail!("{} assertions of the hardware failed: this is a bug in a tile", stats.assertion_failures);
    }
    Ok(())
}

fn open_link(args: &Args, design: &Design) -> Result<(Box<dyn Link>, String)> {
    if let Some(input) = &args.pcap_in {
        let link = Pcap::open(Some(input), Pace::AtOnce, args.pcap_out.as_deref())?;
        return Ok((Box::new(link), format!("Running {} through the card.", input.display())));
    }
    let address = match (args.host_ip, design.address) {
        (Some(ip), Some(address)) => Some((ip, address.prefix)),
        (None, Some(address)) => Some((neighbour(&address), address.prefix)),
        _ => None,
    };
    let options = TapOptions { name: args.tap.clone(), address, mtu: design.mtu as u16 };
    Ok(best_link(&options, no_fallback)?)
}

/// The gateway if it is in the card's network, else the first address there that is not the card's.
fn neighbour(address: &beehive_hw::topology::Address) -> Ipv4Addr {
    let mask = u32::MAX.checked_shl(32 - u32::from(address.prefix)).unwrap_or(0);
    let network = address.ip.to_bits() & mask;
    match address.gateway {
        Some(gateway) if gateway.to_bits() & mask == network => gateway,
        _ => {
            let first = network + 1;
            Ipv4Addr::from_bits(if first == address.ip.to_bits() { first + 1 } else { first })
        }
    }
}

/// Answers `beehive stat` and shows the status until the time is over or somebody interrupts.
fn watch(args: &Args, card: Card) -> Result<Stats> {
    let socket = args.socket.clone().unwrap_or_else(|| snapshot::default_socket(&card.design().name));
    let listener = listen(&socket)?;
    let stop = Arc::new(AtomicBool::new(false));
    let flag = stop.clone();
    ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed)).context("cannot catch Ctrl-C")?;
    let bar = if args.quiet { ProgressBar::hidden() } else { ProgressBar::new_spinner() };
    bar.set_style(ProgressStyle::with_template("{spinner} {msg}").expect("a fixed template"));
    let started = Instant::now();
    let over = || args.seconds.is_some_and(|seconds| started.elapsed() >= Duration::from_secs(seconds));
    let mut shown = Instant::now();
    while !stop.load(Ordering::Relaxed) && !over() && card.nic().is_running() {
        match listener.accept() {
            Ok((mut stream, _)) => {
                let text = match card.snapshot() {
                    Ok(snapshot) => serde_json::to_string(&snapshot)?,
                    Err(error) => format!("error: {error}"),
                };
                // Whoever asked may be gone already.
                let _ = stream.write_all(text.as_bytes());
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                std::thread::sleep(Duration::from_millis(20))
            }
            Err(error) => return Err(error).context("the socket of `beehive stat` failed"),
        }
        if shown.elapsed() >= Duration::from_millis(500) {
            bar.set_message(status(&card.nic().stats()));
            bar.tick();
            shown = Instant::now();
        }
    }
    bar.finish_and_clear();
    // A socket without a simulation behind it would only confuse.
    let _ = std::fs::remove_file(&socket);
    Ok(card.into_nic().stop()?.stats)
}

fn listen(path: &Path) -> Result<UnixListener> {
    if path.exists() {
        if std::os::unix::net::UnixStream::connect(path).is_ok() {
            bail!("another simulation listens at {}; give this one a --socket of its own", path.display());
        }
        std::fs::remove_file(path).with_context(|| format!("cannot replace {}", path.display()))?;
    }
    let listener = UnixListener::bind(path).with_context(|| format!("cannot listen at {}", path.display()))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

fn status(stats: &Stats) -> String {
    let lost = stats.rx.impaired.dropped() + stats.tx.impaired.dropped();
    let lost = if lost > 0 { format!(", {lost} lost on the way") } else { String::new() };
    format!(
        "in {} frames, out {} frames{lost}; {} cycles, {:.2} M a second while the clock ran (simulated)",
        stats.rx.frames,
        stats.tx.frames,
        stats.cycles,
        stats.cycles_per_second() / 1e6
    )
}

fn text_of(mac: [u8; 6]) -> String {
    mac.map(|byte| format!("{byte:02x}")).join(":")
}
