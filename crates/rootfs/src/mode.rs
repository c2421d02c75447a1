//! File modes as `--chmod` takes them: octal, or chmod's symbolic form.

use std::str::FromStr;

use crate::error::Error;

/// A change of permission bits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModeChange {
    /// Exactly these bits, at most `0o7777`.
    Octal(u32),
    /// Clauses, applied from left to right.
    Symbolic(Vec<Clause>),
}

/// `WHO OPERATOR PERMISSIONS`, for example `go-w`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    /// Bits of user (`0o4700`), group (`0o2070`), other (`0o1007`) that may change.
    who: u32,
    operator: u8,
    permissions: Permissions,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Permissions {
    /// `r` `w` `x` as 4, 2, 1.
    bits: u32,
    /// `X`: execution for directories and for what somebody can execute already.
    search: bool,
    set_id: bool,
    sticky: bool,
    /// Copy of the bits that the user, group or others have: shift 6, 3, 0.
    copy: Option<u32>,
}

impl ModeChange {
    /// The bits after the change of a file or directory that has `mode`.
    pub fn apply(&self, mode: u32, is_dir: bool) -> u32 {
        match self {
            Self::Octal(bits) => *bits,
            Self::Symbolic(clauses) => clauses.iter().fold(mode, |mode, clause| clause.apply(mode, is_dir)),
        }
    }

    /// The mode of directories that are made on the way: an octal change reaches them, a symbolic does not.
    pub fn for_parents(&self) -> u32 {
        match self {
            Self::Octal(bits) => *bits,
            Self::Symbolic(_) => 0o755,
        }
    }
}

impl FromStr for ModeChange {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let octal = || u32::from_str_radix(text, 8).ok().filter(|bits| *bits <= 0o7777);
        let parsed = if text.starts_with(|first: char| first.is_ascii_digit()) {
            octal().map(Self::Octal)
        } else {
            clauses(text).map(Self::Symbolic)
        };
        parsed.ok_or_else(|| Error::Mode(text.to_owned()))
    }
}

/// `u=rwX,go=rX`; one WHO may have several operations: `u+r-w`.
fn clauses(text: &str) -> Option<Vec<Clause>> {
    let groups: Vec<Vec<Clause>> = text.split(',').map(group).collect::<Option<_>>()?;
    Some(groups.concat())
}

fn group(text: &str) -> Option<Vec<Clause>> {
    let operators = text.find(['+', '-', '='])?;
    let who = text[..operators].bytes().try_fold(0, |who, letter| Some(who | who_bits(letter)?))?;
    let who = if who == 0 { 0o7777 } else { who };
    let mut rest = &text[operators..];
    let mut result = Vec::new();
    while let Some(operator) = rest.bytes().next() {
        let end = rest[1..].find(['+', '-', '=']).map_or(rest.len(), |end| end + 1);
        result.push(Clause { who, operator, permissions: permissions(&rest[1..end])? });
        rest = &rest[end..];
    }
    Some(result)
}

fn who_bits(letter: u8) -> Option<u32> {
    Some(match letter {
        b'u' => 0o4700,
        b'g' => 0o2070,
        b'o' => 0o1007,
        b'a' => 0o7777,
        _ => return None,
    })
}

fn permissions(text: &str) -> Option<Permissions> {
    let mut result = Permissions::default();
    for letter in text.bytes() {
        match letter {
            b'r' => result.bits |= 4,
            b'w' => result.bits |= 2,
            b'x' => result.bits |= 1,
            b'X' => result.search = true,
            b's' => result.set_id = true,
            b't' => result.sticky = true,
            b'u' | b'g' | b'o' if text.len() == 1 => result.copy = Some(copy_shift(letter)),
            _ => return None,
        }
    }
    Some(result)
}

fn copy_shift(letter: u8) -> u32 {
    match letter {
        b'u' => 6,
        b'g' => 3,
        _ => 0,
    }
}

impl Clause {
    fn apply(&self, mode: u32, is_dir: bool) -> u32 {
        let bits = self.bits(mode, is_dir);
        match self.operator {
            b'+' => mode | bits,
            b'-' => mode & !bits,
            _ => mode & !self.cleared_by_assignment(is_dir) | bits,
        }
    }

    fn bits(&self, mode: u32, is_dir: bool) -> u32 {
        let wanted = self.permissions;
        let search = u32::from(wanted.search && (is_dir || mode & 0o111 != 0));
        let bits = wanted.bits | search | wanted.copy.map_or(0, |shift| mode >> shift & 7);
        let special = if wanted.set_id { 0o6000 } else { 0 } | if wanted.sticky { 0o1000 } else { 0 };
        ((bits * 0o111) | special) & self.who
    }

    /// `=` keeps a directory's setuid and setgid, as chmod does.
    fn cleared_by_assignment(&self, is_dir: bool) -> u32 {
        if is_dir { self.who & !0o6000 } else { self.who }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(text: &str, mode: u32, is_dir: bool) -> u32 {
        text.parse::<ModeChange>().unwrap().apply(mode, is_dir)
    }

    #[test]
    fn symbolic_modes() {
        assert_eq!(change("u=rwX,go=rX", 0o600, false), 0o644);
        assert_eq!(change("u=rwX,go=rX", 0o700, true), 0o755);
        assert_eq!(change("+x", 0o644, false), 0o755);
        assert_eq!(change("g=u", 0o740, false), 0o770);
        assert_eq!(change("u+s,o+t", 0o755, false), 0o5755);
        assert_eq!(change("a-w+x", 0o666, false), 0o555);
        assert_eq!(change("go=", 0o777, false), 0o700);
    }

    #[test]
    fn octal_modes_and_nonsense() {
        assert_eq!(change("4755", 0, false), 0o4755);
        for text in ["", "10000", "8", "u", "u+q", "z+r", "u=go"] {
            assert!(text.parse::<ModeChange>().is_err(), "{text}");
        }
    }
}
