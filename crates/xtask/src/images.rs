//! `cargo xtask images`: the contexts of all job images, with programs just built.

use std::path::PathBuf;

use anyhow::{Context, Result};
use ktrust_xtask::job_image;

use crate::shell::{built, step};
use crate::{dist, tools};

/// Where they go.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The directory that gets one directory for each program
    #[arg(long, value_name = "DIR", default_value = "target/images")]
    output: PathBuf,
    /// The profile of Cargo.toml to build the programs in
    #[arg(long, default_value = "dist")]
    profile: String,
}

/// Lays them out.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    step("programs", || dist::build(&arguments.profile))?;
    let busybox = tools::busybox()?;
    for name in dist::PROGRAMS {
        let context = arguments.output.join(name);
        job_image::lay_out(name, &built(&arguments.profile).join(name), &busybox, &context)
            .with_context(|| format!("{} cannot be made", context.display()))?;
        eprintln!("    {}: build it with images/{name}/Dockerfile", context.display());
    }
    Ok(())
}
