//! Builds a component from a build script: the host's, which embeds the backup plugin, and the tests', which need another component.
//!
//! The component gets a separate target directory below `OUT_DIR` and a clean environment. Settings of the outer build (encoded flags,
//! compiler wrappers such as clippy's, a shared target directory) must not reach it.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

const TARGET: &str = "wasm32-wasip2";
const FLAGS: [&str; 3] = [
    // Compression and checksums are several times faster with vector instructions.
    "-C target-feature=+simd128",
    // wasmtime checks for an interrupt in each iteration of a loop, so unrolled loops are faster in the sandbox.
    "-C llvm-args=-unroll-runtime-multi-exit",
    "-C llvm-args=-unroll-partial-threshold=250",
];

/// Builds packages of the workspace. Each is `(package, sources, variable)`: the environment variable passes the component's path to the
/// code.
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
    let root = manifest.parent().ok_or("the package is not inside a workspace")?.to_owned();
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

/// Installs the wasm target: rust-toolchain.toml names it, but not every rustup installs it automatically. Without rustup, it must
/// already be installed.
fn install_target(root: &Path) {
    let mut rustup = Command::new("rustup");
    rustup.args(["target", "add", TARGET]).current_dir(root);
    if let Err(error) = rustup.output() {
        println!("cargo::warning=cannot run rustup ({error}); the target {TARGET} must already be installed");
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
