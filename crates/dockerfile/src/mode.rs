//! `--chmod`: octal numbers and the symbols of `chmod`.

use thiserror::Error;

/// A text that is no mode.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ModeError {
    /// It begins with a digit and is not an octal number up to 07777.
    #[error("invalid chmod parameter: '{0}'. it should be octal string and between 0 and 07777")]
    Octal(String),
    /// It is not made of `[ugoa]*([-+=]([rwxXst]*|[ugo]))+`, separated by commas.
    #[error("invalid chmod parameter: '{0}': invalid syntax")]
    Symbolic(String),
}

/// A change of a file's permission bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// These bits, 07777 at most. BuildKit gives them to implicit parent directories too.
    Octal(u32),
    /// These changes, one after the other.
    Symbolic(Vec<Change>),
}

/// One step of a symbolic mode. Masks say which bits it may touch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Clears bits.
    Clear(u32),
    /// Sets bits.
    Set(u32),
    /// `X`: sets bits if the file is a directory or was executable before all changes.
    SetIfExecutable(u32),
    /// `u`, `g`, `o` as a value: copies three bits.
    Copy {
        /// How far to shift them down: 6, 3 or 0.
        from: u32,
        /// How far to shift them up, for each class of users that gets them.
        to: Vec<u32>,
        /// What is done with them.
        operator: Operator,
    },
}

/// `+`, `-` or `=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// Sets.
    Add,
    /// Clears.
    Remove,
    /// Sets, and clears what is not given.
    Assign,
}

const SETUID: u32 = 0o4000;
const SETGID: u32 = 0o2000;
const STICKY: u32 = 0o1000;
/// All but the sticky bit, which only `t` touches.
const STANDARD: u32 = 0o6777;
const EXECUTE: u32 = 0o111;
const OTHERS: u32 = 0o007;

impl Mode {
    /// Reads a mode.
    pub fn parse(text: &str) -> Result<Self, ModeError> {
        if text.starts_with(|c: char| c.is_ascii_digit()) {
            let bits = u32::from_str_radix(text, 8).ok().filter(|bits| *bits <= 0o7777);
            return bits.map(Self::Octal).ok_or_else(|| ModeError::Octal(text.to_owned()));
        }
        let clauses = text.split(',').map(clause).collect::<Option<Vec<_>>>();
        clauses.map(|all| Self::Symbolic(all.concat())).ok_or_else(|| ModeError::Symbolic(text.to_owned()))
    }

    /// The bits after the change. `current` are the twelve bits before it.
    pub fn apply(&self, current: u32, is_directory: bool) -> u32 {
        match self {
            Self::Octal(bits) => *bits,
            Self::Symbolic(changes) => {
                let executable = is_directory || current & EXECUTE != 0;
                changes.iter().fold(current & 0o7777, |bits, change| change.apply(bits, executable))
            }
        }
    }
}

impl Change {
    fn apply(&self, bits: u32, executable: bool) -> u32 {
        match self {
            Self::Clear(mask) => bits & !mask,
            Self::Set(mask) => bits | mask,
            Self::SetIfExecutable(mask) => bits | if executable { *mask } else { 0 },
            Self::Copy { from, to, operator } => {
                let value = bits >> from & 0o7;
                to.iter().fold(bits, |bits, shift| match operator {
                    Operator::Add => bits | value << shift,
                    Operator::Remove => bits & !(value << shift),
                    Operator::Assign => bits & !(0o7 << shift) | value << shift,
                })
            }
        }
    }
}

/// Whom a clause is about, then one or more operators with their values.
fn clause(text: &str) -> Option<Vec<Change>> {
    let mut rest = text.trim_start_matches(['u', 'g', 'o', 'a']);
    if rest.is_empty() {
        return None;
    }
    let who = text[..text.len() - rest.len()].chars().fold(0, |who, class| who | class_bits(class));
    let mut changes = Vec::new();
    while !rest.is_empty() {
        let operator = operator(rest.chars().next()?)?;
        let end = rest[1..].find(['+', '-', '=']).map_or(rest.len(), |at| at + 1);
        Action { who, operator, changes: &mut changes }.run(&rest[1..end])?;
        rest = &rest[end..];
    }
    Some(changes)
}

fn class_bits(class: char) -> u32 {
    match class {
        'u' => SETUID | 0o700,
        'g' => SETGID | 0o070,
        'o' => OTHERS,
        _ => STANDARD,
    }
}

fn operator(character: char) -> Option<Operator> {
    match character {
        '+' => Some(Operator::Add),
        '-' => Some(Operator::Remove),
        '=' => Some(Operator::Assign),
        _ => None,
    }
}

/// One operator with its value.
struct Action<'a> {
    /// Whose bits; 0 means everybody's.
    who: u32,
    operator: Operator,
    changes: &'a mut Vec<Change>,
}

impl Action<'_> {
    fn run(mut self, value: &str) -> Option<()> {
        let (mut bits, mut conditional) = (0, 0);
        let mut cleared = false;
        for symbol in value.chars() {
            match symbol {
                'r' => bits |= 0o444,
                'w' => bits |= 0o222,
                'x' => bits |= EXECUTE,
                'X' if self.operator == Operator::Remove => bits |= EXECUTE,
                'X' => conditional = EXECUTE,
                // The special bits are not others'.
                's' if self.who == 0 || self.who & !OTHERS != 0 => bits |= SETUID | SETGID,
                't' if self.who == 0 || self.who & !OTHERS != 0 => {
                    self.who |= STICKY;
                    bits |= STICKY;
                }
                's' | 't' => {}
                'u' | 'g' | 'o' => {
                    self.flush(bits, conditional, &mut cleared, false);
                    (bits, conditional) = (0, 0);
                    cleared = true;
                    self.copy(symbol);
                }
                _ => return None,
            }
        }
        self.flush(bits, conditional, &mut cleared, true);
        Some(())
    }

    /// Adds the changes collected so far.
    fn flush(&mut self, bits: u32, conditional: u32, cleared: &mut bool, last: bool) {
        let mine = |bits: u32, who: u32| if who == 0 { bits } else { who & bits };
        match self.operator {
            Operator::Assign if bits != 0 || (last && !*cleared) => {
                let whole = if self.who == 0 { STANDARD } else { self.who };
                self.changes.extend([Change::Clear(whole), Change::Set(mine(bits, self.who))]);
                *cleared = true;
            }
            Operator::Add if bits != 0 => self.changes.push(Change::Set(mine(bits, self.who))),
            Operator::Remove if bits != 0 => self.changes.push(Change::Clear(mine(bits, self.who))),
            _ => {}
        }
        if conditional != 0 {
            self.changes.push(Change::SetIfExecutable(mine(conditional, self.who)));
        }
    }

    fn copy(&mut self, class: char) {
        let shift = |class: char| match class {
            'u' => 6,
            'g' => 3,
            _ => 0,
        };
        let receives = |shift: &u32| self.who == 0 || self.who & (0o4 << shift) != 0;
        let to = [6, 3, 0].into_iter().filter(receives).collect();
        self.changes.push(Change::Copy { from: shift(class), to, operator: self.operator });
    }
}

#[cfg(test)]
mod tests {
    use super::Mode;

    /// Mode, bits before, whether a directory, bits after.
    #[test]
    fn changes() {
        let rows = [
            ("644", 0o777, false, 0o644),
            ("04755", 0, false, 0o4755),
            ("0", 0o777, true, 0),
            ("7777", 0, false, 0o7777),
            ("u+x", 0o644, false, 0o744),
            ("+x", 0o644, false, 0o755),
            ("a-w", 0o666, false, 0o444),
            ("go=", 0o777, false, 0o700),
            ("=", 0o6777, false, 0),
            ("=", 0o1777, false, 0o1000),
            ("u=rwX,go=rX", 0o600, false, 0o644),
            ("u=rwX,go=rX", 0o700, false, 0o755),
            ("u=rwX,go=rX", 0o600, true, 0o755),
            ("-X", 0o755, false, 0o644),
            ("g=u", 0o740, false, 0o770),
            ("g=u", 0o2740, false, 0o2770),
            ("go=u-w", 0o764, false, 0o755),
            ("o-u", 0o467, false, 0o463),
            ("u+s,g+s,+t", 0o755, false, 0o7755),
            ("o+s,o+t", 0o755, false, 0o755),
            ("u=rwxs", 0, false, 0o4700),
            ("a=rx,u+w", 0o7000, false, 0o1755),
            ("u+r+w", 0, false, 0o600),
            ("ug+rw,o=g", 0o100, false, 0o766),
            ("a+t", 0, true, 0o1000),
        ];
        for (text, before, directory, after) in rows {
            let mode = Mode::parse(text).expect(text);
            assert_eq!(
                format!("{:o}", mode.apply(before, directory)),
                format!("{after:o}"),
                "{text} {before:o}"
            );
        }
    }

    #[test]
    fn refusals() {
        for text in
            ["", "8", "10000", "77777777777777", "0x1", "7 ", "u", "rwx", "u+q", "u+x,", ",", "u*x", "+755"]
        {
            assert!(Mode::parse(text).is_err(), "{text}");
        }
        let message = Mode::parse("999").expect_err("no octal number").to_string();
        assert!(message.contains("between 0 and 07777"), "{message}");
    }
}
