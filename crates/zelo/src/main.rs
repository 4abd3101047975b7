//! The one program. Everything that it does is in [`zelo::cli`].

use std::process::ExitCode;

// Many small allocations of many threads are what this program does; the system's allocator is slower at that and
// gives memory back late.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // A name or value that is no text cannot be a setting.
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    zelo::cli::main(environment)
}
