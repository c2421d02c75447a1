//! A web server on loopback: files, answers that a test makes up, and repositories of git.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use crate::tools::tool;

/// A request as it arrived. Names of headers are in small letters.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// `GET`, `POST`, …
    pub method: String,
    /// Without the query.
    pub path: String,
    /// Without the question mark.
    pub query: String,
    /// All headers.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
}

/// What is answered.
#[derive(Clone, Debug)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    cut: Option<usize>,
}

impl Reply {
    /// A file.
    pub fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self { status: 200, headers: Vec::new(), body: body.into(), cut: None }
    }

    /// Nothing but a status.
    pub fn status(status: u16) -> Self {
        Self { status, ..Self::ok("") }
    }

    /// What is from `start` on.
    pub fn partial(content: &[u8], start: usize) -> Self {
        let range = format!("bytes {start}-{}/{}", content.len() - 1, content.len());
        Self { status: 206, ..Self::ok(&content[start..]) }.header("Content-Range", &range)
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Closes the connection after so many bytes of the body.
    #[must_use]
    pub fn cut(mut self, after: usize) -> Self {
        self.cut = Some(after);
        self
    }
}

/// A server that answers until it is dropped.
#[derive(Debug)]
pub struct Web {
    host: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    stop: Arc<AtomicBool>,
}

impl Web {
    /// Answers with `script`, which gets the request and how many came before it.
    pub fn start(script: impl Fn(&Asked, usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let host = listener.local_addr().expect("a bound listener has an address").to_string();
        let (asked, stop) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (log, stopped, script) = (Arc::clone(&asked), Arc::clone(&stop), Arc::new(script));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                let (log, script) = (Arc::clone(&log), Arc::clone(&script));
                std::thread::spawn(move || serve(stream, &log, &*script));
            }
        });
        Self { host, asked, stop }
    }

    /// Serves one file under every path.
    pub fn file(content: impl Into<Vec<u8>>) -> Self {
        let content = content.into();
        Self::start(move |_, _| Reply::ok(content.clone()))
    }

    /// Serves the bare repositories below `root` by git's own program. With `token` only to those who send
    /// this `Authorization` header.
    pub fn git(root: PathBuf, token: Option<&str>) -> Self {
        let token = token.map(str::to_owned);
        Self::start(move |asked, _| {
            if token.is_some() && asked.headers.get("authorization") != token.as_ref() {
                return Reply::status(401).header("WWW-Authenticate", "Basic realm=\"git\"");
            }
            backend(&root, asked)
        })
    }

    /// `http://127.0.0.1:PORT/path`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.host)
    }

    /// `127.0.0.1:PORT`.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The requests so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("nobody panics with the list").clone()
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(&self.host);
    }
}

fn serve(mut stream: TcpStream, log: &Mutex<Vec<Asked>>, script: &(dyn Fn(&Asked, usize) -> Reply + Sync)) {
    let Some(asked) = read(&stream) else { return };
    let before = {
        let mut log = log.lock().expect("nobody panics with the list");
        log.push(asked.clone());
        log.len() - 1
    };
    let reply = script(&asked, before);
    let mut head = format!("HTTP/1.1 {} Answer\r\nConnection: close\r\n", reply.status);
    for (name, value) in &reply.headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    let _ = write!(head, "Content-Length: {}\r\n\r\n", reply.body.len());
    let end = reply.cut.unwrap_or(reply.body.len());
    // A client that has heard enough may go.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&reply.body[..end]));
}

fn read(stream: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let mut asked = Asked { method, path: path.into(), query: query.into(), ..Asked::default() };
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim().split_once(':') else { break };
        asked.headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let length = asked.headers.get("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    reader.take(length).read_to_end(&mut asked.body).ok()?;
    Some(asked)
}

/// `git http-backend` is a CGI program.
fn backend(root: &PathBuf, asked: &Asked) -> Reply {
    let header = |name: &str| asked.headers.get(name).cloned().unwrap_or_default();
    let mut child = Command::new(tool("git"))
        .arg("http-backend")
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("GIT_CONFIG_COUNT", "1")
        .env("GIT_CONFIG_KEY_0", "safe.directory")
        .env("GIT_CONFIG_VALUE_0", "*")
        .env("GIT_PROJECT_ROOT", root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("REQUEST_METHOD", &asked.method)
        .env("PATH_INFO", &asked.path)
        .env("QUERY_STRING", &asked.query)
        .env("CONTENT_TYPE", header("content-type"))
        .env("HTTP_CONTENT_ENCODING", header("content-encoding"))
        .env("GIT_PROTOCOL", header("git-protocol"))
        .env("CONTENT_LENGTH", asked.body.len().to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("git can be started");
    let mut stdin = child.stdin.take().expect("standard input is piped");
    let body = asked.body.clone();
    std::thread::spawn(move || drop(stdin.write_all(&body)));
    let output = child.wait_with_output().expect("git ends").stdout;
    let split =
        output.windows(4).position(|four| four == b"\r\n\r\n").expect("a CGI program answers with headers");
    let mut reply = Reply::ok(&output[split + 4..]);
    for line in String::from_utf8_lossy(&output[..split]).lines() {
        match line.split_once(": ") {
            Some(("Status", status)) => reply.status = status[..3].parse().expect("a status is a number"),
            Some((name, value)) => reply.headers.push((name.into(), value.into())),
            None => {}
        }
    }
    reply
}
