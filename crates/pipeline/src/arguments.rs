//! Flags that mean the same in all three programs.

use std::path::PathBuf;

/// Flags of every command.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct CommonArguments {
    /// Read variables that are not set from this file, as a GitLab job would get them
    #[arg(long, global = true, value_name = "FILE", help_heading = "Common options")]
    pub env_file: Option<PathBuf>,

    /// Print errors and data only
    #[arg(long, short, global = true, help_heading = "Common options")]
    pub quiet: bool,
}

/// Flags about how registries are reached.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct RegistryArguments {
    /// Speak plain HTTP to this registry (host or host:port); loopback needs no flag
    #[arg(long = "insecure-registry", value_name = "HOST", help_heading = "Registry options")]
    pub insecure_registries: Vec<String>,

    /// Do not check this registry's certificate
    #[arg(long = "skip-tls-verify-registry", value_name = "HOST", help_heading = "Registry options")]
    pub skip_tls_verify: Vec<String>,

    /// Trust these certificate authorities (PEM) besides the built-in ones
    #[arg(long = "registry-ca", value_name = "FILE", help_heading = "Registry options")]
    pub authorities: Vec<PathBuf>,
}

/// How data is written to standard output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum OutputFormat {
    /// For people and shells
    #[default]
    Text,
    /// For programs
    Json,
}
