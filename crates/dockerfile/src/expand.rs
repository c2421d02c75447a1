//! Variable expansion and word splitting, as a Dockerfile understands them.
//!
//! It looks like a shell's and is not one: no command substitution, no globbing, no IFS, and the escape
//! character is the file's. [`Lexer`] is the mechanism; what is expanded in which instruction is the
//! business of [`Instruction::expand`](crate::Instruction::expand).

mod environment;
mod error;
mod lexer;
mod pattern;
mod template;
mod words;

#[cfg(test)]
mod tests;

pub use environment::{Empty, Environment, Variables};
pub use error::{ExpandError, Fault};
pub use lexer::{Lexer, Word};
