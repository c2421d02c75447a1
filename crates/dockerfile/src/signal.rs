//! Signals of STOPSIGNAL.

/// Linux's signals by name, with their numbers.
const SIGNALS: [(&str, i32); 34] = [
    ("HUP", 1),
    ("INT", 2),
    ("QUIT", 3),
    ("ILL", 4),
    ("TRAP", 5),
    ("ABRT", 6),
    ("IOT", 6),
    ("BUS", 7),
    ("FPE", 8),
    ("KILL", 9),
    ("USR1", 10),
    ("SEGV", 11),
    ("USR2", 12),
    ("PIPE", 13),
    ("ALRM", 14),
    ("TERM", 15),
    ("STKFLT", 16),
    ("CHLD", 17),
    ("CLD", 17),
    ("CONT", 18),
    ("STOP", 19),
    ("TSTP", 20),
    ("TTIN", 21),
    ("TTOU", 22),
    ("URG", 23),
    ("XCPU", 24),
    ("XFSZ", 25),
    ("VTALRM", 26),
    ("PROF", 27),
    ("WINCH", 28),
    ("IO", 29),
    ("POLL", 29),
    ("PWR", 30),
    ("SYS", 31),
];
const FIRST_REALTIME: i32 = 34;
const LAST_REALTIME: i32 = 64;

/// The number of a signal: a name in any case, with `SIG` or without, or any number but 0. `None`: there is
/// no such signal. An image stores the text as it is written.
pub fn parse_signal(text: &str) -> Option<i32> {
    if let Ok(number) = text.parse::<i32>() {
        return (number != 0).then_some(number);
    }
    let upper = text.to_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    let known = SIGNALS.iter().find(|(known, _)| *known == name).map(|(_, number)| *number);
    known.or_else(|| realtime(name))
}

/// `RTMIN`, `RTMIN+1` to `RTMIN+15`, `RTMAX-14` to `RTMAX-1`, `RTMAX`.
fn realtime(name: &str) -> Option<i32> {
    let up = (0..16).map(|offset| ("RTMIN", '+', offset, FIRST_REALTIME + offset));
    let down = (0..15).map(|offset| ("RTMAX", '-', offset, LAST_REALTIME - offset));
    let spelled = |base: &str, sign: char, offset: i32| match offset {
        0 => base.to_owned(),
        _ => format!("{base}{sign}{offset}"),
    };
    up.chain(down).find(|(base, sign, offset, _)| spelled(base, *sign, *offset) == name).map(|found| found.3)
}

#[cfg(test)]
mod tests {
    use super::parse_signal;

    #[test]
    fn signals() {
        let rows = [
            ("SIGTERM", Some(15)),
            ("term", Some(15)),
            ("9", Some(9)),
            ("1000", Some(1000)),
            ("0", None),
            ("SIGRTMIN+3", Some(37)),
            ("RTMIN", Some(34)),
            ("RTMAX-1", Some(63)),
            ("RTMAX-15", None),
            ("RTMIN+0", None),
            ("RTMIN+03", None),
            ("SIGSIGTERM", None),
            ("", None),
            ("$S", None),
        ];
        for (text, expected) in rows {
            assert_eq!(parse_signal(text), expected, "{text}");
        }
    }
}
