//! `--chown` as text: names are looked up elsewhere, in the image's files.

/// A user or a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// A number; `root` is 0 without a look-up.
    Id(u32),
    /// A name, never empty.
    Name(String),
}

/// The owner that `--chown` asks for.
///
/// Without a group, a number as the user is the group too, and a name brings its primary group. What is
/// empty is 0: `:50` is the user 0, `a:` the group 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The user; `None` where nothing stands before the colon.
    pub user: Option<Principal>,
    /// The group; `None` without a colon.
    pub group: Option<Principal>,
}

impl Owner {
    /// Reads `user[:group]`. Every text is an owner.
    pub fn parse(text: &str) -> Self {
        match text.split_once(':') {
            Some((user, group)) => Self {
                user: Principal::parse(user),
                group: Some(Principal::parse(group).unwrap_or(Principal::Id(0))),
            },
            None => Self { user: Principal::parse(text), group: None },
        }
    }
}

impl Principal {
    fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return None;
        }
        let number = if text == "root" { Some(0) } else { text.parse::<i32>().ok() };
        let id = number.and_then(|number| u32::try_from(number).ok());
        Some(id.map_or_else(|| Self::Name(text.to_owned()), Self::Id))
    }
}

#[cfg(test)]
mod tests {
    use super::{Owner, Principal};

    #[test]
    fn owners() {
        let id = |id| Some(Principal::Id(id));
        let name = |name: &str| Some(Principal::Name(name.into()));
        let rows = [
            ("1", id(1), None),
            ("1:2", id(1), id(2)),
            ("root", id(0), None),
            ("a", name("a"), None),
            ("a:b", name("a"), name("b")),
            ("a:root", name("a"), id(0)),
            (":50", None, id(50)),
            ("a:", name("a"), id(0)),
            ("-1", name("-1"), None),
            ("4294967295", name("4294967295"), None),
            ("a:b:c", name("a"), name("b:c")),
        ];
        for (text, user, group) in rows {
            assert_eq!(Owner::parse(text), Owner { user, group }, "{text}");
        }
    }
}
