//! How the job images are laid out, and that they start anywhere.

use std::os::unix::fs::{MetadataExt, PermissionsExt};

use ktrust_tests::Context;
use ktrust_tests::pod::Class;

use crate::image::JobImage;

#[test]
fn everything_of_a_job_image_is_below_one_directory() {
    let context = Context::new();
    let image = JobImage::build(&context, "kbuild");
    let mut top: Vec<String> = std::fs::read_dir(&image.root)
        .expect("the image")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    top.sort();
    assert_eq!(top, ["bin", "busybox", "kaniko", "ktrust", "tmp"]);
    for (link, target) in
        [("bin", "ktrust/bin"), ("busybox", "ktrust/bin"), ("kaniko", "ktrust"), ("tmp", "ktrust/tmp")]
    {
        assert_eq!(std::fs::read_link(image.root.join(link)).expect("a link").to_string_lossy(), target);
    }
    for path in ["bin/sh", "busybox/sh", "kaniko/executor", "bin/kbuild"] {
        assert!(image.root.join(path).is_file(), "{path}");
    }
    for path in ["ktrust/.docker", "ktrust/home", "ktrust/tmp"] {
        let metadata = image.root.join(path).metadata().expect("a directory");
        assert_eq!((metadata.permissions().mode() & 0o7777, metadata.uid()), (0o1777, 0), "{path}");
    }
}

#[test]
fn a_job_image_starts_a_shell_and_its_program_in_every_class_of_pod() {
    let context = Context::new();
    for name in ["kbuild", "ksign", "kdeploy"] {
        let image = JobImage::build(&context, name);
        assert!(
            image.config["Entrypoint"].is_null() && image.config["User"].as_str().unwrap_or("").is_empty()
        );
        for class in Class::ALL {
            let script = format!("{name} --version && echo written > $HOME/file && cat /ktrust/home/file");
            let run = image.pod().shell(&context, class, "/", &script).run().success();
            assert!(
                run.stdout.starts_with(&format!("{name} ")) && run.stdout.ends_with("written\n"),
                "{class:?}: {run}"
            );
        }
    }
}
