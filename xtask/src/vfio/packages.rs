//! What Debian has: a kernel with its modules, the source of one that is built here, and a QEMU newer than the system's. Unpacked under `target/`, nothing is
//! installed.

use crate::sh;
use anyhow::{Context, Result, bail};
use beehive_cosim::tools::{on_path, target_dir};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The kernel for virtual machines, of whatever release of Debian this is.
const KERNEL: &str = "linux-image-cloud-amd64";
/// Source of a kernel that has iommufd, for those that Debian builds have not.
const SOURCE: &str = "linux-source-6.12";
/// What that is built with besides a compiler: programs and their packages.
const TOOLS: [(&str, &str); 4] = [("make", "make"), ("flex", "flex"), ("bison", "bison"), ("bc", "bc")];
const LIBELF: &str = "/usr/include/libelf.h";
/// What it is made of: that, and else as little as can be.
const CONFIG: &str = "beehive-driver/guest/kernel.config";
/// Modules of VFIO, in an order in which they can be loaded; which there are depends on the kernel.
const MODULES: [&str; 7] =
    ["irqbypass", "iommufd", "vfio", "vfio_virqfd", "vfio_iommu_type1", "vfio-pci-core", "vfio-pci"];
/// Where QEMU 11.1 is, the first with vfio-user in Debian.
const SUITES: [&str; 2] = ["trixie", "trixie-backports"];
const MIRROR: &str = "http://deb.debian.org/debian";
const KEYS: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// A kernel and the modules that the guest loads.
#[derive(Debug)]
pub struct Kernel {
    /// Its image.
    pub image: PathBuf,
    /// Modules, in order.
    pub modules: Vec<PathBuf>,
}

/// What was unpacked before stays.
pub struct Packages(PathBuf);

impl Packages {
    /// In their folder.
    pub fn new() -> Result<Packages> {
        let folder = target_dir().join("vfio/packages");
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Packages(folder))
    }

    /// The newest kernel that Debian has for this release.
    pub fn kernel(&self) -> Result<Kernel> {
        let depends = sh::read(Command::new("apt-cache").args(["depends", KERNEL]))?;
        let name = depends.lines().find_map(|line| line.trim().strip_prefix("Depends: linux-image-"));
        let name = name.with_context(|| format!("apt knows no {KERNEL}: `apt-get update`?"))?;
        let folder = self.0.join(name);
        if !folder.join("boot").is_dir() {
            unpack_into(&folder, |folder| {
                let mut apt = Command::new("apt-get");
                apt.current_dir(folder).args(["-qq", "download", &format!("linux-image-{name}")]);
                sh::read(&mut apt).map(drop)
            })?;
        }
        let image = file(&folder.join("boot"), |file| file.starts_with("vmlinuz"))?;
        // Debian 13 has merged /usr.
        let root =
            ["lib/modules", "usr/lib/modules"].map(|root| folder.join(root)).into_iter().find(|root| root.is_dir());
        let root = root.context("the kernel has no modules")?;
        let modules = MODULES.iter().filter_map(|module| {
            let is = |file: &str| file.strip_prefix(module).is_some_and(|rest| rest.starts_with(".ko"));
            file(&root, is).ok()
        });
        let modules = modules.map(plain).collect::<Result<_>>()?;
        Ok(Kernel { image, modules })
    }

    /// A small kernel with iommufd and device files, and without groups; building it takes some six minutes of CPU time.
    pub fn iommufd_kernel(&self) -> Result<Kernel> {
        let config = fs::read(sh::root().join(CONFIG)).with_context(|| format!("cannot read {CONFIG}"))?;
        let folder = self.0.join("linux-iommufd");
        let (image, built) = (folder.join("arch/x86/boot/bzImage"), folder.join(".built"));
        if fs::read(&built).ok().as_deref() != Some(&config[..]) {
            let missing = TOOLS.iter().find(|(tool, _)| on_path(tool).is_none()).map(|(_, package)| *package);
            let missing = missing.or((!Path::new(LIBELF).is_file()).then_some("libelf-dev"));
            if let Some(package) = missing {
                bail!("building a kernel takes the package {package}: apt-get install {package}");
            }
            if !folder.is_dir() {
                unpack_into(&folder, fetch_source)?;
            }
            fs::write(folder.join("fragment"), &config)?;
            let make = |targets: &[&str]| {
                let mut make = Command::new("make");
                make.current_dir(&folder).arg("-s").args(targets).stdin(Stdio::null());
                make
            };
            println!("building Linux with iommufd: some minutes");
            sh::read(&mut make(&["tinyconfig"]))?;
            let mut merge = Command::new("scripts/kconfig/merge_config.sh");
            sh::read(merge.current_dir(&folder).args(["-m", ".config", "fragment"]))?;
            sh::read(&mut make(&["olddefconfig"]))?;
            let jobs = format!("-j{}", std::thread::available_parallelism()?);
            sh::read(&mut make(&[&jobs, "bzImage"]))?;
            fs::write(&built, &config)?;
        }
        Ok(Kernel { image, modules: Vec::new() })
    }

    /// QEMU 11.1 with all its libraries, started by its own loader.
    pub fn qemu(&self) -> Result<Command> {
        let root = self.0.join("qemu");
        if !root.join("usr/bin/qemu-system-x86_64").is_file() {
            unpack_into(&root, fetch_qemu)?;
        }
        let libraries = ["usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu"].map(|at| root.join(at));
        let loader = file(&root, |file| file == "ld-linux-x86-64.so.2")?;
        let mut command = Command::new(loader);
        command.arg("--library-path").arg(std::env::join_paths(&libraries).context("a colon in the path")?);
        command.arg(root.join("usr/bin/qemu-system-x86_64"));
        for data in ["qemu", "seabios", "ipxe"] {
            command.arg("-L").arg(root.join("usr/share").join(data));
        }
        // Otherwise it tries the modules of the system's QEMU.
        command.env("QEMU_MODULE_DIR", libraries[0].join("qemu"));
        Ok(command)
    }
}

/// Fetches packages into a folder and unpacks them there. The folder is whole, or not there.
fn unpack_into(folder: &Path, fetch: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let part = folder.with_extension("part");
    if part.exists() {
        fs::remove_dir_all(&part)?;
    }
    fs::create_dir_all(&part)?;
    fetch(&part)?;
    let packages: Vec<_> = part.read_dir()?.flatten().map(|entry| entry.path()).collect();
    let packages = packages.iter().filter(|path| path.extension().is_some_and(|extension| extension == "deb"));
    for package in packages {
        sh::read(Command::new("dpkg").arg("-x").arg(package).arg(&part))?;
        fs::remove_file(package)?;
    }
    fs::rename(&part, folder).with_context(|| format!("cannot make {}", folder.display()))
}

/// Fetches the source of a kernel: an archive inside a package.
fn fetch_source(folder: &Path) -> Result<()> {
    let outer = folder.join("package");
    fs::create_dir(&outer)?;
    sh::read(Command::new("apt-get").current_dir(&outer).args(["-qq", "download", SOURCE]))?;
    let package = file(&outer, |file| file.ends_with(".deb"))?;
    sh::read(Command::new("dpkg").arg("-x").args([&package, &outer]))?;
    let archive = outer.join(format!("usr/src/{SOURCE}.tar.xz"));
    sh::read(Command::new("tar").current_dir(folder).args(["--strip-components=1", "-xf"]).arg(&archive))?;
    fs::remove_dir_all(outer).context("cannot remove the package")
}

/// Fetches QEMU and all that it needs by an apt of its own, which knows nothing of what is installed.
fn fetch_qemu(folder: &Path) -> Result<()> {
    if !Path::new(KEYS).is_file() {
        bail!("{KEYS} is not there (package debian-archive-keyring)");
    }
    let apt = folder.join("apt");
    for part in ["state", "lists/partial", "cache/archives/partial"] {
        fs::create_dir_all(apt.join(part))?;
    }
    fs::write(apt.join("status"), "")?;
    let sources = SUITES.map(|suite| format!("deb [signed-by={KEYS}] {MIRROR} {suite} main\n"));
    fs::write(apt.join("sources.list"), sources.concat())?;
    let get = |args: &[&str]| {
        let mut command = Command::new("apt-get");
        command.args([
            "-qq",
            "-o",
            "Dir::Etc::sourceparts=-",
            "-o",
            "APT::Sandbox::User=root",
            "-o",
            "Debug::NoLocking=1",
        ]);
        let places = [
            ("Dir::Etc::sourcelist", "sources.list"),
            ("Dir::State", "state"),
            ("Dir::State::lists", "lists"),
            ("Dir::State::status", "status"),
            ("Dir::Cache", "cache"),
        ];
        for (option, at) in places {
            command.arg("-o").arg(format!("{option}={}", apt.join(at).display()));
        }
        sh::read(command.args(args).stdin(Stdio::null())).map(drop)
    };
    get(&["update"])?;
    get(&["install", "-y", "--download-only", "--no-install-recommends", "-t", SUITES[1], "qemu-system-x86"])?;
    for package in apt.join("cache/archives").read_dir()?.flatten().filter(|entry| entry.path().is_file()) {
        fs::rename(package.path(), folder.join(package.file_name()))?;
    }
    fs::remove_dir_all(apt).context("cannot remove apt's lists")
}

/// A module as the kernel loads it: not compressed.
fn plain(module: PathBuf) -> Result<PathBuf> {
    let tool = match module.extension().and_then(|extension| extension.to_str()) {
        Some("xz") => "xz",
        Some("zst") => "zstd",
        _ => return Ok(module),
    };
    let plain = module.with_extension("");
    if !plain.is_file() {
        sh::run(Command::new(tool).args(["-d", "-k", "-q"]).arg(&module))?;
    }
    Ok(plain)
}

/// The file of such a name in a folder or below.
fn file(folder: &Path, is: impl Fn(&str) -> bool + Copy) -> Result<PathBuf> {
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().with_context(|| format!("cannot read {}", folder.display()))?.flatten() {
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else if entry.file_name().to_str().is_some_and(is) {
                return Ok(entry.path());
            }
        }
    }
    bail!("no such file in {}", folder.display())
}
