//! What a build of a stage can be given: build arguments, secrets, SSH agents.
//!
//! A default that uses a variable of a base image that is not known is shown as it is written.

mod walk;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use walk::Walk;

use crate::error::Error;
use crate::lint::Facts;
use crate::location::Location;
use crate::stage::Dockerfile;

/// The parameters of a stage and of those that it needs, ordered by line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// The stage's name, if it has one.
    pub name: Option<String>,
    /// What the comment above its FROM says.
    pub description: Option<String>,
    /// Build arguments.
    pub arguments: Vec<Parameter>,
    /// Secrets of `RUN --mount`.
    pub secrets: Vec<Need>,
    /// SSH agents of `RUN --mount`.
    pub ssh: Vec<Need>,
}

/// A build argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// The value that it has in this build.
    pub value: Option<String>,
    /// What the comment above it says.
    pub description: Option<String>,
    /// Where it is declared.
    pub location: Location,
}

/// Something that RUN mounts and the caller must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// Its id.
    pub name: String,
    /// Whether the build fails without it.
    pub required: bool,
    /// The first instruction that uses it.
    pub location: Location,
}

impl Dockerfile {
    /// What a build of the stage `target` can be given. Of `facts` the build arguments, the platforms, the
    /// replaced stages and the variables of bases count.
    pub fn outline(&self, target: usize, facts: &Facts<'_>) -> Result<Outline, Error> {
        let globals = self.global_variables(facts.platform.clone(), &facts.build_args)?;
        let mut walk = Walk::new(self, facts, &globals);
        let order = walk.needed(target)?;
        for index in &order {
            walk.stage(*index)?;
        }
        // The target's own word counts first, then that of the stages that it needs.
        let mut outline = Outline::default();
        let from = &self.stages[target].from;
        outline.name.clone_from(&self.stages[target].name);
        outline.description.clone_from(&from.description);
        for found in order.iter().rev().filter_map(|index| walk.found.get(index)) {
            merge(&mut outline.arguments, &found.arguments, |known| &known.name);
            merge(&mut outline.secrets, &found.secrets, |known| &known.name);
            merge(&mut outline.ssh, &found.ssh, |known| &known.name);
        }
        outline.arguments.sort_by_key(|known| known.location.start);
        outline.secrets.sort_by_key(|known| known.location.start);
        outline.ssh.sort_by_key(|known| known.location.start);
        Ok(outline)
    }
}

/// Adds what is not there by name.
fn merge<T: Clone>(all: &mut Vec<T>, more: &[T], name: impl Fn(&T) -> &String) {
    let mut known: BTreeSet<String> = all.iter().map(|one| name(one).clone()).collect();
    all.extend(more.iter().filter(|one| known.insert(name(one).clone())).cloned());
}
