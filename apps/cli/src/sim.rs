//! `beehive sim`.

use crate::{load, snapshot};
use anyhow::{Context, Result, bail};
use beehive_hw::topology::{Address, Design, Mac, TileRegistry};
use beehive_nic::impair::Impairments;
use beehive_nic::link::{Link, Pace, Pcap, TapOptions, best_link};
use beehive_nic::pci::{DEVICE, PciFunction, VENDOR, VfioUserServer};
use beehive_nic::{Card, CardBuilder, Stats};
use indicatif::{ProgressBar, ProgressStyle};
use std::io::Write;
use std::net::Ipv4Addr;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::{UnixListener, UnixStream};
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
    /// Serve the card as a PCI function at this new socket: registers, interrupts, reset (vfio-user, for QEMU and `beehive-driver`).
    #[arg(long, value_name = "SOCKET", conflicts_with = "pcap_in")]
    vfio_user: Option<PathBuf>,
    /// No status line.
    #[arg(long, short)]
    quiet: bool,
}

/// Runs until told to stop.
pub fn main(args: &Args, registry: &TileRegistry) -> Result<()> {
    let design = load(&args.file, registry)?;
    let impairments: Impairments = args.impair.parse()?;
    // What can be refused is, before there is an interface or a file is written to.
    for (side, kind) in [(Mac::Rx, "eth_rx"), (Mac::Tx, "eth_tx")] {
        if !design.tiles.iter().any(|tile| tile.shape.mac == Some(side)) {
            bail!("`{}` has no tile such as `{kind}`: there is nothing to plug a cable into", design.name);
        }
    }
    different_files(args)?;
    let socket = args.socket.clone().unwrap_or_else(|| snapshot::default_socket(&design.name));
    if args.pcap_in.is_none() {
        may_listen(&socket)?;
    }
    // Before any thread starts: it may move the process into a network namespace.
    let (link, sentence) = open_link(args, &design)?;
    eprintln!("{sentence}");
    if let Some(address) = design.address {
        eprintln!("The card is {}/{} at {}.", address.ip, address.prefix, text_of(address.mac));
    }
    let of = if args.vfio_user.is_some() { Card::device } else { Card::builder };
    let builder = of(design, registry, args.trace.as_deref())?.link(link).impairment(impairments);
    let builder = builder.map(|nic| args.capture.iter().fold(nic, |nic, path| nic.pcap(path)));
    let stats = match &args.vfio_user {
        Some(path) => serve(args, &socket, builder, path)?,
        None if args.pcap_in.is_some() => builder.spawn()?.into_nic().run_to_end()?.stats,
        None => {
            let card = builder.spawn()?;
            watch(args, &socket, &card)?;
            card.into_nic().stop()?.stats
        }
    };
    say!("{}", status(&stats));
    verdict(&stats)
}

/// The card as a PCI function.
fn serve(args: &Args, socket: &Path, builder: CardBuilder, path: &Path) -> Result<Stats> {
    let function = Arc::new(PciFunction::spawn(builder)?);
    let server = VfioUserServer::spawn(function.clone(), path)
        .with_context(|| format!("cannot serve the card at {}", path.display()))?;
    eprintln!("The card is PCI function {VENDOR:04x}:{DEVICE:04x} at {} (vfio-user).", server.path().display());
    watch(args, socket, function.card())?;
    if !function.card().nic().is_running() {
        bail!("the card has stopped");
    }
    Ok(function.card().nic().stats())
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
        (Some(ip), Some(address)) => Some((can_reach(ip, &address)?, address.prefix)),
        (None, Some(address)) => Some((neighbour(&address), address.prefix)),
        _ => None,
    };
    let options = TapOptions { name: args.tap.clone(), address, mtu: design.mtu as u16 };
    Ok(best_link(&options, || Err("a capture file can run through the card anywhere, with --pcap-in".into()))?)
}

/// An address for the Linux side, if that is another host of the card's network.
fn can_reach(ip: Ipv4Addr, card: &Address) -> Result<Ipv4Addr> {
    let hosts = u32::MAX.checked_shr(card.prefix.into()).unwrap_or(0);
    let host = ip.to_bits() & hosts;
    if (ip.to_bits() ^ card.ip.to_bits()) & !hosts != 0 || ip == card.ip || host == 0 || host == hosts {
        bail!("--host-ip {ip} is not the address of another host of the card's network {}/{}", card.ip, card.prefix);
    }
    Ok(ip)
}

/// Refuses to write two things into one file, or one over what is read.
fn different_files(args: &Args) -> Result<()> {
    let written = [("--pcap-out", &args.pcap_out), ("--capture", &args.capture), ("--trace", &args.trace)];
    let mut files = vec![("the topology", identity(&args.file))];
    files.extend(args.pcap_in.as_ref().map(|path| ("--pcap-in", identity(path))));
    for (option, path) in written {
        let Some(path) = path else { continue };
        let identity = identity(path);
        let is_device = path.metadata().is_ok_and(|found| !found.is_file());
        if let Some((other, _)) = files.iter().find(|(_, file)| *file == identity && !is_device) {
            bail!("{option} {} would overwrite {other}; give another file", path.display());
        }
        files.push((option, identity));
    }
    Ok(())
}

/// The same for all names of a file, be it there or not.
fn identity(path: &Path) -> PathBuf {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let in_folder = || Some(folder.canonicalize().ok()?.join(path.file_name()?));
    path.canonicalize().ok().or_else(in_folder).unwrap_or_else(|| path.to_path_buf())
}

/// The gateway if it is in the card's network, else the first address there that is not the card's.
fn neighbour(address: &Address) -> Ipv4Addr {
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
fn watch(args: &Args, socket: &Path, card: &Card) -> Result<()> {
    let listener = listen(socket)?;
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
    let _ = std::fs::remove_file(socket);
    Ok(())
}

/// Refuses a path where another simulation listens, or that is a file of another kind. A socket that nobody listens at is left from
/// a simulation that was killed.
fn may_listen(path: &Path) -> Result<()> {
    let Ok(found) = path.symlink_metadata() else { return Ok(()) };
    if !found.file_type().is_socket() {
        bail!("{} is there already and no socket; give another --socket", path.display());
    }
    if UnixStream::connect(path).is_ok() {
        bail!("another simulation listens at {}; give this one a --socket of its own", path.display());
    }
    Ok(())
}

fn listen(path: &Path) -> Result<UnixListener> {
    may_listen(path)?;
    if path.symlink_metadata().is_ok() {
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
