//! `RUN --mount`.

use super::{instruction, problem};
use crate::expand::Variables;
use crate::instruction::{Mount, MountError, MountKind, Sharing};
use crate::problem::Problem;

fn mount(fields: &str) -> Result<Mount, MountError> {
    let variables = Variables::from_pairs(["T=/t", "ID=x"]);
    match instruction(&format!("RUN --mount={fields} a")).expand('\\', &variables) {
        Ok(expanded) => Ok(expanded.mounts[0].clone()),
        Err(error) => match error.problem {
            Problem::Mount(error) => Err(error),
            other => panic!("{fields}: {other}"),
        },
    }
}

#[test]
fn every_kind() {
    let default = Mount::default();
    let rows = [
        ("target=/x", Mount { target: Some("/x".into()), ..default.clone() }),
        (
            "type=bind,src=/a,dst=$T,from=b,rw",
            Mount {
                source: Some("/a".into()),
                target: Some("/t".into()),
                from: Some("b".into()),
                read_only: false,
                ..default.clone()
            },
        ),
        (
            "TYPE=cache,destination=/c,id=$ID,sharing=Locked,mode=0700,uid=1,gid=2,source=/s",
            Mount {
                kind: MountKind::Cache,
                source: Some("/s".into()),
                target: Some("/c".into()),
                id: Some("x".into()),
                sharing: Some(Sharing::Locked),
                mode: Some(0o700),
                uid: Some(1),
                gid: Some(2),
                read_only: false,
                ..default.clone()
            },
        ),
        (
            "type=cache,target=/c,ro=true",
            Mount { kind: MountKind::Cache, target: Some("/c".into()), ..default.clone() },
        ),
        (
            "type=tmpfs,target=/c,size=1m",
            Mount {
                kind: MountKind::Tmpfs,
                target: Some("/c".into()),
                size: Some(1 << 20),
                read_only: false,
                ..default.clone()
            },
        ),
        (
            "type=secret,id=k,env=KEY,required",
            Mount {
                kind: MountKind::Secret,
                id: Some("k".into()),
                env: Some("KEY".into()),
                required: true,
                ..default.clone()
            },
        ),
        (
            "type=ssh,required=false,mode=600",
            Mount { kind: MountKind::Ssh, mode: Some(0o600), ..default.clone() },
        ),
        (
            "type=secret,id=a,\\\"target=/a,b\\\"",
            Mount { kind: MountKind::Secret, id: Some("a".into()), target: Some("/a,b".into()), ..default },
        ),
    ];
    for (fields, expected) in rows {
        assert_eq!(mount(fields), Ok(expected), "{fields}");
    }
}

#[test]
fn refusals() {
    let value =
        |key: &str, value: &str| MountError::Value { key: key.into(), value: value.into(), suggestion: None };
    let rows = [
        ("type=bnd", MountError::Value { key: "type".into(), value: "bnd".into(), suggestion: Some("bind") }),
        ("target", MountError::NoValue("target".into())),
        (
            "targt=/x",
            MountError::UnknownKey {
                key: "targt".into(),
                field: "targt=/x".into(),
                suggestion: Some("target"),
            },
        ),
        ("ro=maybe", value("ro", "maybe")),
        ("type=cache,mode=8", value("mode", "8")),
        ("type=cache,uid=-1", value("uid", "-1")),
        ("type=tmpfs,size=x", value("size", "x")),
        // Fields are read in order.
        ("required,type=secret,id=a", MountError::WrongKind { key: "required".into(), kind: "bind" }),
        ("size=1", MountError::WrongKind { key: "size".into(), kind: "bind" }),
        ("mode=1", MountError::NotAllowed { key: "mode", kind: "bind" }),
        ("type=tmpfs,gid=1", MountError::NotAllowed { key: "gid", kind: "tmpfs" }),
        ("sharing=shared", MountError::NotAllowed { key: "sharing", kind: "bind" }),
        ("type=secret,id=a,from=b", MountError::NotAllowed { key: "from", kind: "secret" }),
        ("type=secret", MountError::NamelessSecret),
        ("type=secret,id=a,source=b", MountError::TwoNames),
    ];
    for (fields, expected) in rows {
        assert_eq!(mount(fields), Err(expected), "{fields}");
    }
}

#[test]
fn what_is_refused_before_any_variable_is_known() {
    assert_eq!(problem("RUN --mount=from=$A a"), Problem::Mount(MountError::FromVariable));
    assert!(matches!(problem("RUN --mount= a"), Problem::Mount(MountError::Csv(_))));
    instruction("RUN --mount=type=$UNKNOWN,from=a$ a");
}
