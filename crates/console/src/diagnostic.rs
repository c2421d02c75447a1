//! The last words of a program that failed: `error:`, its causes, then what to do about it.

use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;

use crate::Exit;

/// An error that a program may end with.
pub trait Diagnose: Error {
    /// The exit code that stands for this error.
    fn exit(&self) -> Exit;

    /// What the user can do about it, one sentence a hint, without a full stop.
    fn hints(&self) -> Vec<String> {
        Vec::new()
    }

    /// Text shown before the message as it is: an excerpt of the user's file with the line marked.
    fn excerpt(&self) -> Option<String> {
        None
    }
}

/// Ends a program: prints the error, if any, and gives the exit code.
pub fn conclude<E: Diagnose>(result: Result<(), E>) -> ExitCode {
    let Err(error) = result else { return Exit::Ok.into() };
    // A closed standard error must not turn one failure into another.
    let _ = std::io::stderr().lock().write_all(render(&error).as_bytes());
    error.exit().into()
}

/// The text that [`conclude`] prints: message, causes that say something new, hints.
pub fn render<E: Diagnose>(error: &E) -> String {
    let mut text = String::new();
    if let Some(excerpt) = error.excerpt() {
        let _ = writeln!(text, "{}", excerpt.trim_end());
    }
    let mut shown = error.to_string();
    let _ = writeln!(text, "error: {shown}");
    let mut cause = error.source();
    while let Some(inner) = cause {
        let message = inner.to_string();
        if !shown.contains(&message) {
            let _ = writeln!(text, "  caused by: {message}");
        }
        shown = message;
        cause = inner.source();
    }
    for hint in error.hints() {
        let _ = writeln!(text, "hint: {hint}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Diagnose, render};
    use crate::Exit;

    #[derive(Debug, thiserror::Error)]
    #[error("cannot read `Dockerfile`")]
    struct Sample(#[source] std::io::Error);

    impl Diagnose for Sample {
        fn exit(&self) -> Exit {
            Exit::Usage
        }
        fn hints(&self) -> Vec<String> {
            vec!["name it with `-f`".into()]
        }
    }

    #[test]
    fn message_then_causes_then_hints() {
        let error = Sample(std::io::Error::new(std::io::ErrorKind::NotFound, "no such file"));
        assert_eq!(
            render(&error),
            "error: cannot read `Dockerfile`\n  caused by: no such file\nhint: name it with `-f`\n"
        );
    }
}
