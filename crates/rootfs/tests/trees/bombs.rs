//! Archives whose numbers are larger than anything: each is refused before it costs memory or time.

use std::io::Cursor;
use std::path::Path;

use ktrust_rootfs::{Error, archive};

use crate::support::{Forged, Ground};

/// What is said about an archive that must be refused.
fn problem(archive: Forged) -> &'static str {
    let ground = Ground::new();
    let error = ground.unpack(&archive.end()).expect_err("a broken archive");
    ground.assert_outside_is_whole();
    match error {
        Error::Malformed { problem, .. } => problem,
        other => panic!("{other:?}"),
    }
}

#[test]
fn sizes_out_of_range() {
    let largest = b"\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff";
    let negative = b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe";
    for size in [&largest[..], negative, b"9999999999\0 "] {
        assert_eq!(problem(Forged::new().file("a", "").edit(124, size)), "bad size");
    }
    for size in [u64::MAX, u64::MAX - 511, i64::MAX as u64] {
        let size = size.to_string();
        assert_eq!(problem(Forged::new().pax(&[("size", size.as_bytes())]).file("a", "")), "bad size");
    }
    assert_eq!(problem(Forged::new().pax(&[("size", b"99999999999999999999")]).file("a", "")), "bad size");
    // A size that can be, of bytes that are not there.
    assert!(
        Ground::new().unpack(&Forged::new().pax(&[("size", b"1099511627776")]).file("a", "").end()).is_err()
    );
}

#[test]
fn extension_headers_out_of_range() {
    for kind in *b"xgLK" {
        let archive = Forged::new().member(kind, "pax", "", b"").edit(124, b"00077777777\0");
        assert_eq!(problem(archive), "extension header too large");
    }
}

#[test]
fn only_the_last_extension_header_counts() {
    let ground = Ground::new();
    let first: [(&str, &[u8]); 2] = [("path", b"first"), ("SCHILY.xattr.user.first", b"1")];
    let archive = Forged::new().pax(&first).pax(&[("SCHILY.xattr.user.second", b"2")]).file("name", "x");
    ground.unpack(&archive.end()).unwrap();
    let seen = ground.root().xattrs(Path::new("name")).unwrap();
    assert_eq!(seen, [(b"user.second".to_vec(), b"2".to_vec())]);
}

#[test]
fn records_for_all_members_are_read_over() {
    let ground = Ground::new();
    let archive = Forged::new().member(b'g', "pax", "", b"13 path=evil\n").file("a", "1").file("b", "2");
    ground.unpack(&archive.end()).unwrap();
    for name in ["root/a", "root/b"] {
        assert!(ground.path(name).exists());
    }
    assert!(!ground.path("root/evil").exists());
}

#[test]
fn maps_of_sparse_files() {
    let sparse = |map: &str, size: &str, content: &str| {
        let records = [("GNU.sparse.map", map.as_bytes()), ("GNU.sparse.size", size.as_bytes())];
        Forged::new().pax(&records).file("a", content)
    };
    for (map, size) in [
        ("0,2,1,2", "9"),                    // one upon the other
        ("4,2,0,2", "9"),                    // backwards
        ("0,4", "3"),                        // beyond the end
        ("0,4", "18446744073709551615"),     // no size of a file
        ("0,4", "9223372036854775807"),      // neither
        ("18446744073709551615,4", "9"),     // an overflow
        ("0,18446744073709551615,0,5", "9"), // another
        ("0,3", "9"),                        // fewer bytes than there are
        ("0,5", "9"),                        // more
        ("0", "9"),                          // half a pair
        ("0,4,", "9"),
        ("a,b", "9"),
    ] {
        assert_eq!(problem(sparse(map, size, "1234")), "bad map of a sparse file", "{map} {size}");
    }
    // A hole of an exbibyte costs nothing: the file system takes it or says that it cannot.
    let outcome = Ground::new().unpack(&sparse("0,4", "1152921504606846976", "1234").end());
    assert!(matches!(outcome, Ok(_) | Err(Error::Io { operation: "write", .. })), "{outcome:?}");
    // A map that goes on in the next block, and so on, to the end of the archive.
    let mut endless = Forged::new().member(b'S', "s", "", b"").edit(482, b"\x01").0;
    (0..100).for_each(|_| endless.extend([1; 512]));
    assert!(Ground::new().unpack(&endless).is_err());
    let one_zero: [(&str, &[u8]); 3] =
        [("GNU.sparse.major", b"1"), ("GNU.sparse.minor", b"0"), ("GNU.sparse.realsize", b"9")];
    for map in ["9999999999999\n", "2\n0\n1\n", "1\n-1\n3\n", "99999999999999999999999\n", ""] {
        assert!(Ground::new().unpack(&Forged::new().pax(&one_zero).file("s", map).end()).is_err(), "{map}");
    }
}

#[test]
fn numbers_that_are_no_owner() {
    for (id, said) in [(&b"4294967296"[..], "bad user id"), (b"-1", "bad user id"), (b"x", "bad user id")] {
        assert_eq!(problem(Forged::new().pax(&[("uid", id)]).file("a", "")), said);
    }
    // The one number that the kernel takes for no owner at all.
    let outcome = Ground::new().unpack(&Forged::new().pax(&[("gid", b"4294967295")]).file("a", "").end());
    assert!(matches!(outcome, Err(Error::Io { operation: "change owner of", .. })), "{outcome:?}");
}

#[test]
fn names_that_no_file_system_takes() {
    for name in ["n".repeat(256), "d/".repeat(2100) + "f", format!("{}/f", "n".repeat(300))] {
        let ground = Ground::new();
        let outcome = ground.unpack(&Forged::new().pax(&[("path", name.as_bytes())]).file("a", "").end());
        assert!(matches!(outcome, Err(Error::Io { .. })), "{outcome:?}");
        ground.assert_outside_is_whole();
    }
    // Nothing behind a NUL is part of a name; a name may be nothing but that.
    let ground = Ground::new();
    let archive = Forged::new().pax(&[("path", b"a\0b")]).file("c", "1").file("", "2").end();
    let _ = ground.unpack(&archive);
    ground.assert_outside_is_whole();
}

#[test]
fn unknown_members_are_refused() {
    for kind in *b"89AMN\xff" {
        let problem = problem(Forged::new().member(kind, "a", "", b""));
        assert!(["unknown type of member", "archive of several volumes"].contains(&problem), "{problem}");
    }
}

#[test]
fn what_only_looks_compressed_is_no_archive() {
    for magic in [&b"\x1f\x8b\x08"[..], b"BZh9", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd"] {
        let bytes = [magic, &[0x5a; 4000]].concat();
        assert!(!archive::is_archive(&mut Cursor::new(&bytes)).unwrap());
        let ground = Ground::new();
        assert!(archive::extract(&bytes[..], &ground.root(), Path::new(""), None).is_err());
        ground.assert_outside_is_whole();
    }
}
