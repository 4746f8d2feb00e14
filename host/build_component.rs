//! How a build script builds a component: shared by the host's, which embeds one, and the tests', which need another.
//!
//! The component has a target directory of its own below `OUT_DIR` and a cleaned environment: what the outer build was given
//! (encoded flags, compiler wrappers such as clippy's, a shared target directory) is not for it.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

const TARGET: &str = "wasm32-wasip2";
const FLAGS: [&str; 3] = [
    // Deflating and checksums are several times faster with vector instructions.
    "-C target-feature=+simd128",
    // The host has each round of a loop look whether it may go on, so fewer and longer rounds are faster in a sandbox.
    "-C llvm-args=-unroll-runtime-multi-exit",
    "-C llvm-args=-unroll-partial-threshold=250",
];

/// Builds the workspace's packages, each from its sources, and hands their paths to the code as environment variables:
/// `(package, sources, variable)`.
pub fn main(packages: &[(&str, &str, &str)]) -> ExitCode {
    for (package, sources, variable) in packages {
        match build(package, sources) {
            Ok(wasm) => println!("cargo::rustc-env={variable}={}", wasm.display()),
            Err(message) => {
                println!("cargo::error={message}");
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}

fn build(package: &str, sources: &str) -> Result<PathBuf, String> {
    let manifest = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let root = manifest.parent().ok_or("there is no workspace around the package")?.to_owned();
    let (source, own) = (format!("{sources}/src"), format!("{sources}/Cargo.toml"));
    for watched in [
        &source,
        &own,
        "wit",
        "guest/text",
        "guest/zone",
        "host/build_component.rs",
        "Cargo.lock",
        "Cargo.toml",
    ] {
        println!("cargo::rerun-if-changed={}", root.join(watched).display());
    }
    let directory = PathBuf::from(variable("OUT_DIR")?).join("component");
    install_target(&root);
    let mut cargo = component(package, &root, &directory)?;
    let status = cargo.status().map_err(|error| format!("cannot run cargo: {error}"))?;
    if !status.success() {
        return Err(format!(
            "{package} did not build; if the target {TARGET} is missing, run: rustup target add {TARGET}"
        ));
    }
    Ok(directory.join(TARGET).join("guest").join(format!("{}.wasm", package.replace('-', "_"))))
}

fn variable(name: &str) -> Result<String, String> {
    env::var(name).map_err(|_| format!("{name} is not set"))
}

/// rust-toolchain.toml names the target, but not every rustup installs it by itself. Without rustup it must be there.
fn install_target(root: &Path) {
    let mut rustup = Command::new("rustup");
    rustup.args(["target", "add", TARGET]).current_dir(root);
    if let Err(error) = rustup.output() {
        println!("cargo::warning=rustup is not there ({error}); hoping that {TARGET} is");
    }
}

fn component(package: &str, root: &Path, directory: &Path) -> Result<Command, String> {
    let mut cargo = Command::new(variable("CARGO")?);
    cargo.current_dir(root);
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        let inherited = text.starts_with("CARGO") && text != "CARGO_HOME" && text != "CARGO_NET_OFFLINE";
        if inherited || text.starts_with("RUSTC") || text.contains("RUSTFLAGS") || text.starts_with("DEP_") {
            cargo.env_remove(&name);
        }
    }
    cargo.args(["build", "--package", package, "--lib", "--profile", "guest", "--target", TARGET]);
    cargo.arg("--target-dir").arg(directory);
    cargo.env("CARGO_TARGET_WASM32_WASIP2_RUSTFLAGS", FLAGS.join(" "));
    Ok(cargo)
}
