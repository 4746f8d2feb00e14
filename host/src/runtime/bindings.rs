//! The contract as Rust types, generated from `wit/`.

// Generated code is not held to the house's lints.
#![allow(
    clippy::all,
    clippy::pedantic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unsafe_code,
    unreachable_pub
)]

wasmtime::component::bindgen!({
    path: "../wit",
    world: "plugin",
    imports: { default: trappable },
    exports: { default: async },
    trappable_error_type: { "larder:automation/types.error" => crate::capabilities::Refusal },
    with: {
        "larder:automation/content.content": crate::capabilities::content::Content,
        "larder:automation/files.snapshot": crate::capabilities::files::HomeSnapshot,
        "larder:automation/files.target": crate::capabilities::files::StagedTarget,
        "larder:automation/files.writer": crate::capabilities::files::StagedWriter,
        "larder:automation/storage.draft": crate::capabilities::storage::OpenDraft,
        "larder:automation/jobs.job": crate::runtime::Job,
        "larder:automation/workers.crew": crate::runtime::Crew,
    },
});
