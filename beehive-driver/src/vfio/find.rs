//! Finding a function in sysfs, and what to do where it cannot be opened.

use crate::{Error, ResetKind, Result};
use std::fmt::Display;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Where a function is on the PCI buses: `0000:01:00.0`, or `01:00.0` in the first domain.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PciAddress {
    /// Domain.
    pub domain: u16,
    /// Bus.
    pub bus: u8,
    /// Device, below 32.
    pub device: u8,
    /// Function, below 8.
    pub function: u8,
}

impl Display for PciAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let PciAddress { domain, bus, device, function } = self;
        write!(f, "{domain:04x}:{bus:02x}:{device:02x}.{function}")
    }
}

impl FromStr for PciAddress {
    type Err = Error;

    fn from_str(text: &str) -> Result<PciAddress> {
        let hex = |part: &str, digits| {
            let right = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_hexdigit());
            u16::from_str_radix(part, 16).ok().filter(|_| right)
        };
        let parse = || {
            let (rest, function) = text.rsplit_once('.')?;
            let (rest, device) = rest.rsplit_once(':')?;
            let (domain, bus) = rest.rsplit_once(':').unwrap_or(("0000", rest));
            let (device, function) = (hex(device, 2)? as u8, hex(function, 1)? as u8);
            let fits = device < 32 && function < 8;
            fits.then_some(PciAddress { domain: hex(domain, 4)?, bus: hex(bus, 2)? as u8, device, function })
        };
        parse().ok_or_else(|| Error::Address {
            address: text.into(),
            problem: "a PCI address is like 0000:01:00.0: `lspci -D` lists them".into(),
        })
    }
}

/// A function in sysfs.
#[derive(Debug)]
pub struct Function {
    /// Its directory.
    path: PathBuf,
    name: String,
}

impl Function {
    /// The function at this address, under `/sys` or another root.
    pub fn at(sys: &Path, address: PciAddress) -> Result<Function> {
        let name = address.to_string();
        let path = sys.join("bus/pci/devices").join(&name);
        match fs::metadata(&path) {
            Ok(_) => Ok(Function { path, name }),
            Err(error) => Err(refused(&path, "there is no such function: `lspci -D` lists them", error)),
        }
    }

    /// Number of its IOMMU group, if it is bound to a driver of VFIO.
    pub fn group(&self) -> Result<u32> {
        let link = |name: &str| fs::read_link(self.path.join(name));
        let last = |path: PathBuf| path.file_name().map(|name| name.to_string_lossy().into_owned());
        let driver = link("driver").ok().and_then(last);
        if !driver.as_deref().is_some_and(|driver| driver.contains("vfio")) {
            let now = driver.map_or("no driver has it".into(), |driver| format!("the driver `{driver}` has it"));
            let path = self.path.display();
            let unbind = format!("echo {} > {path}/driver/unbind; ", self.name);
            let unbind = if now.starts_with("no ") { "" } else { &unbind };
            let hint = format!(
                "{now}, bind the device as root: modprobe vfio-pci; echo vfio-pci > {path}/driver_override; {unbind}\
                 echo {} > /sys/bus/pci/drivers_probe",
                self.name
            );
            return Err(refused(&self.path.join("driver"), &hint, ErrorKind::PermissionDenied.into()));
        }
        let path = self.path.join("iommu_group");
        let hint = "the function has no IOMMU: switch it on in the firmware and by the kernel's command line \
                    (intel_iommu=on; AMD's is on)";
        let group = link("iommu_group").map_err(|error| refused(&path, hint, error))?;
        let number = last(group).and_then(|name| name.parse().ok());
        number.ok_or_else(|| refused(&path, "this is no group", ErrorKind::InvalidData.into()))
    }

    /// What the kernel does to reset it; `None` if it does not say.
    pub fn reset_kind(&self) -> Option<ResetKind> {
        let methods = fs::read_to_string(self.path.join("reset_method")).ok()?;
        // The first that works is taken, and it lists those that do.
        match methods.split_whitespace().next()? {
            "bus" | "cxl_bus" => Some(ResetKind::Hot),
            _ => Some(ResetKind::Function),
        }
    }
}

/// Addresses of functions of this vendor and device number, in order.
///
/// # Errors
/// [`Error::Permission`] if there is no PCI.
pub fn functions(identity: (u16, u16)) -> Result<Vec<PciAddress>> {
    functions_under(Path::new("/sys"), identity)
}

fn functions_under(sys: &Path, (vendor, device): (u16, u16)) -> Result<Vec<PciAddress>> {
    let path = sys.join("bus/pci/devices");
    let all = fs::read_dir(&path).map_err(|error| refused(&path, "this system has no PCI", error))?;
    let is = |path: &Path, name: &str, want: u16| {
        // One that goes just now is none.
        fs::read_to_string(path.join(name)).is_ok_and(|text| text.trim() == format!("{want:#06x}"))
    };
    let found = all.flatten().filter(|entry| {
        let path = entry.path();
        is(&path, "vendor", vendor) && is(&path, "device", device)
    });
    let mut found: Vec<_> = found.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    found.sort_unstable();
    Ok(found)
}

/// Opens a file of VFIO.
pub fn open(path: &Path) -> Result<File> {
    OpenOptions::new().read(true).write(true).open(path).map_err(|error| {
        let container = path.ends_with("vfio");
        let busy = error.raw_os_error() == Some(rustix::io::Errno::BUSY.raw_os_error());
        let hint = match error.kind() {
            ErrorKind::NotFound if container => "the kernel has no VFIO: modprobe vfio-pci".into(),
            ErrorKind::NotFound => "the group is gone: bind its device again".into(),
            ErrorKind::PermissionDenied => format!(
                "let your user open it, as root: chown $USER {}, or by a rule of udev (docs/driver.md)",
                path.display()
            ),
            _ if busy => "somebody has it open: end that program".into(),
            _ => "this is not VFIO".into(),
        };
        refused(path, &hint, error)
    })
}

/// An error with a path and what to do.
pub fn refused(path: &Path, hint: &str, source: io::Error) -> Error {
    Error::Permission { path: path.into(), hint: hint.into(), source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    /// A root with one function.
    fn root(name: &str) -> (PathBuf, PathBuf) {
        let sys = std::env::temp_dir().join(format!("beehive-driver-sys-{name}-{}", std::process::id()));
        let path = sys.join("bus/pci/devices/0000:01:00.0");
        fs::create_dir_all(&path).unwrap();
        fs::write(path.join("vendor"), "0x1234\n").unwrap();
        fs::write(path.join("device"), "0xbee1\n").unwrap();
        (sys, path)
    }

    const ADDRESS: PciAddress = PciAddress { domain: 0, bus: 1, device: 0, function: 0 };

    #[test]
    fn addresses_are_read_and_written() {
        for text in ["0000:01:00.0", "01:00.0"] {
            assert_eq!(text.parse::<PciAddress>().unwrap(), ADDRESS);
        }
        assert_eq!("ffff:a0:1f.7".parse::<PciAddress>().unwrap().to_string(), "ffff:a0:1f.7");
    }

    #[test]
    fn addresses_that_are_none_are_told() {
        for text in
            ["", "1", "01:00", "0000:01:20.0", "01:00.8", "+1:00.0", "0000:01:00.0/..", "../x:00:00.0", "0:1:0.0"]
        {
            let error = text.parse::<PciAddress>().unwrap_err();
            assert!(error.to_string().contains("lspci"), "{text}: {error}");
        }
    }

    #[test]
    fn functions_are_found_by_their_numbers() {
        let (sys, _) = root("found");
        assert_eq!(functions_under(&sys, (0x1234, 0xbee1)).unwrap(), [ADDRESS]);
        assert_eq!(functions_under(&sys, (0x1234, 0xbee2)).unwrap(), []);
        assert!(functions_under(&sys.join("nowhere"), (1, 2)).is_err());
        fs::remove_dir_all(sys).unwrap();
    }

    #[test]
    fn a_function_that_is_not_bound_says_how() {
        let (sys, path) = root("bound");
        let function = Function::at(&sys, ADDRESS).unwrap();
        let hint = function.group().unwrap_err().to_string();
        assert!(hint.contains("bind the device") && hint.contains("echo vfio-pci >"), "{hint}");
        assert!(!hint.contains("unbind"), "{hint}");
        symlink("../../drivers/e1000e", path.join("driver")).unwrap();
        let hint = function.group().unwrap_err().to_string();
        assert!(hint.contains("`e1000e`") && hint.contains("unbind"), "{hint}");
        fs::remove_file(path.join("driver")).unwrap();
        symlink("../../drivers/vfio-pci", path.join("driver")).unwrap();
        let hint = function.group().unwrap_err().to_string();
        assert!(hint.contains("intel_iommu=on"), "{hint}");
        symlink("../../../kernel/iommu_groups/17", path.join("iommu_group")).unwrap();
        assert_eq!(function.group().unwrap(), 17);
        fs::remove_dir_all(sys).unwrap();
    }

    #[test]
    fn ways_of_resetting_are_told_apart() {
        let (sys, path) = root("reset");
        let function = Function::at(&sys, ADDRESS).unwrap();
        assert_eq!(function.reset_kind(), None);
        for (text, kind) in [("flr bus\n", Some(ResetKind::Function)), ("bus\n", Some(ResetKind::Hot)), ("\n", None)] {
            fs::write(path.join("reset_method"), text).unwrap();
            assert_eq!(function.reset_kind(), kind, "{text:?}");
        }
        fs::remove_dir_all(sys).unwrap();
    }

    #[test]
    fn a_function_that_is_not_there_is_told() {
        let error = Function::at(Path::new("/nowhere"), ADDRESS).unwrap_err();
        assert!(error.to_string().contains("lspci -D"), "{error}");
        assert_eq!(error.errno(), Some(2));
    }
}
