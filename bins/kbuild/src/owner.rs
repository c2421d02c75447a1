//! Who owns files under `--chown`, and directories that WORKDIR makes under a USER.

use ktrust_dockerfile::Principal;
use ktrust_rootfs::{Accounts, Owner};

use crate::error::Error;

/// Looks an owner up in the accounts of the image that is being made. As in BuildKit nothing fails: an
/// unknown user is 0 with the group 0, an unknown group the user's own one.
pub(crate) fn resolve(owner: &ktrust_dockerfile::Owner, accounts: &Accounts) -> Owner {
    let (uid, own_group) = match &owner.user {
        None => (0, 0),
        Some(Principal::Id(id)) => (*id, *id),
        Some(Principal::Name(name)) => accounts.user(name).map_or((0, 0), |user| (user.uid, user.gid)),
    };
    let gid = match &owner.group {
        None => None,
        Some(Principal::Id(id)) => Some(*id),
        Some(Principal::Name(name)) => accounts.group(name).map(|group| group.gid),
    };
    Owner::new(uid, gid.unwrap_or(own_group))
}

/// Reads an owner for the next step of a stage. Names need files to be looked up in: BuildKit refuses them
/// where the layer has nothing below it, because it is the first or because it is linked.
pub(crate) fn read(text: &str, is_alone: bool) -> Result<ktrust_dockerfile::Owner, Error> {
    let owner = ktrust_dockerfile::Owner::parse(text);
    if is_alone && has_names(&owner) {
        return Err(Error::Instruction {
            message: format!("there are no accounts to look up `{text}` in: nothing is below this layer"),
            hint: Some("write the user and group as numbers, or leave out `--link`".into()),
        });
    }
    Ok(owner)
}

/// Whether the image's files have to be asked.
pub(crate) fn has_names(owner: &ktrust_dockerfile::Owner) -> bool {
    let is_name = |principal: &Option<Principal>| matches!(principal, Some(Principal::Name(_)));
    is_name(&owner.user) || is_name(&owner.group)
}

#[cfg(test)]
mod tests {
    use super::{Accounts, Owner, has_names, read, resolve};

    #[test]
    fn owners_never_fail() {
        let passwd = b"root:x:0:0:root:/root:/bin/sh\napp:x:1000:100::/home/app:\n";
        let accounts = Accounts::parse(passwd, b"root:x:0:\nusers:x:100:\nwheel:x:10:app\n");
        for (spec, uid, gid) in [
            ("app", 1000, 100),
            ("7", 7, 7),
            ("7:wheel", 7, 10),
            ("7:ghost", 7, 7),
            (":50", 0, 50),
            ("app:", 1000, 0),
            ("ghost", 0, 0),
            ("ghost:wheel", 0, 10),
            ("app:ghost", 1000, 100),
            ("root", 0, 0),
            ("-1", 0, 0),
        ] {
            let owner = resolve(&ktrust_dockerfile::Owner::parse(spec), &accounts);
            assert_eq!(owner, Owner::new(uid, gid), "{spec}");
        }
    }

    #[test]
    fn numbers_and_root_need_no_files() {
        for (spec, names) in [("1:2", false), ("root:root", false), (":0", false), ("1:a", true), ("a", true)]
        {
            assert_eq!(has_names(&ktrust_dockerfile::Owner::parse(spec)), names, "{spec}");
            assert_eq!(read(spec, true).is_err(), names, "{spec}");
            assert!(read(spec, false).is_ok(), "{spec}");
        }
    }
}
