//! The base images of the build corpus, made once from Debian packages.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::shell::run;
use crate::tools;

/// What the recipe and the comparison call, and the packages that bring it.
const PROGRAMS: [(&str, &str); 3] = [("mmdebstrap", "mmdebstrap"), ("zstd", "zstd"), ("python3", "python3")];

/// Directory with the base images, made now unless the cache has them by this recipe.
pub(super) fn directory(corpora: &Path) -> Result<PathBuf> {
    let recipe = corpora.join("bases/make-bases.sh");
    let text = fs::read_to_string(&recipe).with_context(|| format!("{} is needed", recipe.display()))?;
    tools::require(&PROGRAMS)?;
    let busybox = tools::busybox()?;
    tools::cached_directory("corpus-bases", &fingerprint(&text), |fresh| {
        run(Command::new("bash").arg(&recipe).arg(fresh.join("bases")).env("BUSYBOX", &busybox))
    })
    .map(|directory| directory.join("bases"))
}

/// Tells one recipe from another: its length and a sum of its bytes (FNV-1a).
fn fingerprint(text: &str) -> String {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    format!("recipe {}-{:016x}", text.len(), text.bytes().fold(0xcbf2_9ce4_8422_2325, step))
}
