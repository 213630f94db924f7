//! Finding a function in sysfs, and what to do where it cannot be opened.

use crate::{Error, ResetKind, Result};
#[cfg(feature = "iommufd")]
use iommufd_ioctls::IommufdError;
use std::fmt::Display;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use vfio_ioctls::VfioError;

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

    /// Its directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How it is opened, with `/dev` here or elsewhere: through iommufd where the kernel has that, else by its group.
    pub fn way(&self, dev: &Path) -> Result<Way> {
        let group = self.group()?;
        #[cfg(feature = "iommufd")]
        {
            let named = fs::read_dir(self.path.join("vfio-dev")).ok().and_then(|all| all.flatten().next());
            let device = named.map(|entry| dev.join("vfio/devices").join(entry.file_name()));
            let iommufd = dev.join("iommu");
            if let Some(device) = device.filter(|device| device.exists() && iommufd.exists()) {
                return Ok(Way::Iommufd { device, iommufd });
            }
        }
        let (device, container) = (dev.join(format!("vfio/{group}")), dev.join("vfio/vfio"));
        Ok(Way::Group { group, device, container })
    }

    /// Number of its IOMMU group, if it is bound to a driver of VFIO.
    fn group(&self) -> Result<u32> {
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

/// How a function is opened: the files that somebody who uses it must be able to open.
#[derive(PartialEq, Eq, Debug)]
pub enum Way {
    /// By its group.
    Group { group: u32, device: PathBuf, container: PathBuf },
    /// By a file of its own.
    #[cfg(feature = "iommufd")]
    Iommufd { device: PathBuf, iommufd: PathBuf },
}

impl Way {
    /// Why it is not opened, and what to do.
    pub fn refused(&self, error: VfioError) -> Error {
        let (device, memory) = match self {
            Way::Group { device, container, .. } => (device, container),
            #[cfg(feature = "iommufd")]
            Way::Iommufd { device, iommufd } => (device, iommufd),
        };
        let (hint, source) = match error {
            VfioError::OpenContainer(error) => {
                return unopened(memory, "the kernel has no VFIO: modprobe vfio-pci", error);
            }
            VfioError::OpenGroup(error, _) => {
                return unopened(device, "the group is gone: bind its device again", error);
            }
            VfioError::VfioDeviceGetInfoOther | VfioError::VfioDeviceGetInfoPCI => {
                return Error::NotACard { what: "a device that is not PCI".into() };
            }
            VfioError::ContainerSetIOMMU(error) => {
                ("the IOMMU does not keep interrupts apart: switch interrupt remapping on".into(), error.into())
            }
            VfioError::GroupGetDeviceFD(error) => {
                ("the device does not wake, or was just unbound: bind it again".into(), error.into())
            }
            #[cfg(feature = "iommufd")]
            VfioError::NewVfioIommufd(IommufdError::OpenIommufd(error)) => {
                return unopened(memory, "the kernel has no iommufd: modprobe iommufd", error);
            }
            #[cfg(feature = "iommufd")]
            VfioError::OpenDeviceCdev(error) => {
                return unopened(device, "the device is gone: bind it again", error);
            }
            #[cfg(feature = "iommufd")]
            VfioError::VfioDeviceBindIommufd(error) => (BUSY.into(), error.into()),
            #[cfg(feature = "iommufd")]
            VfioError::VfioDeviceAttachIommufdPt(error) => {
                ("the IOMMU does not take it: switch interrupt remapping on".into(), error.into())
            }
            VfioError::GroupViable => (self.not_viable(), io::Error::other(VfioError::GroupViable)),
            other => ("VFIO does not open it".into(), io::Error::other(other)),
        };
        refused(device, &hint, source)
    }

    fn not_viable(&self) -> String {
        match self {
            Way::Group { group, .. } => format!(
                "another device of the group has a driver of its own: bind all of /sys/kernel/iommu_groups/{group}/devices \
                 to vfio-pci"
            ),
            #[cfg(feature = "iommufd")]
            Way::Iommufd { .. } => {
                "another device of the group has a driver of its own: bind all of them to vfio-pci".into()
            }
        }
    }
}

/// What is wrong where a device can be opened once.
const BUSY: &str = "somebody has it open: end that program";

/// A file that cannot be opened, and what to do; another hint if there is none.
fn unopened(path: &Path, absent: &str, error: io::Error) -> Error {
    let busy = error.raw_os_error() == Some(rustix::io::Errno::BUSY.raw_os_error());
    let hint = match error.kind() {
        ErrorKind::NotFound => absent.into(),
        ErrorKind::PermissionDenied => format!(
            "let your user open it, as root: chown $USER {}, or by a rule of udev (docs/driver.md)",
            path.display()
        ),
        _ if busy => BUSY.into(),
        _ => "this is not VFIO".into(),
    };
    refused(path, &hint, error)
}

/// An error with a path and what to do.
fn refused(path: &Path, hint: &str, source: io::Error) -> Error {
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

    #[cfg(feature = "iommufd")]
    #[test]
    fn iommufd_is_taken_where_it_is() {
        let (sys, path) = root("way");
        symlink("../../drivers/vfio-pci", path.join("driver")).unwrap();
        symlink("../../../kernel/iommu_groups/17", path.join("iommu_group")).unwrap();
        let (function, dev) = (Function::at(&sys, ADDRESS).unwrap(), sys.join("dev"));
        let (group, device, iommufd) = (dev.join("vfio/17"), dev.join("vfio/devices/vfio3"), dev.join("iommu"));
        let by_group = Way::Group { group: 17, device: group, container: dev.join("vfio/vfio") };
        assert_eq!(function.way(&dev).unwrap(), by_group);
        // Kernels that name the device have no file for it if they were built so.
        fs::create_dir_all(path.join("vfio-dev/vfio3")).unwrap();
        assert_eq!(function.way(&dev).unwrap(), by_group);
        fs::create_dir_all(&device).unwrap();
        assert_eq!(function.way(&dev).unwrap(), by_group);
        fs::write(&iommufd, "").unwrap();
        assert_eq!(function.way(&dev).unwrap(), Way::Iommufd { device, iommufd });
        fs::remove_dir_all(sys).unwrap();
    }

    #[test]
    fn refusals_say_what_to_do() {
        let group = Way::Group { group: 17, device: "/dev/vfio/17".into(), container: "/dev/vfio/vfio".into() };
        let kind = |kind: ErrorKind| io::Error::from(kind);
        for (error, hint) in [
            (VfioError::OpenContainer(kind(ErrorKind::NotFound)), "modprobe vfio-pci"),
            (VfioError::OpenContainer(kind(ErrorKind::PermissionDenied)), "chown $USER /dev/vfio/vfio"),
            (VfioError::OpenGroup(kind(ErrorKind::PermissionDenied), "17".into()), "chown $USER /dev/vfio/17"),
            (VfioError::OpenGroup(io::Error::from_raw_os_error(16), "17".into()), "somebody has it open"),
            (VfioError::GroupViable, "/sys/kernel/iommu_groups/17/devices"),
            (VfioError::VfioExtension, "VFIO does not open it"),
            (VfioError::VfioDeviceGetInfoOther, "not PCI"),
        ] {
            let told = group.refused(error).to_string();
            assert!(told.contains(hint), "{told}");
        }
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
