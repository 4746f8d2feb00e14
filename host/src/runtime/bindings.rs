//! The contract as Rust types, generated from `wit/`.

// Generated code does not follow the workspace's lints.
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
    trappable_error_type: { "larder:automation/types.error" => crate::runtime::refusal::Refusal },
    with: {
        "larder:automation/content.content": crate::runtime::handles::Content,
        "larder:automation/files.snapshot": crate::runtime::handles::HomeSnapshot,
        "larder:automation/files.target": crate::runtime::handles::StagedTarget,
        "larder:automation/files.writer": crate::runtime::handles::StagedWriter,
        "larder:automation/storage.draft": crate::runtime::handles::OpenDraft,
        "larder:automation/jobs.job": crate::runtime::job::Job,
        "larder:automation/workers.pool": crate::runtime::pool::Pool,
    },
});
