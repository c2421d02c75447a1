//! What the user sees of a build: one block of lines a step, as docker buildx prints with `--progress=plain`.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use ktrust_console::Printer;
use ktrust_rootfs::Refused;

/// Numbers the steps and shows them.
pub(crate) struct Progress {
    printer: Printer,
    count: AtomicUsize,
}

/// One step that is being shown.
pub(crate) struct Shown {
    printer: Printer,
    number: usize,
    started: Instant,
    /// The beginning of a line whose end has not come yet, one buffer a stream.
    partial: [Vec<u8>; 2],
}

/// Which of a command's two streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    Out = 0,
    Err = 1,
}

/// Longest line that is kept together, in bytes; a longer one is broken.
const LINE_LIMIT: usize = 16 << 10;

impl Progress {
    pub(crate) fn new(printer: Printer) -> Self {
        Self { printer, count: AtomicUsize::new(0) }
    }

    /// Shows that a step begins.
    pub(crate) fn step(&self, title: &str) -> Shown {
        let number = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        self.printer.line(format!("#{number} {title}"));
        Shown { printer: self.printer.clone(), number, started: Instant::now(), partial: Default::default() }
    }

    /// Parts of archives and copies that this machine does not allow: the image lacks them.
    pub(crate) fn refused(&self, refused: &[Refused]) {
        for Refused { path, what } in refused {
            self.warn(&format!("`{}`: {what} cannot be made here and is missing now", path.display()));
        }
    }

    /// A message outside of any step.
    pub(crate) fn warn(&self, text: &str) {
        self.printer.warn(text);
    }
}

impl Shown {
    /// Wall time since the step began, in seconds.
    pub(crate) fn seconds(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }

    /// Shows what a command printed, whole lines only, so that two streams never share a line.
    pub(crate) fn output(&mut self, stream: Stream, bytes: &[u8]) {
        self.partial[stream as usize].extend_from_slice(bytes);
        while let Some(end) = line_end(&self.partial[stream as usize]) {
            let line: Vec<u8> = self.partial[stream as usize].drain(..end).collect();
            self.print(&line);
        }
    }

    /// Shows that the step is done.
    pub(crate) fn done(mut self) {
        self.flush();
        self.printer.line(format!("#{} DONE {:.1}s\n", self.number, self.seconds()));
    }

    /// Shows that the step failed.
    pub(crate) fn failed(mut self, why: &str) {
        self.flush();
        self.printer.line(format!("#{} ERROR: {why}", self.number));
    }

    fn flush(&mut self) {
        for index in 0..self.partial.len() {
            let rest = std::mem::take(&mut self.partial[index]);
            if !rest.is_empty() {
                self.print(&rest);
            }
        }
    }

    fn print(&self, line: &[u8]) {
        let text = String::from_utf8_lossy(line);
        let text = text.trim_end_matches(['\n', '\r']);
        self.printer.line(format!("#{} {:.3} {text}", self.number, self.seconds()));
    }
}

/// The end of the first whole line, or of as much of it as is kept together.
fn line_end(bytes: &[u8]) -> Option<usize> {
    let newline = bytes.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
    newline.or_else(|| (bytes.len() >= LINE_LIMIT).then_some(bytes.len()))
}
