//! `ksign`: see the library.

fn main() -> std::process::ExitCode {
    ktrust_ksign::main()
}
