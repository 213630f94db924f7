//! The machine: file systems, kernel modules, binding, the kernel's log.

use beehive_driver::vfio::PciAddress;
use rustix::fs::{Mode, OFlags};
use rustix::mount::{MountFlags, mount};
use rustix::system::{RebootCommand, finit_module, reboot};
use std::error::Error;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::PathBuf;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// What goes wrong, in words.
pub type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

/// Mounts what is needed, loads the modules that the machine was given, and opens the port to whoever runs it.
pub fn start() -> Result<File> {
    for (kind, at) in [("proc", "/proc"), ("sysfs", "/sys"), ("devtmpfs", "/dev")] {
        fs::create_dir_all(at)?;
        mount(kind, at, kind, MountFlags::empty(), None).map_err(|error| format!("mounting {at}: {error}"))?;
    }
    for module in fs::read_to_string("/modules/list")?.lines() {
        let file = File::open(format!("/modules/{module}"))?;
        finit_module(file, c"", 0).map_err(|error| format!("loading {module}: {error}"))?;
    }
    Ok(OpenOptions::new().read(true).write(true).open("/dev/ttyS1")?)
}

/// Switches the machine off.
pub fn stop() {
    rustix::fs::sync();
    for how in [RebootCommand::PowerOff, RebootCommand::Restart] {
        if let Err(error) = reboot(how) {
            eprintln!("the machine does not stop: {error}");
        }
    }
}

/// Directory of a function.
pub fn sysfs(address: PciAddress) -> PathBuf {
    format!("/sys/bus/pci/devices/{address}").into()
}

/// Binds a function to vfio-pci, as the driver's hint says.
pub fn bind(address: PciAddress) -> Result {
    fs::write(sysfs(address).join("driver_override"), "vfio-pci")?;
    fs::write("/sys/bus/pci/drivers_probe", address.to_string())?;
    Ok(())
}

/// Has the kernel remove a function. It asks whoever has it open to close it, and waits for that.
pub fn remove(address: PciAddress) -> JoinHandle<io::Result<()>> {
    thread::spawn(move || fs::write(sysfs(address).join("remove"), "1"))
}

/// Has the kernel find a function again that it has removed, and binds it.
pub fn put_back(address: PciAddress, removal: JoinHandle<io::Result<()>>) -> Result {
    removal.join().map_err(|_| "removing it panicked")??;
    fs::write("/sys/bus/pci/rescan", "1")?;
    bind(address)
}

/// Files that an ordinary user has to be given for a function: that of its group, or its own and iommufd's.
pub fn files(address: PciAddress) -> Result<Vec<PathBuf>> {
    if let Some(named) = fs::read_dir(sysfs(address).join("vfio-dev")).ok().and_then(|all| all.flatten().next()) {
        let device = PathBuf::from("/dev/vfio/devices").join(named.file_name());
        if device.exists() {
            return Ok(vec![device, "/dev/iommu".into()]);
        }
    }
    let link = fs::read_link(sysfs(address).join("iommu_group"))?;
    Ok(vec![PathBuf::from("/dev/vfio").join(link.file_name().ok_or("a group has a number")?)])
}

/// What the kernel has logged.
pub fn log() -> Result<String> {
    let file = File::from(rustix::fs::open("/dev/kmsg", OFlags::RDONLY | OFlags::NONBLOCK, Mode::empty())?);
    let (mut text, mut line) = (String::new(), [0; 8192]);
    loop {
        match io::Read::read(&mut &file, &mut line) {
            Ok(0) => return Ok(text),
            Ok(bytes) => text.push_str(&String::from_utf8_lossy(&line[..bytes])),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(text),
            // A line that was overwritten meanwhile.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// Waits until it is so.
pub fn until(limit: Duration, what: &str, mut done: impl FnMut() -> bool) -> Result<Duration> {
    let start = Instant::now();
    while !done() {
        if start.elapsed() > limit {
            return Err(format!("{what}: not within {limit:?}").into());
        }
        thread::sleep(Duration::from_millis(5));
    }
    Ok(start.elapsed())
}
