//! What `--output` may say.

use ktrust_oci::ImageReference;

use super::{Form, Output, Place, Stream, outputs};

fn read(texts: &[&str], names: &[&str]) -> Result<Vec<Output>, String> {
    let names: Vec<ImageReference> = names.iter().map(|name| name.parse().unwrap()).collect();
    let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
    outputs(&texts, &names, &Form::default()).map_err(|error| error.to_string())
}

fn places(text: &str) -> Vec<Place> {
    read(&[text], &[]).unwrap().into_iter().map(|output| output.place).collect()
}

#[test]
fn types_and_their_short_forms() {
    let file = |name: &str| Stream::File(name.into());
    assert_eq!(places("out"), [Place::Directory { to: "out".into(), split: None }]);
    assert_eq!(places("a=b"), [Place::Directory { to: "a=b".into(), split: None }]);
    assert_eq!(places("-"), [Place::RootArchive { to: Stream::Stdout, split: None }]);
    assert_eq!(
        places("type=tar,dest=x.tar,platform-split=false"),
        [Place::RootArchive { to: file("x.tar"), split: Some(false) }]
    );
    assert_eq!(places("type=oci,dest=x.tar"), [Place::Archive { docker: false, to: file("x.tar") }]);
    assert_eq!(places("type=oci"), [Place::Archive { docker: false, to: Stream::Stdout }]);
    assert_eq!(places("\"type=docker\",\"dest=a,b\""), [Place::Archive { docker: true, to: file("a,b") }]);
    assert_eq!(places("type=oci,tar=false,dest=d"), [Place::Layout("d".into())]);
    assert!(places("type=cacheonly").is_empty() && places("type=image,name=a").is_empty());
}

#[test]
fn names_come_from_tags_or_from_the_attribute() {
    let pushed = read(&["type=image,\"name=r.io/a:1,r.io/b\",push=true"], &[]).unwrap();
    let names = |outputs: &[Output]| {
        outputs
            .iter()
            .map(|output| match &output.place {
                Place::Repository { reference, .. } => reference.to_string(),
                other => panic!("{other:?}"),
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&pushed), ["r.io/a:1", "r.io/b:latest"]);
    assert_eq!(names(&read(&["type=registry,name=r.io/a"], &["r.io/t:2"]).unwrap()), ["r.io/t:2"]);
    assert!(read(&["type=registry"], &[]).unwrap_err().contains("no name"));
    let by_digest = &read(&["type=registry,name=r.io/a,push-by-digest=true"], &[]).unwrap()[0];
    assert!(matches!(by_digest.place, Place::Repository { by_digest: true, .. }));
}

#[test]
fn forms() {
    let output = &read(&["type=oci,dest=x,annotation-index.A.b=c,oci-mediatypes=true"], &[]).unwrap()[0];
    assert_eq!(output.form.annotations[0].key, "A.b");
    let docker = &read(&["type=docker,dest=x,oci-mediatypes=false"], &[]).unwrap()[0];
    assert!(docker.form.docker_types);
    assert!(read(&["type=oci,dest=x,oci-mediatypes=false,annotation.a=b"], &[]).is_err());
}

#[test]
fn what_is_not_done_is_refused() {
    for (text, part) in [
        ("type=oci,dest=x,compression=zstd", "compression=zstd"),
        ("type=oci,dest=x,color=red", "`color`"),
        ("type=local,dest=x,tar=true", "`tar`"),
        ("type=local,dest=x,mode=delete", "mode=delete"),
        ("type=registry,name=a,registry.insecure=true", "registry.insecure"),
        ("type=docker", "no daemon"),
        ("type=docker,tar=false,dest=x", "always a tar"),
        ("type=local", "`dest` is missing"),
        ("type=local,dest=-", "standard output"),
        ("type=oci,dest=/", "is a directory"),
        ("type=bundle,dest=x", "no type `bundle`"),
        ("dest=x,a", "not NAME=VALUE"),
        ("dest=x,push=true", "`type=` is missing"),
        ("type=oci,tar=maybe,dest=x", "tar=maybe"),
        ("", "no fields"),
    ] {
        let error = read(&[text], &[]).unwrap_err();
        assert!(error.contains(part), "{text}: {error}");
    }
    assert!(read(&["-", "type=oci"], &[]).unwrap_err().contains("several outputs"));
    let accepted = "type=oci,dest=x,compression=gzip,force-compression=false,rewrite-timestamp=true,unpack=0";
    assert!(read(&[accepted], &[]).is_ok());
}
