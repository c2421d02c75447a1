//! The one writer to standard output and standard error.

use std::io::{IsTerminal as _, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::{Diagnose, render};

/// How messages look. Decided once by the program from its flags and its environment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// Nothing but warnings, errors and data.
    pub quiet: bool,
    /// Not even warnings.
    pub mute: bool,
    /// ANSI colours.
    pub color: bool,
    /// GitLab's collapsible sections.
    pub sections: bool,
    /// The time before each line.
    pub timestamps: bool,
    /// A JSON object a line, with the keys of logrus: `level`, `msg`, `time`.
    pub json: bool,
}

impl Style {
    /// The style for a job log or a terminal.
    ///
    /// `gitlab` says that the output goes to GitLab's log (`GITLAB_CI` or gitlab-ci-local), `no_color`
    /// that the user set `NO_COLOR` (<https://no-color.org>).
    pub fn detect(quiet: bool, gitlab: bool, no_color: bool) -> Self {
        let terminal = std::io::stderr().is_terminal();
        Self { quiet, color: !no_color && (terminal || gitlab), sections: gitlab, ..Self::default() }
    }
}

/// Writes human text to standard error and data to standard output; cheap to clone, safe to share.
#[derive(Clone)]
pub struct Printer {
    style: Style,
    human: Sink,
    data: Sink,
}

type Sink = Arc<Mutex<dyn Write + Send>>;

impl Printer {
    /// A printer on the process's own streams.
    pub fn new(style: Style) -> Self {
        Self::with(style, std::io::stderr(), std::io::stdout())
    }

    /// A printer on other streams, for tests.
    pub fn with(style: Style, human: impl Write + Send + 'static, data: impl Write + Send + 'static) -> Self {
        Self { style, human: Arc::new(Mutex::new(human)), data: Arc::new(Mutex::new(data)) }
    }

    /// The style in force.
    pub fn style(&self) -> Style {
        self.style
    }

    /// One line for people.
    pub fn line(&self, text: impl AsRef<str>) {
        if !self.style.quiet {
            self.say("info", text.as_ref(), text.as_ref());
        }
    }

    /// A warning for people; shown even when quiet.
    pub fn warn(&self, text: impl AsRef<str>) {
        if !self.style.mute {
            let (on, off) = self.paint("\u{1b}[33m");
            self.say("warning", text.as_ref(), &format!("{on}warning:{off} {}", text.as_ref()));
        }
    }

    /// The last words of a program that failed; always shown.
    pub fn fail(&self, error: &impl Diagnose) {
        let text = render(error);
        self.say("fatal", text.trim_end(), text.trim_end());
    }

    /// Writes a message in the form of the style.
    fn say(&self, level: &str, message: &str, human: &str) {
        if self.style.json {
            let message = message.trim_end();
            if !message.is_empty() {
                let line = serde_json::json!({"level": level, "msg": message, "time": timestamp()});
                write(&self.human, &line.to_string(), "\n");
            }
        } else if self.style.timestamps {
            write(&self.human, &format!("{} {human}", timestamp()), "\n");
        } else {
            write(&self.human, human, "\n");
        }
    }

    /// A heading for people.
    pub fn heading(&self, text: impl AsRef<str>) {
        let (on, off) = self.paint("\u{1b}[1m");
        self.line(format!("{on}{}{off}", text.as_ref()));
    }

    /// Data for programs, on standard output, with a line end.
    pub fn data(&self, text: impl AsRef<str>) {
        write(&self.data, text.as_ref(), "\n");
    }

    /// Opens a section of the log that GitLab can fold; it ends when the value is dropped.
    ///
    /// `name` is made of letters, digits, `_`, `.` and `-`
    /// (<https://docs.gitlab.com/ci/jobs/job_logs/#custom-collapsible-sections>).
    pub fn section(&self, name: &str, header: &str) -> Section {
        if self.style.sections {
            self.line(format!("\u{1b}[0Ksection_start:{}:{name}\r\u{1b}[0K{header}", now()));
        } else {
            self.heading(header);
        }
        Section { printer: self.clone(), name: name.to_owned() }
    }

    fn paint(&self, on: &'static str) -> (&'static str, &'static str) {
        if self.style.color { (on, "\u{1b}[0m") } else { ("", "") }
    }
}

/// A foldable part of GitLab's job log.
pub struct Section {
    printer: Printer,
    name: String,
}

impl Drop for Section {
    fn drop(&mut self) {
        if self.printer.style.sections {
            self.printer.line(format!("\u{1b}[0Ksection_end:{}:{}\r\u{1b}[0K", now(), self.name));
        }
    }
}

/// A log that nobody reads any more (a closed pipe) must not stop the work, so errors are dropped.
fn write(sink: &Sink, text: &str, end: &str) {
    let mut sink = sink.lock().unwrap_or_else(PoisonError::into_inner);
    let _ = sink.write_all(format!("{text}{end}").as_bytes());
    let _ = sink.flush();
}

/// Now as RFC 3339 in UTC, to the second.
fn timestamp() -> String {
    let seconds = i64::try_from(now()).unwrap_or_default();
    jiff::Timestamp::from_second(seconds).unwrap_or_default().to_string()
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |passed| passed.as_secs())
}

#[cfg(test)]
mod tests {
    use super::{Printer, Style};
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn data_and_human_text_never_mix() {
        let (human, data) = (Buffer::default(), Buffer::default());
        let printer = Printer::with(Style::default(), human.clone(), data.clone());
        printer.line("working");
        printer.data("sha256:0");
        assert_eq!(*human.0.lock().unwrap(), b"working\n");
        assert_eq!(*data.0.lock().unwrap(), b"sha256:0\n");
    }

    fn said(style: Style) -> String {
        let human = Buffer::default();
        let printer = Printer::with(style, human.clone(), Buffer::default());
        printer.line("working\n");
        printer.line("");
        printer.warn("careful");
        String::from_utf8(human.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn json_is_an_object_a_line() {
        let text = said(Style { json: true, ..Style::default() });
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 2, "an empty line says nothing: {text}");
        assert_eq!((&lines[0]["level"], &lines[0]["msg"]), (&"info".into(), &"working".into()));
        assert_eq!((&lines[1]["level"], &lines[1]["msg"]), (&"warning".into(), &"careful".into()));
        assert!(lines[0]["time"].as_str().unwrap().ends_with('Z'));
    }

    #[test]
    fn times_and_silence() {
        let text = said(Style { timestamps: true, ..Style::default() });
        assert!(text.lines().next().unwrap().ends_with("Z working"), "{text}");
        assert_eq!(said(Style { quiet: true, ..Style::default() }), "warning: careful\n");
        assert_eq!(said(Style { quiet: true, mute: true, ..Style::default() }), "");
    }

    #[test]
    fn sections_follow_gitlabs_grammar() {
        let human = Buffer::default();
        let style = Style { sections: true, ..Style::default() };
        drop(Printer::with(style, human.clone(), Buffer::default()).section("build.push", "Push"));
        let text = String::from_utf8(human.0.lock().unwrap().clone()).unwrap();
        assert!(text.starts_with("\u{1b}[0Ksection_start:"));
        assert!(text.contains(":build.push\r\u{1b}[0KPush\n"));
        assert!(text.contains("\u{1b}[0Ksection_end:"));
    }
}
