//! `build.env` names the image: file, variables and registry must agree.

use crate::bed::Bed;

/// The hand-off for the bed's image, with one thing replaced.
fn handoff(bed: &Bed, from: &str, to: &str) -> String {
    let text = format!(
        "KTRUST_SCHEMA=1\nIMAGE_REF={0}:1\nIMAGE_REPO={0}\nIMAGE_DIGEST={1}\nIMAGE_TAGS=1\n\
         IMAGE_MEDIA_TYPE=application/vnd.oci.image.manifest.v1+json\nIMAGE_PLATFORMS=linux/amd64\n",
        bed.repository, bed.digest
    );
    text.replace(from, to)
}

#[test]
fn the_hand_off_names_the_image() {
    let bed = Bed::new();
    bed.context.write("build.env", handoff(&bed, "", ""));
    let sign = bed.ksign(["sign", "--key", "cosign.key"]).env("IMAGE_DIGEST", &bed.digest);
    let run = sign.run().success();
    assert_eq!(run.stdout.trim(), bed.image());
    bed.ksign(["verify", "--key", "cosign.pub"]).run().success();
    bed.context.write("other.env", handoff(&bed, "IMAGE", "APP_IMAGE"));
    let prefixed = ["verify", "--key", "cosign.pub", "--handoff", "other.env", "--handoff-prefix", "APP_"];
    bed.ksign(prefixed).run().success();
}

#[test]
fn disagreement_ends_with_22() {
    let bed = Bed::new();
    let sign = || bed.ksign(["sign", "--key", "cosign.key"]);
    bed.context.write("build.env", handoff(&bed, "", ""));
    let other = format!("sha256:{}", "0".repeat(64));
    sign().env("IMAGE_DIGEST", &other).run().fails_with(22).stderr_has("IMAGE_DIGEST");
    bed.context.write("build.env", handoff(&bed, &bed.digest, &other));
    sign().run().fails_with(22).stderr_has("no such manifest");
    bed.context.write("build.env", handoff(&bed, "image.manifest", "image.index"));
    sign().run().fails_with(22).stderr_has("image.manifest");
    bed.context.write("build.env", handoff(&bed, &format!("IMAGE_DIGEST={}\n", bed.digest), ""));
    sign().run().fails_with(22);
    bed.verify("cosign").fails_with(30).stderr_has("no signatures");
}

#[test]
fn a_layout_is_handed_on_too() {
    let bed = Bed::new();
    let layout = bed.layout("copy");
    let name = format!("oci:{}", layout.display());
    bed.context.write("build.env", handoff(&bed, &bed.repository, &name));
    bed.ksign(["sign", "--key", "cosign.key"]).run().success();
    let verified = bed.ksign(["verify", "--key", "cosign.pub"]).run().success().json();
    assert_eq!(verified[0]["critical"]["identity"]["docker-reference"], name);
}
