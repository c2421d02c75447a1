//! Which user and group ids a user namespace can have here.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::{Pid, getgid, getuid};
use rustix::thread::CapabilitySet;

use crate::error::{Error, Result};

/// Ids that files of ordinary images need.
const NEEDED: u64 = 65_536;

/// `INSIDE OUTSIDE COUNT`, as the kernel's map files have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    inside: u64,
    outside: u64,
    count: u64,
}

impl Range {
    fn fields(self) -> [String; 3] {
        [self.inside, self.outside, self.count].map(|number| number.to_string())
    }
}

/// Ranges of user and group ids of a child's user namespace, and who may write them.
#[derive(Debug)]
pub(super) struct Mapping {
    uids: Vec<Range>,
    gids: Vec<Range>,
    /// Through newuidmap and newgidmap, because this process lacks the capabilities.
    through_helpers: bool,
}

/// Finds a mapping with enough ids.
pub(super) fn mapping() -> Result<Mapping> {
    // Since Linux 5.12, mapping root takes CAP_SETFCAP, too. CRI-O's containers lack it.
    let needed = CapabilitySet::SETUID | CapabilitySet::SETGID | CapabilitySet::SETFCAP;
    let may_map = getuid().is_root() && super::has(needed);
    let mapping = if may_map { own_ids() } else { subordinate_ids() };
    let ids = total(&mapping.uids).min(total(&mapping.gids));
    let helpers = || helper("newuidmap").is_some() && helper("newgidmap").is_some();
    match ids {
        NEEDED.. if may_map || helpers() => Ok(mapping),
        _ => Err(Error::TooFewIds { ids: if may_map { ids } else { 1 } }),
    }
}

/// Every id that this process's own namespace has, mapped to itself.
fn own_ids() -> Mapping {
    let same = |path| {
        parse_map(&text(path)).into_iter().map(|range| Range { outside: range.inside, ..range }).collect()
    };
    Mapping { uids: same("/proc/self/uid_map"), gids: same("/proc/self/gid_map"), through_helpers: false }
}

/// Root is the user itself, everything else comes from the ranges that the user was given.
fn subordinate_ids() -> Mapping {
    let uid = getuid().as_raw();
    let name = user_name(&text("/etc/passwd"), uid);
    let ranges = |file, own| subordinate(&text(file), &[&name, &uid.to_string()], own);
    let (uids, gids) = (ranges("/etc/subuid", uid), ranges("/etc/subgid", getgid().as_raw()));
    Mapping { uids, gids, through_helpers: true }
}

impl Mapping {
    /// Maps the ids of the process's user namespace.
    pub(super) fn write(&self, process: Pid) -> Result<()> {
        let write = if self.through_helpers { run_helper } else { write_map };
        write(process, "uid", &self.uids)?;
        write(process, "gid", &self.gids)
    }
}

fn write_map(process: Pid, which: &str, ranges: &[Range]) -> Result<()> {
    let path = format!("/proc/{}/{which}_map", process.as_raw_nonzero());
    let lines: String = ranges.iter().map(|range| range.fields().join(" ") + "\n").collect();
    // The kernel takes a map in one write only.
    fs::write(&path, lines).map_err(Error::path("write", Path::new(&path)))
}

fn run_helper(process: Pid, which: &str, ranges: &[Range]) -> Result<()> {
    let path = helper(&format!("new{which}map")).ok_or(Error::TooFewIds { ids: 1 })?;
    let fields = ranges.iter().flat_map(|range| range.fields());
    let output = Command::new(path)
        .arg(process.as_raw_nonzero().to_string())
        .args(fields)
        .stdin(Stdio::null())
        .output();
    let failed = match output {
        Ok(output) if output.status.success() => return Ok(()),
        Ok(output) => std::io::Error::other(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        Err(error) => error,
    };
    Err(Error::path("run", Path::new(path))(failed))
}

/// Setuid programs are looked for where packages put them, never in `PATH`.
fn helper(program: &str) -> Option<&'static str> {
    let places = ["/usr/bin/newuidmap", "/usr/bin/newgidmap"];
    places.into_iter().find(|path| path.ends_with(program) && Path::new(path).exists())
}

fn text(path: &str) -> String {
    fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

fn total(ranges: &[Range]) -> u64 {
    ranges.iter().map(|range| range.count).sum()
}

fn parse_map(text: &str) -> Vec<Range> {
    let range = |line: &str| {
        let numbers: Vec<u64> = line.split_whitespace().map(str::parse).collect::<Result<_, _>>().ok()?;
        let [inside, outside, count] = numbers.try_into().ok()?;
        Some(Range { inside, outside, count })
    };
    text.lines().filter_map(range).collect()
}

fn user_name(passwd: &str, uid: u32) -> String {
    let uid = uid.to_string();
    let line = passwd.lines().find(|line| line.split(':').nth(2) == Some(uid.as_str()));
    line.and_then(|line| line.split(':').next()).unwrap_or(&uid).to_owned()
}

fn subordinate(text: &str, owners: &[&str], own: u32) -> Vec<Range> {
    let mut ranges = vec![Range { inside: 0, outside: u64::from(own), count: 1 }];
    for line in text.lines() {
        let fields: Vec<&str> = line.split(':').collect();
        if let [owner, start, count] = fields[..]
            && owners.contains(&owner)
            && let (Ok(outside), Ok(count)) = (start.parse(), count.parse())
        {
            ranges.push(Range { inside: total(&ranges), outside, count });
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subordinate_ranges_follow_the_user() {
        let text = "other:1:2\nci:100000:65536\n1000:200000:10\nbroken\n";
        let ranges = subordinate(text, &["ci", "1000"], 1000);
        let expected = [(0, 1000, 1), (1, 100_000, 65_536), (65_537, 200_000, 10)];
        assert_eq!(ranges, expected.map(|(inside, outside, count)| Range { inside, outside, count }));
        assert!(total(&ranges) >= NEEDED);
    }

    #[test]
    fn maps_and_names_are_read() {
        assert_eq!(total(&parse_map("         0          0 4294967295\n")), 4_294_967_295);
        assert_eq!(user_name("root:x:0:0::/:\nci:x:1000:1000::/:\n", 1000), "ci");
        assert_eq!(user_name("", 7), "7");
    }
}
