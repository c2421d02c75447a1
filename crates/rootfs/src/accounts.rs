//! Users and groups as the image's own files name them. Text in, answers out; no libc, no NSS.

use crate::error::{Error, Result};

/// `/etc/passwd` and `/etc/group` of an image.
#[derive(Debug, Clone, Default)]
pub struct Accounts {
    users: Vec<User>,
    groups: Vec<Group>,
}

/// A line of `/etc/passwd`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Login name.
    pub name: String,
    /// User id.
    pub uid: u32,
    /// Primary group.
    pub gid: u32,
    /// Home directory.
    pub home: String,
}

/// A line of `/etc/group`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Name.
    pub name: String,
    /// Group id.
    pub gid: u32,
    /// Names of the users that are in it without it being their primary group.
    pub members: Vec<String>,
}

/// Who a process is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Identity {
    /// User id.
    pub uid: u32,
    /// Primary group.
    pub gid: u32,
    /// Supplementary groups.
    pub groups: Vec<u32>,
}

impl Accounts {
    /// Reads both files' text; lines that are no entries are passed over, as libc does.
    pub fn parse(passwd: &[u8], group: &[u8]) -> Self {
        let (passwd, group) = (String::from_utf8_lossy(passwd), String::from_utf8_lossy(group));
        Self {
            users: passwd.lines().filter_map(user).collect(),
            groups: group.lines().filter_map(parse_group).collect(),
        }
    }

    /// The files of the image in a root; missing ones are empty.
    pub fn of(root: &crate::Root) -> Result<Self> {
        let text = |path: &str| root.read(std::path::Path::new(path)).map(Option::unwrap_or_default);
        Ok(Self::parse(&text("etc/passwd")?, &text("etc/group")?))
    }

    /// The user with this id.
    pub fn user_by_id(&self, uid: u32) -> Option<&User> {
        self.users.iter().find(|user| user.uid == uid)
    }

    /// The user of this name.
    pub fn user(&self, name: &str) -> Option<&User> {
        self.users.iter().find(|user| user.name == name)
    }

    /// The group of this name.
    pub fn group(&self, name: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.name == name)
    }

    /// Where the user's home is: `/` for an id that the image does not know.
    pub fn home(&self, uid: u32) -> &str {
        self.user_by_id(uid).map(|user| user.home.as_str()).filter(|home| !home.is_empty()).unwrap_or("/")
    }

    /// Who RUN is under `USER spec`. Names have to exist. A user in /etc/passwd brings primary and
    /// supplementary groups, an unknown number has group 0; with `user:group`, only that group counts. The
    /// primary group is always among the groups.
    pub fn identity(&self, spec: &str) -> Result<Identity> {
        let (user, group) = parts(spec);
        if let (Some(uid), Some(gid)) = (id_or_root(user), group.and_then(id_or_root)) {
            return Ok(Identity { uid, gid, groups: vec![gid] }); // no account is needed
        }
        let known = match id(user) {
            Some(uid) => self.user_by_id(uid),
            None => Some(self.user(user).ok_or_else(|| Error::UnknownUser(user.to_owned()))?),
        };
        let uid = known.map_or_else(|| id(user).unwrap_or_default(), |user| user.uid);
        if let Some(group) = group {
            let gid = self.gid(group)?;
            return Ok(Identity { uid, gid, groups: vec![gid] });
        }
        let gid = known.map_or(0, |user| user.gid);
        let mut groups = known.map(|user| self.supplementary(&user.name)).unwrap_or_default();
        if !groups.contains(&gid) {
            // As containerd does (CVE-2022-2995): a group that is denied something stays among the groups.
            groups.insert(0, gid);
        }
        Ok(Identity { uid, gid, groups })
    }

    fn gid(&self, group: &str) -> Result<u32> {
        let named = || self.group(group).map(|group| group.gid);
        id(group).or_else(named).ok_or_else(|| Error::UnknownGroup(group.to_owned()))
    }

    fn supplementary(&self, user: &str) -> Vec<u32> {
        let is_member = |group: &&Group| group.members.iter().any(|member| member == user);
        self.groups.iter().filter(is_member).map(|group| group.gid).collect()
    }
}

/// User and group of `user`, `user:group`, `:group`; an empty user is root.
fn parts(spec: &str) -> (&str, Option<&str>) {
    let (user, group) = spec.split_once(':').map_or((spec, None), |(user, group)| (user, Some(group)));
    (if user.is_empty() { "0" } else { user }, group.filter(|group| !group.is_empty()))
}

fn id(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// In a pair, `root` is 0 in an image without accounts too.
fn id_or_root(text: &str) -> Option<u32> {
    if text == "root" { Some(0) } else { id(text) }
}

fn user(line: &str) -> Option<User> {
    let fields: Vec<&str> = line.trim().split(':').collect();
    let home = fields.get(5).copied().unwrap_or_default();
    Some(User {
        name: (*fields.first()?).into(),
        uid: id(fields.get(2)?)?,
        gid: id(fields.get(3)?)?,
        home: home.into(),
    })
}

fn parse_group(line: &str) -> Option<Group> {
    let fields: Vec<&str> = line.trim().split(':').collect();
    let members = fields.get(3).copied().unwrap_or_default();
    let members = members.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    Some(Group { name: (*fields.first()?).into(), gid: id(fields.get(2)?)?, members })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accounts() -> Accounts {
        let passwd = b"root:x:0:0:root:/root:/bin/sh\napp:x:1000:100::/home/app:\n# no entry\n";
        Accounts::parse(passwd, b"root:x:0:\nusers:x:100:\nwheel:x:10:app,other\naudio:x:29:app\n")
    }

    #[test]
    fn run_needs_names_that_exist() {
        let accounts = accounts();
        let identity = |spec: &str| accounts.identity(spec);
        assert_eq!(identity("app").unwrap(), Identity { uid: 1000, gid: 100, groups: vec![100, 10, 29] });
        assert_eq!(identity("1000").unwrap(), Identity { uid: 1000, gid: 100, groups: vec![100, 10, 29] });
        assert_eq!(identity("4711").unwrap(), Identity { uid: 4711, gid: 0, groups: vec![0] });
        assert_eq!(identity("app:wheel").unwrap(), Identity { uid: 1000, gid: 10, groups: vec![10] });
        assert_eq!(identity("").unwrap().uid, 0);
        let none = Accounts::default().identity("root:root").unwrap();
        assert_eq!(none, Identity { uid: 0, gid: 0, groups: vec![0] });
        assert!(matches!(identity("nobody"), Err(Error::UnknownUser(_))));
        assert!(matches!(identity("app:none"), Err(Error::UnknownGroup(_))));
    }

    #[test]
    fn names_are_found() {
        let accounts = accounts();
        assert_eq!(accounts.user("app").map(|user| (user.uid, user.gid)), Some((1000, 100)));
        assert_eq!(accounts.group("wheel").map(|group| group.gid), Some(10));
        assert!(accounts.user("ghost").is_none() && accounts.group("ghost").is_none());
        assert_eq!((accounts.home(1000), accounts.home(9)), ("/home/app", "/"));
    }
}
