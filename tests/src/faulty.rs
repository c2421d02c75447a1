//! A registry that fails in one chosen way, for tests of what the programs make of it.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// What goes wrong.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Every request is answered with this status and an OCI error body.
    Status(u16),
    /// Every connection is closed before an answer.
    Close,
    /// Every connection is accepted and never answered.
    Silence,
    /// Every request is answered with 200 and these bytes, which are no manifest.
    Nonsense(Vec<u8>),
}

/// A listener on loopback that serves one [`Fault`] until it is dropped.
#[derive(Debug)]
pub struct FaultyRegistry {
    host: String,
    stop: Arc<AtomicBool>,
    requests: Arc<AtomicUsize>,
}

impl FaultyRegistry {
    /// Starts on a free port.
    pub fn start(fault: Fault) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let host = listener.local_addr().expect("a bound listener has an address").to_string();
        let (stop, requests) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (stopped, counter) = (Arc::clone(&stop), Arc::clone(&requests));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                counter.fetch_add(1, Ordering::SeqCst);
                let (fault, stopped) = (fault.clone(), Arc::clone(&stopped));
                std::thread::spawn(move || answer(&stream, &fault, &stopped));
            }
        });
        Self { host, stop, requests }
    }

    /// `127.0.0.1:PORT`.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// `127.0.0.1:PORT/name`.
    pub fn image(&self, name: &str) -> String {
        format!("{}/{name}", self.host)
    }

    /// How many connections were made so far.
    pub fn connections(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

impl Drop for FaultyRegistry {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // The listener sees the flag when the next connection wakes it.
        let _ = TcpStream::connect(&self.host);
    }
}

/// Serves one connection, which carries one request.
fn answer(stream: &TcpStream, fault: &Fault, stopped: &AtomicBool) {
    let (status, body) = match fault {
        Fault::Close => return,
        Fault::Silence => {
            while !stopped.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(20));
            }
            return;
        }
        Fault::Status(status) => (*status, br#"{"errors":[{"code":"UNKNOWN","message":"faulty"}]}"#.to_vec()),
        Fault::Nonsense(body) => (200, body.clone()),
    };
    if !read_head(stream) {
        return;
    }
    let challenge = if status == 401 { "WWW-Authenticate: Basic realm=\"faulty\"\r\n" } else { "" };
    let head = format!(
        "HTTP/1.1 {status} Faulty\r\n{challenge}Content-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let mut stream = stream;
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
}

/// Reads to the end of the request's head; a TLS greeting is no HTTP and gets no answer.
fn read_head(stream: &TcpStream) -> bool {
    let mut lines = BufReader::new(stream);
    let mut line = Vec::new();
    let mut first = true;
    loop {
        line.clear();
        match lines.read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return false,
            Ok(_) if first && !line[0].is_ascii_uppercase() => return false,
            Ok(_) if line == b"\r\n" => return true,
            Ok(_) => first = false,
        }
    }
}
