//! Ports of EXPOSE.

use std::net::IpAddr;

use thiserror::Error;

/// A port specification that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PortError {
    /// No port before the protocol.
    #[error("invalid port: {0:?}: no port specified")]
    Missing(String),
    /// Another protocol than tcp, udp and sctp.
    #[error("invalid port: {spec:?}: invalid proto: {protocol}")]
    Protocol {
        /// The whole specification.
        spec: String,
        /// Its protocol.
        protocol: String,
    },
    /// An address that is none.
    #[error("invalid IP address: {0}")]
    Address(String),
    /// A port or a range out of 0 to 65535, or backwards.
    #[error("invalid containerPort: {0}")]
    Container(String),
    /// The same of the host's part.
    #[error("invalid hostPort: {0}")]
    Host(String),
    /// Two ranges of different lengths.
    #[error("invalid ranges specified for container and host Ports: {container} and {host}")]
    Ranges {
        /// The container's range.
        container: String,
        /// The host's range.
        host: String,
    },
}

/// One word of EXPOSE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ports {
    /// First port.
    pub first: u16,
    /// Last port, `first` or above.
    pub last: u16,
    /// `tcp`, `udp` or `sctp`.
    pub protocol: &'static str,
    /// The protocol was written with capitals (lint rule `ExposeProtoCasing`).
    pub odd_case: bool,
    /// An address or a host's port was given, which means nothing here (`ExposeInvalidFormat`).
    pub host_part: bool,
}

impl Ports {
    /// Reads `[[address:]host port:]port[-port][/protocol]`.
    pub fn parse(spec: &str) -> Result<Self, PortError> {
        let (host, container) = spec.rsplit_once(':').map_or((None, spec), |(host, rest)| (Some(host), rest));
        let (address, host_port) = match host.map(|host| host.rsplit_once(':').unwrap_or(("", host))) {
            Some((address, port)) => (address, port),
            None => ("", ""),
        };
        let (range, written) = container.split_once('/').unwrap_or((container, ""));
        if range.is_empty() {
            return Err(PortError::Missing(spec.to_owned()));
        }
        let protocol = protocol(spec, written)?;
        check_address(address)?;
        let (first, last) = port_range(range).ok_or_else(|| PortError::Container(range.to_owned()))?;
        check_host(host_port, range, last - first)?;
        let odd_case = !written.is_empty() && written != protocol;
        Ok(Self { first, last, protocol, odd_case, host_part: !(address.is_empty() && host_port.is_empty()) })
    }

    /// The keys of `ExposedPorts`: `80/tcp`, one a port.
    pub fn keys(&self) -> impl Iterator<Item = String> {
        let protocol = self.protocol;
        (self.first..=self.last).map(move |port| format!("{port}/{protocol}"))
    }
}

fn protocol(spec: &str, written: &str) -> Result<&'static str, PortError> {
    match written.to_lowercase().as_str() {
        "" | "tcp" => Ok("tcp"),
        "udp" => Ok("udp"),
        "sctp" => Ok("sctp"),
        _ => Err(PortError::Protocol { spec: spec.to_owned(), protocol: written.to_owned() }),
    }
}

fn check_address(address: &str) -> Result<(), PortError> {
    let bare = address.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(address);
    if address.is_empty() || bare.parse::<IpAddr>().is_ok() {
        return Ok(());
    }
    Err(PortError::Address(address.to_owned()))
}

/// A host's range must be as long as the container's, unless the container has one port only.
fn check_host(host: &str, container: &str, length: u16) -> Result<(), PortError> {
    if host.is_empty() {
        return Ok(());
    }
    let (first, last) = port_range(host).ok_or_else(|| PortError::Host(host.to_owned()))?;
    if last - first != length && length != 0 {
        return Err(PortError::Ranges { container: container.to_owned(), host: host.to_owned() });
    }
    Ok(())
}

fn port_range(text: &str) -> Option<(u16, u16)> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    (first <= last).then_some((first, last))
}

#[cfg(test)]
mod tests {
    use super::{PortError, Ports};

    #[test]
    fn forms() {
        let rows = [
            ("80", Some("80/tcp")),
            ("80/", Some("80/tcp")),
            ("80/UDP", Some("80/udp")),
            ("80-82/sctp", Some("80/sctp 81/sctp 82/sctp")),
            ("8080:80", Some("80/tcp")),
            ("1.2.3.4:8080:80/tcp", Some("80/tcp")),
            ("1.2.3.4::80", Some("80/tcp")),
            ("[::1]:1:80", Some("80/tcp")),
            ("::1:1:80", Some("80/tcp")),
            ("9000-9001:80-81", Some("80/tcp 81/tcp")),
            ("9000-9010:80", Some("80/tcp")),
            ("65535", Some("65535/tcp")),
            ("65536", None),
            ("82-80", None),
            ("-1", None),
            ("", None),
            ("/tcp", None),
            ("80/icmp", None),
            ("x:80", None),
            ("localhost:1:80", None),
            ("1-3:80-81", None),
            ("http", None),
        ];
        for (spec, expected) in rows {
            let seen = Ports::parse(spec).ok().map(|ports| ports.keys().collect::<Vec<_>>().join(" "));
            assert_eq!(seen.as_deref(), expected, "{spec}");
        }
    }

    #[test]
    fn lint_marks() {
        let ports = Ports::parse("1:2/Tcp").expect("valid");
        assert!(ports.odd_case && ports.host_part);
        let ports = Ports::parse("2/tcp").expect("valid");
        assert!(!ports.odd_case && !ports.host_part);
        let wrong = PortError::Protocol { spec: "1/x".into(), protocol: "x".into() };
        assert_eq!(Ports::parse("1/x"), Err(wrong));
    }
}
