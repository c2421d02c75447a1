//! `kdeploy`: see the library.

fn main() -> std::process::ExitCode {
    ktrust_kdeploy::main()
}
