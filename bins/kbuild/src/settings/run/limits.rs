//! `--ulimit`, `--add-host`, `--shm-size`.

use std::net::{IpAddr, Ipv4Addr};

use ktrust_dockerfile::parse_size;
use ktrust_sandbox::{Limit, Resource};

use crate::error::Error;

/// `NAME=SOFT[:HARD]`; -1 is no limit.
pub(super) fn limit(spec: &str) -> Result<Limit, Error> {
    let wrong = |why: String| {
        Error::usage(format!("`--ulimit {spec}`: {why}"), "write NAME=SOFT[:HARD], as in `nofile=1024:4096`")
    };
    let (name, values) = spec.split_once('=').ok_or_else(|| wrong("it has no value".into()))?;
    let resource = Resource::ALL.into_iter().find(|resource| resource.name() == name);
    let resource = resource.ok_or_else(|| wrong(format!("there is no limit `{name}`")))?;
    let number = |text: &str| match text.parse::<i64>() {
        Ok(-1) => Ok(None),
        Ok(number) if number >= 0 => Ok(Some(number.cast_unsigned())),
        _ => Err(wrong(format!("`{text}` is no limit"))),
    };
    let (soft, hard) = values.split_once(':').unwrap_or((values, values));
    let (soft, hard) = (number(soft)?, number(hard)?);
    if hard.is_some_and(|hard| soft.is_none_or(|soft| soft > hard)) {
        return Err(wrong("the soft limit is above the hard one".into()));
    }
    Ok(Limit { resource, soft, hard })
}

/// `NAME=ADDRESS[,ADDRESS…]`, with `:` for the first `=` in docker's older spelling. Steps share the builder's
/// network, so `host-gateway` is the builder's own address.
pub(super) fn host(spec: &str) -> Result<Vec<(String, IpAddr)>, Error> {
    let wrong = || {
        Error::usage(format!("`--add-host {spec}` is not NAME=ADDRESS"), "write `db=10.0.0.7` or `db=[::1]`")
    };
    let (name, addresses) = spec.split_once('=').or_else(|| spec.split_once(':')).ok_or_else(wrong)?;
    if name.is_empty() || name.contains(char::is_whitespace) {
        return Err(wrong());
    }
    if addresses == "host-gateway" {
        return Ok(vec![(name.to_lowercase(), Ipv4Addr::LOCALHOST.into())]);
    }
    let address = |text: &str| {
        let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
        bare.parse().map(|address| (name.to_lowercase(), address)).map_err(|_| wrong())
    };
    addresses.split(',').map(address).collect()
}

/// Bytes of /dev/shm; 0 is docker's default.
pub(super) fn shared_memory(text: &str) -> Result<Option<u64>, Error> {
    let size = parse_size(text).ok_or_else(|| {
        Error::usage(format!("`--shm-size {text}` is not a size"), "write bytes, or as in `256m` or `1g`")
    })?;
    Ok(Some(size).filter(|size| *size > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits() {
        let limit = |spec: &str| limit(spec).ok().map(|limit| (limit.resource, limit.soft, limit.hard));
        assert_eq!(limit("nofile=10:20"), Some((Resource::Nofile, Some(10), Some(20))));
        assert_eq!(limit("core=0"), Some((Resource::Core, Some(0), Some(0))));
        assert_eq!(limit("memlock=-1"), Some((Resource::Memlock, None, None)));
        assert_eq!(limit("memlock=1:-1"), Some((Resource::Memlock, Some(1), None)));
        for wrong in ["nofile", "as=1", "nofile=", "nofile=2:1", "nofile=-1:5", "nofile=-2", "nofile=1:2:3"] {
            assert_eq!(limit(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn hosts() {
        let host = |spec: &str| host(spec).ok();
        let pair = |name: &str, address: &str| (name.to_owned(), address.parse::<IpAddr>().unwrap());
        assert_eq!(host("Db=10.0.0.7"), Some(vec![pair("db", "10.0.0.7")]));
        assert_eq!(host("db:10.0.0.7"), Some(vec![pair("db", "10.0.0.7")]));
        assert_eq!(host("a=1.2.3.4,[::1]"), Some(vec![pair("a", "1.2.3.4"), pair("a", "::1")]));
        assert_eq!(host("a:::1"), Some(vec![pair("a", "::1")]));
        assert_eq!(host("h=host-gateway"), Some(vec![pair("h", "127.0.0.1")]));
        for wrong in ["a", "=1.2.3.4", "a=", "a=x", "a=1.2.3.4,", "a b=1.2.3.4", "a\nb=1.2.3.4"] {
            assert_eq!(host(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn sizes() {
        assert_eq!(shared_memory("128m").unwrap(), Some(128 << 20));
        assert_eq!(shared_memory("0").unwrap(), None);
        assert!(shared_memory("big").is_err());
    }
}
