//! Standard input becomes a file: what it holds is known only when it was looked at.

use std::fs::File;
use std::path::PathBuf;

use tokio::sync::oneshot;

use crate::error::Error;
use crate::remote::Fetcher;
use crate::work::Work;

/// Copies standard input to a file in the work directory. A signal is heard while nothing comes.
pub(super) fn stdin(fetcher: &Fetcher<'_>, work: &Work) -> Result<PathBuf, Error> {
    let path = work.file();
    let fault = |source| Error::Read { path: "standard input".into(), source };
    let mut file = File::create_new(&path).map_err(fault)?;
    let (done, waiting) = oneshot::channel();
    // Not a task of the runtime, which would wait for the end of the input before it ends itself.
    let copy = move || {
        // Nobody waits any more after a signal.
        let _ = done.send(std::io::copy(&mut std::io::stdin().lock(), &mut file));
    };
    std::thread::Builder::new().name("stdin".into()).spawn(copy).map_err(fault)?;
    let ended = || fault(std::io::Error::other("it was closed"));
    let copied = async { waiting.await.map_err(|_| ended())?.map_err(fault) };
    fetcher.wait(copied)?;
    Ok(path)
}
