//! Pinning: what changes, and above all what does not.

use ktrust_oci::Digest;

use super::{Pin, pin};
use crate::Manifest;

const MANIFEST: &str = "\u{feff}# Größe: who pays\r
apiVersion: apps/v1
kind: Deployment   # a comment
metadata: {name: shop, labels: &l {app: shop}}

spec:
    selector: {matchLabels: *l}
    template:
      metadata:
        labels: *l
      spec:
        initContainers:
        - image: busybox:1.36   # stays
        containers:
          -   name: \"web\"
              image:   'index.docker.io/shop/web:v1'  # ← the image
              env: [{name: IMAGE, value: docker.io/shop/web:v1}]
          - image: \"shop/web@sha256:0000000000000000000000000000000000000000000000000000000000000000\"
            command: [\"sh\", -c, \"image: shop/web:v1\"]
          - {image: shop/web, name: flow}
...
---
# second
kind: Pod
spec:
  containers:
  - image: shop/web-evil:v1

";

fn digest() -> Digest {
    Digest::of("verified")
}

fn web() -> Pin {
    Pin { tag: Some("v2".into()), ..Pin::new("shop/web".parse().unwrap(), digest()) }
}

fn manifest(text: &str) -> Manifest {
    Manifest::parse("m.yaml", text).unwrap()
}

fn pinned(text: &str) -> super::Result<String> {
    Ok(pin(&[manifest(text)], &[web()])?.remove(0).text)
}

#[test]
fn only_the_images_change() {
    let result = pin(&[manifest(MANIFEST)], &[web()]).unwrap().remove(0);
    let reference = format!("docker.io/shop/web:v2@{}", digest());
    let zeros = format!("shop/web@sha256:{}", "0".repeat(64));
    let expected = MANIFEST
        .replace("'index.docker.io/shop/web:v1'", &format!("'{reference}'"))
        .replace(&format!("\"{zeros}\""), &format!("\"{reference}\""))
        .replace("{image: shop/web,", &format!("{{image: {reference},"));
    assert_eq!(result.text, expected);
    let lines: Vec<usize> = result.changes.iter().map(|change| change.image.line).collect();
    assert_eq!(lines, [16, 18, 20]);
    let unpinned: Vec<_> = result.unpinned.iter().map(|image| (image.line, image.image.as_str())).collect();
    assert_eq!(unpinned, [(13, "busybox:1.36"), (27, "shop/web-evil:v1")]);
}

#[test]
fn pinning_twice_changes_nothing_more() {
    let once = pinned(MANIFEST).unwrap();
    assert_eq!(pinned(&once).unwrap(), once);
}

#[test]
fn an_image_can_come_from_elsewhere_than_its_name_says() {
    let target = "registry.example/shop/app".parse().unwrap();
    let mapped = Pin { name: "app".parse().unwrap(), target, ..Pin::new("app".parse().unwrap(), digest()) };
    let text = "kind: Pod\nspec: {containers: [{image: app}]}\n";
    let result = pin(&[manifest(text)], &[mapped]).unwrap().remove(0);
    assert_eq!(
        result.text,
        text.replace("image: app", &format!("image: registry.example/shop/app@{}", digest()))
    );
}

#[test]
fn an_image_that_is_nowhere_fails_and_says_what_is_there() {
    let other = "kind: Pod\nspec:\n  containers:\n  - image: ${IMAGE}\n  - image: docker.io/shop/webs:1\n";
    let error = pinned(other).unwrap_err().to_string();
    assert!(
        error.contains("m.yaml:4: ${IMAGE}") && error.contains("m.yaml:5: docker.io/shop/webs:1"),
        "{error}"
    );
    assert!(pinned("kind: Service\n").unwrap_err().to_string().contains("no container at all"));
    // One of several manifests is enough.
    let both = pin(&[manifest("kind: Service\n"), manifest(MANIFEST)], &[web()]).unwrap();
    assert_eq!(both[0].text, "kind: Service\n");
}

#[test]
fn forms_that_cannot_be_edited_safely_are_refused_with_their_line() {
    for (image, line) in
        [("|-\n      shop/web", 7), ("\"shop\\/web\"", 6), ("\"shop/\\\n      web\"", 6), ("*i", 6)]
    {
        let text =
            format!("kind: Pod\nx: &i shop/web\nspec:\n  containers:\n  - name: c\n    image: {image}\n");
        let error = pinned(&text).unwrap_err().to_string();
        assert!(error.starts_with(&format!("m.yaml:{line}: ")), "{image}: {error}");
    }
}

#[test]
fn an_anchored_image_carries_its_aliases_along_or_is_refused() {
    let text = "kind: Pod\nspec:\n  containers:\n  - image: &i shop/web:v1\nx: *i\n";
    let reference = format!("docker.io/shop/web:v2@{}", digest());
    assert_eq!(pinned(text).unwrap(), text.replace("shop/web:v1", &reference));
    assert!(pinned("kind: Pod\nspec:\n  containers:\n  - image: &i shop/web:v1\n  - image: *i\n").is_err());
}
