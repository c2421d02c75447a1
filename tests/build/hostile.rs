//! Base images and archives that try to reach what is beside the root file system.

use std::fs;
use std::path::PathBuf;

use ktrust_tests::forged::Forged;
use ktrust_tests::image::Image;
use ktrust_tests::{Context, Run, bases};
use serde_json::json;

/// A place with something precious in it, outside of everything that a build may change.
struct Ground(Context);

impl Ground {
    fn new(dockerfile: &str) -> Self {
        let context = Context::new();
        context.write("precious/file", "mine");
        context.write("app/Dockerfile", dockerfile);
        Self(context)
    }

    fn precious(&self) -> PathBuf {
        self.0.path("precious/file")
    }

    /// Builds with `evil` as an image of these layers.
    fn build_from(&self, layers: &[Vec<u8>]) -> Run {
        let layout = self.0.path("evil");
        fs::create_dir_all(&layout).unwrap();
        bases::write_archives(&layout, layers, &json!({}));
        self.build(&["--build-context", &format!("evil=oci-layout://{}", layout.display())])
    }

    fn build(&self, arguments: &[&str]) -> Run {
        let work = self.0.path("state/work");
        fs::create_dir_all(&work).unwrap();
        let kbuild = self.0.kbuild().args(["build", "app", "-t", "oci:./out:latest", "--work-dir"]);
        let run = kbuild.arg(&work).args(arguments).run();
        self.assert_whole();
        run
    }

    /// Whatever came of a build, nothing is where it does not belong.
    fn assert_whole(&self) {
        assert_eq!(fs::read_to_string(self.precious()).unwrap(), "mine");
        let names = |path: &str| {
            let entries = fs::read_dir(self.0.path(path)).unwrap();
            let mut names: Vec<_> =
                entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
            names.sort();
            names
        };
        assert_eq!(names("precious"), ["file"]);
        assert_eq!(names("state"), ["work"]);
        let known = ["app", "evil", "out", "precious", "state"];
        assert!(names(".").iter().all(|name| known.contains(&name.as_str())), "{:?}", names("."));
    }

    fn image(&self) -> Image {
        Image::open(&self.0.path("out"), "latest")
    }
}

/// One attack a row: its name, the layers, and what is said if it is refused.
fn attacks(precious: &str) -> Vec<(&'static str, Vec<Forged>, Option<&'static str>)> {
    let directory = precious.strip_suffix("/file").unwrap();
    let archive = Forged::new;
    let up = "../../../../../../../../../..";
    vec![
        (
            "absolute and climbing names",
            vec![
                archive()
                    .file(precious, "evil")
                    .file(&format!("{up}{precious}"), "evil")
                    .file(&format!("a/b/{up}{precious}"), "evil"),
            ],
            None,
        ),
        (
            "a link out, then through it",
            vec![archive().symlink("out", directory).file("out/file", "evil").file("out/new", "evil")],
            None,
        ),
        (
            "a link out in one layer, through it in the next",
            vec![
                archive().symlink("out", &format!("{up}{directory}")),
                archive()
                    .file("out/file", "evil")
                    .dir("out/made")
                    .file("out/.wh.file", "")
                    .file("out/.wh..wh..opq", ""),
            ],
            None,
        ),
        ("a file upon a link", vec![archive().symlink("a", precious).file("a", "evil")], None),
        (
            "a directory upon a link, and into it",
            vec![archive().symlink("a", directory).dir("a").file("a/file", "evil")],
            None,
        ),
        (
            "deletions of what is above",
            vec![
                archive()
                    .dir("a")
                    .file(".wh...", "")
                    .file(".wh..", "")
                    .file("a/.wh...", "")
                    .file(&format!("{up}{directory}/.wh.file"), "")
                    .file(".wh..wh..opq", "")
                    .file("../.wh..wh..opq", ""),
            ],
            None,
        ),
        (
            "the root itself",
            vec![
                archive()
                    .symlink("/", directory)
                    .file("./", "evil")
                    .hard_link("/", "x")
                    .member(b'3', "..", "", b""),
            ],
            None,
        ),
        (
            "collisions",
            vec![
                archive()
                    .file("x", "1")
                    .dir("x")
                    .file("x/y", "1")
                    .symlink("x", "/")
                    .file("x", "2")
                    .file("./x", "3")
                    .file("//x", "4")
                    .file("d/../x", "5")
                    .file("X", "6")
                    .file("x/", "")
                    .dir("x"),
            ],
            None,
        ),
        ("a hard link to outside", vec![archive().hard_link("a", precious)], Some("does not exist")),
        (
            "a hard link through a link",
            vec![archive().symlink("out", directory).hard_link("a", "out/file")],
            Some("does not exist"),
        ),
        (
            "a circle of links",
            vec![archive().symlink("a", "b").symlink("b", "a").file("a/x", "")],
            Some("too many symbolic links"),
        ),
        ("a file as a directory", vec![archive().file("a", "").file("a/b", "")], Some("is not a directory")),
        ("no such type", vec![archive().member(b'9', "a", "", b"")], Some("malformed archive at byte 512")),
        (
            "an endless record",
            vec![archive().member(b'x', "a", "", b"99999 path=b\n").file("a", "")],
            Some("bad PAX record"),
        ),
    ]
}

#[test]
fn base_images_stay_inside() {
    let ground = Ground::new("FROM evil\nCOPY Dockerfile /copied\n");
    for (name, layers, refused) in attacks(ground.precious().to_str().unwrap()) {
        println!("{name}");
        let layers: Vec<Vec<u8>> = layers.into_iter().map(Forged::end).collect();
        let run = ground.build_from(&layers).nowhere_has("panicked");
        match refused {
            None => drop(run.success()),
            Some(said) => assert!(matches!(run.stderr_has(said).code(), Some(1..=99)), "{name}"),
        }
    }
}

#[test]
fn archives_of_add_stay_inside() {
    let ground = Ground::new("FROM scratch\nADD evil.tar /in/side/\nCOPY Dockerfile /copied\n");
    for (name, layers, refused) in attacks(ground.precious().to_str().unwrap()) {
        println!("{name}");
        for archive in layers.into_iter().map(Forged::end) {
            // A deletion is an ordinary name here, which no layer can hold.
            let reserved =
                archive.windows(4).any(|window| window == b".wh.").then_some("mean deletion there");
            ground.0.write("app/evil.tar", archive);
            let run = ground.build(&[]).nowhere_has("panicked");
            match refused.or(reserved) {
                None => drop(run.success()),
                Some(said) => assert!(matches!(run.stderr_has(said).code(), Some(1..=99)), "{name}"),
            }
        }
        let tree = ground.image().tree();
        let above = |path: &str| !path.starts_with("in/side") && !["in", "copied"].contains(&path);
        assert!(!tree.keys().any(|path| above(path.trim_end_matches('/'))), "{name}: {:?}", tree.keys());
    }
}

#[test]
fn a_build_upon_such_an_image_stays_inside_too() {
    let dockerfile = "FROM evil\nCOPY Dockerfile /out/file\nADD Dockerfile /away/\nWORKDIR /out/made/deep\n\
                      COPY <<written /out/there/\nx\nwritten\n";
    let ground = Ground::new(dockerfile);
    let directory = ground.precious().parent().unwrap().to_str().unwrap().to_owned();
    let up = "../../../../../../../../../..";
    let archive = Forged::new().symlink("out", &directory).symlink("away", &format!("{up}{directory}"));
    ground.build_from(&[archive.end()]).success();
    // The links lead where they would lead in a container.
    let inside = directory.trim_start_matches('/');
    let tree = ground.image().tree();
    for path in ["file", "Dockerfile", "made/deep", "there/written"] {
        let path = format!("{inside}/{path}");
        assert!(tree.keys().any(|known| known.trim_end_matches('/') == path), "{path}: {:?}", tree.keys());
    }
}

#[test]
fn a_layer_that_grows_without_end_costs_no_memory() {
    let ground = Ground::new("FROM evil\nCOPY Dockerfile /copied\n");
    // 256 MiB of nothing behind the end mark: read over for the digest's sake.
    let mut archive = Forged::new().file("a", "1").end();
    archive.resize(256 << 20, 0);
    let run = ground.build_from(&[archive]).success();
    assert!(run.elapsed.as_secs() < 60, "{run}");
}
