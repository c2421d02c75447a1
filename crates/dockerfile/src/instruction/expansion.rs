//! What is expanded in which instruction.

use std::collections::BTreeSet;

use super::copy::{InlineFile, Sources};
use super::{Add, Command, CommandLine, Copy, Expose, Instruction, Mount, Pair, Run, Volume};
use crate::error::{At as _, Error};
use crate::expand::{Environment, ExpandError, Lexer};
use crate::flag::Flag;
use crate::problem::Problem;

/// An instruction with its variables replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expanded {
    /// The instruction.
    pub command: Command,
    /// The mounts of RUN, in order.
    pub mounts: Vec<Mount>,
    /// Variables that are not set; they count as empty (lint rule `UndefinedVar`).
    pub undefined: BTreeSet<String>,
}

impl Instruction {
    /// Replaces the variables by `environment`, which is the one *before* this instruction: in
    /// `ENV A=1 B=$A` the second still sees the old `A`. `escape` is the file's escape character.
    ///
    /// Expanded, and freed of quotes and escapes, are:
    /// - names and values of ENV and LABEL;
    /// - paths of ADD and COPY, `--chown`, `--chmod`, `--checksum`, and the bodies of unquoted here
    ///   documents (there quotes are ordinary characters and the escape character is `\`);
    /// - USER, WORKDIR, VOLUME, STOPSIGNAL;
    /// - EXPOSE, whose words are split again afterwards;
    /// - all values of `RUN --mount`.
    ///
    /// Never expanded are the commands of RUN, CMD, ENTRYPOINT, SHELL and HEALTHCHECK, which may hold
    /// variables for their own shell; `--from`, `--exclude`, `--network`, `--security`, `--device`,
    /// MAINTAINER, and the trigger of ONBUILD, whose turn comes later. ARG is left as it is too, because a
    /// default that is not needed must not fail: see [`Arg::resolve`](super::Arg::resolve).
    pub fn expand(&self, escape: char, environment: &dyn Environment) -> Result<Expanded, Error> {
        let mut expander = Expander { lexer: Lexer::new(escape), environment, undefined: BTreeSet::new() };
        let mounts = match &self.command {
            Command::Run(run) => self.mounts(run, &mut expander)?,
            _ => Vec::new(),
        };
        let command = expander.command(&self.command).at(self.location)?;
        Ok(Expanded { command, mounts, undefined: expander.undefined })
    }

    fn mounts(&self, run: &Run, expander: &mut Expander<'_>) -> Result<Vec<Mount>, Error> {
        if run.line == CommandLine::Exec(Vec::new()) {
            return Err(Problem::EmptyCommand).at(self.location);
        }
        let mut expand = |word: &str| expander.word(word);
        run.mounts.iter().map(|flag| flag.value.resolve(&mut expand).at(flag.location)).collect()
    }
}

struct Expander<'a> {
    lexer: Lexer,
    environment: &'a dyn Environment,
    undefined: BTreeSet<String>,
}

impl Expander<'_> {
    fn word(&mut self, word: &str) -> Result<String, ExpandError> {
        self.with(self.lexer, word)
    }

    fn with(&mut self, lexer: Lexer, word: &str) -> Result<String, ExpandError> {
        let expanded = lexer.process_word(word, self.environment)?;
        self.undefined.extend(expanded.undefined);
        Ok(expanded.text)
    }

    fn words(&mut self, words: &[String]) -> Result<Vec<String>, ExpandError> {
        words.iter().map(|word| self.word(word)).collect()
    }

    fn command(&mut self, command: &Command) -> Result<Command, ExpandError> {
        Ok(match command {
            Command::Env(pairs) => Command::Env(self.pairs(pairs)?),
            Command::Label(pairs) => Command::Label(self.pairs(pairs)?),
            Command::Add(add) => Command::Add(self.add(add)?),
            Command::Copy(copy) => Command::Copy(self.copy(copy)?),
            Command::User(user) => Command::User(self.word(user)?),
            Command::Workdir(path) => Command::Workdir(self.word(path)?),
            Command::Stopsignal(signal) => Command::Stopsignal(self.word(signal)?),
            Command::Volume(volume) => Command::Volume(Volume { paths: self.words(&volume.paths)? }),
            Command::Expose(expose) => Command::Expose(self.expose(expose)?),
            other => other.clone(),
        })
    }

    fn pairs(&mut self, pairs: &[Pair]) -> Result<Vec<Pair>, ExpandError> {
        let expanded = pairs.iter().map(|pair| {
            Ok(Pair { name: self.word(&pair.name)?, value: self.word(&pair.value)?, legacy: pair.legacy })
        });
        expanded.collect()
    }

    fn flag(&mut self, flag: Option<&Flag<String>>) -> Result<Option<Flag<String>>, ExpandError> {
        let expanded = flag.map(|flag| Ok(Flag { value: self.word(&flag.value)?, location: flag.location }));
        expanded.transpose()
    }

    fn add(&mut self, add: &Add) -> Result<Add, ExpandError> {
        Ok(Add {
            chown: self.flag(add.chown.as_ref())?,
            chmod: self.flag(add.chmod.as_ref())?,
            checksum: self.flag(add.checksum.as_ref())?,
            sources: self.sources(&add.sources)?,
            ..add.clone()
        })
    }

    fn copy(&mut self, copy: &Copy) -> Result<Copy, ExpandError> {
        Ok(Copy {
            chown: self.flag(copy.chown.as_ref())?,
            chmod: self.flag(copy.chmod.as_ref())?,
            sources: self.sources(&copy.sources)?,
            ..copy.clone()
        })
    }

    fn sources(&mut self, sources: &Sources) -> Result<Sources, ExpandError> {
        let paths = self.words(&sources.paths)?;
        let destination = self.word(&sources.destination)?;
        let files = sources.files.iter().map(|file| self.file(file)).collect::<Result<_, _>>()?;
        Ok(Sources { paths, files, destination })
    }

    fn file(&mut self, file: &InlineFile) -> Result<InlineFile, ExpandError> {
        if !file.expand {
            return Ok(file.clone());
        }
        let content = self.with(Lexer::for_heredoc(), &file.content)?;
        Ok(InlineFile { content, ..file.clone() })
    }

    /// The list of undefined variables stays as it is: BuildKit's linter does not look at EXPOSE either.
    fn expose(&mut self, expose: &Expose) -> Result<Expose, ExpandError> {
        let words = expose.ports.iter().map(|word| self.lexer.process_words(word, self.environment));
        Ok(Expose { ports: words.collect::<Result<Vec<_>, _>>()?.concat() })
    }
}
