//! Values of ARG: which of the four sources wins.

use std::collections::BTreeSet;

use crate::error::{At as _, Error};
use crate::expand::{Environment, Lexer, Variables};
use crate::instruction::{Arg, Argument};
use crate::stage::Dockerfile;

/// An argument with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedArgument {
    /// The name.
    pub name: String,
    /// The value, if there is one. Without one nothing changes: a variable of that name, set by ENV or by
    /// the base image, stays visible.
    pub value: Option<String>,
    /// Variables in the default that are not set.
    pub undefined: BTreeSet<String>,
}

impl Arg {
    /// Resolves the arguments in a stage. The value is, in this order: that of `build_args`, taken as it is;
    /// the default, expanded in `environment`; that of the global argument or platform argument of this
    /// name, in `globals`; none.
    ///
    /// Each argument sees those before it in the same instruction (unlike ENV). The caller sets the results
    /// in the stage's environment in order.
    pub fn resolve(
        &self,
        escape: char,
        environment: &Variables,
        build_args: &dyn Environment,
        globals: &dyn Environment,
    ) -> Result<Vec<ResolvedArgument>, Error> {
        let mut environment = environment.clone();
        let resolved = self.arguments.iter().map(|argument| {
            let resolved = self.one(argument, escape, &environment, build_args, Some(globals))?;
            if let Some(value) = &resolved.value {
                environment.set(&resolved.name, value);
            }
            Ok(resolved)
        });
        resolved.collect()
    }

    fn one(
        &self,
        argument: &Argument,
        escape: char,
        environment: &Variables,
        build_args: &dyn Environment,
        globals: Option<&dyn Environment>,
    ) -> Result<ResolvedArgument, Error> {
        let name = argument.name.clone();
        let given = build_args.get(&name).map(str::to_owned);
        let mut undefined = BTreeSet::new();
        let value = match (given, &argument.default) {
            (Some(value), _) => Some(value),
            (None, Some(default)) => {
                let word = Lexer::new(escape).process_word(default, environment).at(self.location)?;
                undefined = word.undefined;
                Some(word.text)
            }
            (None, None) => globals.and_then(|globals| globals.get(&name)).map(str::to_owned),
        };
        Ok(ResolvedArgument { name, value, undefined })
    }
}

impl Dockerfile {
    /// The variables that FROM lines see: `platform` (`TARGETARCH` and the like), then the global
    /// arguments, each of which may use those before it.
    pub fn global_variables(
        &self,
        platform: Variables,
        build_args: &dyn Environment,
    ) -> Result<Variables, Error> {
        let mut variables = platform;
        for arg in &self.global_args {
            for argument in &arg.arguments {
                let resolved = arg.one(argument, self.directives.escape, &variables, build_args, None)?;
                if let Some(value) = &resolved.value {
                    variables.set(&resolved.name, value);
                }
            }
        }
        Ok(variables)
    }
}

#[cfg(test)]
mod tests;
