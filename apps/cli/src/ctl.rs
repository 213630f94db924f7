//! `beehive ctl`.

use crate::card::{self, Which};
use anyhow::{Context, Result, bail};
use beehive_driver::nic::Addresses;
use beehive_driver::{Nic, ResetKind};
use beehive_hw::topology::TileRegistry;
use beehive_wire::description::Access;
use clap::{Parser, Subcommand};
use std::io::{BufRead, BufReader};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

/// Control a card: read and write registers by name, its addresses, its log, reset it.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    beehive ctl --card vfio-user:/tmp/card.sock tiles\n  \
    beehive ctl --card vfio-user:/tmp/card.sock write udp_rx key[0] 7\n  \
    beehive ctl --card udp:10.77.0.2 --topology topologies/rpc_echo.toml read ip_rx ip")]
pub struct Args {
    #[command(flatten)]
    which: Which,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Show what the card is made of, and what its registers are called.
    Tiles,
    /// Read registers of a tile: one, `key[3]`, a whole table, or all.
    Read {
        tile: String,
        register: Option<String>,
        /// Print the bare numbers.
        #[arg(long)]
        plain: bool,
    },
    /// Write registers of a tile: one, or the first of a table. Configuration counts at once.
    Write {
        tile: String,
        register: String,
        /// Numbers (`7`, `0x1f`) or IPv4 addresses.
        #[arg(required = true, value_parser = number)]
        values: Vec<u32>,
        /// Leave configuration waiting for a later write's commit.
        #[arg(long)]
        no_commit: bool,
    },
    /// Show the card's addresses, or give it others.
    Address {
        /// Ethernet address.
        #[arg(long, value_parser = mac)]
        mac: Option<[u8; 6]>,
        /// IPv4 address.
        #[arg(long)]
        ip: Option<Ipv4Addr>,
        /// Network mask.
        #[arg(long)]
        mask: Option<Ipv4Addr>,
        /// Router for other networks; 0.0.0.0: none.
        #[arg(long)]
        gateway: Option<Ipv4Addr>,
    },
    /// Let these addresses, and no others, write over the network with the key (--key FILE), until a reset.
    AllowWrites {
        #[arg(required = true)]
        sources: Vec<Ipv4Addr>,
    },
    /// Let nobody write over the network.
    ForbidWrites,
    /// Show the newest entries of a tile that logs.
    Log {
        tile: String,
        /// How many at most.
        #[arg(long, short = 'n', default_value_t = 10)]
        most: u32,
    },
    /// Reset the card: its function, or by its register alone.
    Reset {
        /// By its register: configuration space and interrupts stay.
        #[arg(long)]
        soft: bool,
    },
    /// Do these, a line each, with the card open all the time. Behind VFIO the kernel resets it when it is opened, and when it is closed.
    Run {
        /// Lines such as `write ip_tx lifetime 60`; none begins with `#`. Without a file, from the standard input.
        file: Option<PathBuf>,
    },
}

/// A line of `run`.
#[derive(Parser)]
#[command(no_binary_name = true, name = "")]
struct Line {
    #[command(subcommand)]
    command: Command,
}

/// Does it.
pub fn main(args: &Args, registry: &TileRegistry) -> Result<()> {
    let Some(card) = args.which.card() else {
        bail!(
            "which card? say --card vfio:0000:01:00.0, --card vfio-user:SOCKET or --card udp:HOST, or set BEEHIVE_CARD"
        )
    };
    let nic = args.which.open(&card, registry)?;
    match &args.command {
        Command::Run { file } => run(&nic, &args.which, file.as_deref()),
        command => {
            let changes = !matches!(command, Command::Tiles | Command::Read { .. } | Command::Log { .. });
            if changes {
                card::warn_of_resets(
                    &card,
                    "what is changed here is as before once this command ends: see `beehive ctl run`",
                );
            }
            act(&nic, &args.which, command)
        }
    }
}

/// Line after line, until one fails.
fn run(nic: &Nic, which: &Which, file: Option<&Path>) -> Result<()> {
    let lines: Box<dyn BufRead> = match file {
        Some(path) => {
            let file = std::fs::File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
            Box::new(BufReader::new(file))
        }
        None => Box::new(std::io::stdin().lock()),
    };
    for (number, line) in (1..).zip(lines.lines()) {
        let line = line.with_context(|| format!("line {number}"))?;
        let words = line.split_whitespace();
        if words.clone().next().is_none_or(|word| word.starts_with('#')) {
            continue;
        }
        let done =
            Line::try_parse_from(words).map_err(Into::into).and_then(|Line { command }| act(nic, which, &command));
        done.with_context(|| format!("line {number}: `{}`", line.trim()))?;
    }
    Ok(())
}

fn act(nic: &Nic, which: &Which, command: &Command) -> Result<()> {
    match command {
        Command::Run { .. } => bail!("a line does not run others"),
        Command::Tiles => tiles(nic),
        Command::Read { tile, register, plain } => read(nic, tile, register.as_deref(), *plain)?,
        Command::Write { tile, register, values, no_commit } => write(nic, tile, register, values, !no_commit)?,
        Command::Address { mac, ip, mask, gateway } => {
            let new = match (*mac, *ip, *mask, *gateway) {
                // Whatever the tiles have: it is a way out if they do not agree.
                (Some(mac), Some(ip), Some(mask), Some(gateway)) => Addresses { mac, ip, mask, gateway },
                _ => {
                    let old = nic.addresses()?;
                    Addresses {
                        mac: mac.unwrap_or(old.mac),
                        ip: ip.unwrap_or(old.ip),
                        mask: mask.unwrap_or(old.mask),
                        gateway: gateway.unwrap_or(old.gateway),
                    }
                }
            };
            // Also what the registers have already: it may not have been committed.
            if mac.is_some() || ip.or(*mask).or(*gateway).is_some() {
                nic.set_addresses(&new)?;
            }
            let Addresses { mac, ip, mask, gateway } = new;
            say!("mac {}\nip {ip}\nmask {mask}\ngateway {gateway}", mac.map(|byte| format!("{byte:02x}")).join(":"));
        }
        Command::AllowWrites { sources } => {
            let key = which.key()?.context("with which key? say --key FILE: 32 hexadecimal digits")?;
            nic.allow_writes(key, sources)?;
        }
        Command::ForbidWrites => nic.forbid_writes()?,
        Command::Log { tile, most } => {
            for entry in nic.logs(tile, *most)? {
                let fields =
                    entry.iter().map(|(name, value)| format!("{} {value:#x}", name.trim_start_matches("entry_")));
                say!("{}", fields.collect::<Vec<_>>().join("  "));
            }
        }
        Command::Reset { soft: true } => {
            nic.soft_reset()?;
            say!("reset by its register");
        }
        Command::Reset { soft: false } => match nic.reset()? {
            ResetKind::Function => say!("the function was reset"),
            kind => say!("reset: {kind:?}"),
        },
    }
    Ok(())
}

fn tiles(nic: &Nic) {
    let description = nic.description();
    let (columns, rows, width) = (description.columns, description.rows, description.width);
    say!("{}: {columns} x {rows}, {width} bits", description.design);
    for chain in &description.chains {
        let stations: Vec<String> = chain.iter().map(|station| station.join(" | ")).collect();
        say!("  {}", stations.join(" -> "));
    }
    for tile in &description.tiles {
        let (x, y) = tile.at;
        say!("  {} ({}) at ({x},{y})", tile.name, tile.kind);
        for register in &description.registers[tile.registers] {
            let count = if register.count > 1 { format!("[{}]", register.count) } else { String::new() };
            let name = format!("{}{count}", register.name);
            say!("    {name:<20} {:<8} {}", text_of(register.access), register.about);
        }
    }
}

fn text_of(access: Access) -> &'static str {
    match access {
        Access::Counter => "counter",
        Access::Status => "status",
        Access::Config => "config",
        Access::Command => "command",
    }
}

fn read(nic: &Nic, tile: &str, register: Option<&str>, plain: bool) -> Result<()> {
    let print = |name: String, value: u32| match plain {
        true => say!("{value}"),
        false => say!("{name:<20} {value:>10}  {value:#010x}  {}", Ipv4Addr::from(value)),
    };
    let names: Vec<String> = match register {
        Some(name) => vec![name.into()],
        None => {
            let found = nic.description().tiles.iter().find(|of| of.name == tile);
            let Some(found) = found else {
                // Says what there is.
                nic.register(tile, "")?;
                return Ok(());
            };
            let list = &nic.description().registers[found.registers];
            list.iter().filter(|register| register.access != Access::Command).map(|r| r.name.clone()).collect()
        }
    };
    for name in names {
        let values = nic.read_table(tile, &name)?;
        let one = values.len() == 1;
        for (i, value) in values.into_iter().enumerate() {
            print(if one { name.clone() } else { format!("{name}[{i}]") }, value);
        }
    }
    Ok(())
}

fn write(nic: &Nic, tile: &str, register: &str, values: &[u32], commit: bool) -> Result<()> {
    let found = nic.register(tile, register)?;
    if let ([value], 1) = (values, found.count) {
        nic.write(tile, register, *value)?;
    } else if values.len() > found.count as usize {
        bail!("`{register}` of tile `{tile}` has {} registers, not {}", found.count, values.len());
    } else {
        for (i, value) in values.iter().enumerate() {
            nic.write(tile, &format!("{register}[{i}]"), *value)?;
        }
    }
    if commit && found.access == Access::Config {
        nic.commit(tile)?;
    }
    Ok(())
}

fn number(text: &str) -> Result<u32, String> {
    let parsed = match text.strip_prefix("0x") {
        Some(digits) => hex(digits),
        None => text.parse().ok().or_else(|| text.parse::<Ipv4Addr>().ok().map(u32::from)),
    };
    parsed.ok_or_else(|| "no number of 32 bits, nor an IPv4 address".into())
}

/// Digits and no sign.
fn hex(digits: &str) -> Option<u32> {
    u32::from_str_radix(digits, 16).ok().filter(|_| !digits.starts_with('+'))
}

fn mac(text: &str) -> Result<[u8; 6], String> {
    let bytes: Option<Vec<u8>> = text.split(':').map(|byte| hex(byte)?.try_into().ok()).collect();
    bytes.and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| "no Ethernet address, such as 02:be:e0:00:00:01".into())
}
