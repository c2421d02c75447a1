//! `kbuild`: see the library.

fn main() -> std::process::ExitCode {
    ktrust_kbuild::main()
}
