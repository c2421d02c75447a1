//! The words of COPY and ADD that docker's history shows.

use ktrust_dockerfile::{Add, Copy, Flag, Sources};

/// `--link`, `--exclude`, `--unpack` and `--from` are not among them.
pub(in crate::instruction) struct History<'a> {
    keyword: &'static str,
    has_parents: bool,
    chown: Option<&'a Flag<String>>,
    chmod: Option<&'a Flag<String>>,
    sources: &'a Sources,
}

impl<'a> History<'a> {
    pub(in crate::instruction) fn of_copy(copy: &'a Copy) -> Self {
        let has_parents = copy.parents.as_ref().is_some_and(|flag| flag.value);
        let (chown, chmod) = (copy.chown.as_ref(), copy.chmod.as_ref());
        Self { keyword: "COPY", has_parents, chown, chmod, sources: &copy.sources }
    }

    pub(in crate::instruction) fn of_add(add: &'a Add) -> Self {
        let (chown, chmod) = (add.chown.as_ref(), add.chmod.as_ref());
        Self { keyword: "ADD", has_parents: false, chown, chmod, sources: &add.sources }
    }

    /// `COPY --chown=1 a b /c/ # buildkit`.
    pub(in crate::instruction) fn line(&self) -> String {
        let mut words = vec![self.keyword.to_owned()];
        words.extend(self.has_parents.then(|| "--parents".to_owned()));
        for (name, flag) in [("chown", self.chown), ("chmod", self.chmod)] {
            let flag = flag.filter(|flag| !flag.value.is_empty());
            words.extend(flag.map(|flag| format!("--{name}={}", flag.value)));
        }
        words.extend(self.sources.paths.iter().cloned());
        words.extend(self.sources.files.iter().map(|file| format!("<<{}", file.name)));
        words.extend([self.sources.destination.clone(), "# buildkit".to_owned()]);
        words.join(" ")
    }
}
