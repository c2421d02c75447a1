//! `ksign` as the tests start it.

fn main() -> std::process::ExitCode {
    ktrust_ksign::main()
}
