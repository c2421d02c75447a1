//! `templates/pipeline.yml` and `component.yml`, made from the three templates of one job each.
//!
//! A component may include no file that itself asks for the component's version, and a file that is
//! included from a remote place may include nothing local: so both must carry the jobs in full. They
//! are copied, so that a job is written once. `component.yml` keeps its own facts, which a test compares.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::shell::repository;

const JOBS: [&str; 3] = ["build", "sign", "deploy"];

/// Inputs that each job has for itself: in the whole pipeline they carry the job's name.
const OWN: [&str; 3] = ["stage", "rules", "needs"];

/// The input that component.yml does without: there each image is named in full.
const REGISTRY: &str = "image-registry";

/// Where component.yml's own part begins.
const FACTS: &str = "# Facts for machines";

/// What is to be written.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Release: the images of kbuild, ksign and kdeploy, by digest, which become component.yml's defaults
    #[arg(long = "image", value_name = "REFERENCE@DIGEST", num_args = 3)]
    images: Vec<String>,
    /// Write nothing, and fail if something would change
    #[arg(long)]
    check: bool,
}

/// Writes both files.
pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let templates = JOBS.map(Template::read);
    let templates = templates.into_iter().collect::<Result<Vec<_>>>()?;
    let component = repository().join("component.yml");
    let old = fs::read_to_string(&component).unwrap_or_default();
    let facts = old.find(&format!("\n{FACTS}")).map_or("", |start| &old[start..]);
    let pairs = [
        (repository().join("templates/pipeline.yml"), pipeline(&templates)),
        (component, whole(&templates, &arguments.images) + facts),
    ];
    for (path, text) in pairs {
        put(&path, &text, arguments.check)?;
    }
    Ok(())
}

/// Fails if a file is not what [`run`] would make of it.
pub(crate) fn check() -> Result<()> {
    run(&Arguments { images: Vec::new(), check: true })
}

fn put(path: &Path, text: &str, check: bool) -> Result<()> {
    let same = fs::read_to_string(path).is_ok_and(|old| old == text);
    ensure!(same || !check, "{} is not what `cargo xtask component` makes", path.display());
    fs::write(path, text).with_context(|| format!("{} cannot be written", path.display()))
}

/// One of the three files.
struct Template {
    /// Name and text of each input.
    inputs: Vec<(String, String)>,
    /// The job.
    body: String,
}

impl Template {
    fn read(job: &str) -> Result<Self> {
        let path = repository().join(format!("templates/{job}.yml"));
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let (header, body) = text.split_once("\n---\n").context("a template has a header")?;
        let (_, inputs) = header.split_once("\n  inputs:\n").context("a template has inputs")?;
        let mut read: Vec<(String, String)> = Vec::new();
        for line in inputs.lines() {
            if let Some(name) = line.strip_prefix("    ").filter(|rest| !rest.starts_with(' ')) {
                read.push((name.trim_end_matches(':').to_owned(), String::new()));
            } else {
                let (_, text) = read.last_mut().context("an input has a name")?;
                text.push_str(line);
                text.push('\n');
            }
        }
        Ok(Self { inputs: read, body: body.to_owned() })
    }
}

/// The inputs of all jobs, each once, and the jobs.
fn join(templates: &[Template]) -> (Vec<(String, String)>, String) {
    let mut inputs: Vec<(String, String)> = Vec::new();
    let mut bodies = Vec::new();
    for (job, template) in JOBS.iter().zip(templates) {
        let mut body = template.body.clone();
        for (name, text) in &template.inputs {
            let own = OWN.contains(&name.as_str());
            let joined = if own { format!("{job}-{name}") } else { name.clone() };
            body = body.replace(&format!("inputs.{name} ]]"), &format!("inputs.{joined} ]]"));
            if !inputs.iter().any(|(known, _)| *known == joined) {
                inputs.push((joined, text.clone()));
            }
        }
        bodies.push(body);
    }
    (inputs, bodies.join("\n"))
}

fn render(inputs: &[(String, String)]) -> String {
    inputs.iter().flat_map(|(name, text)| ["    ", name, ":\n", text]).collect()
}

const MADE: &str =
    "# Made by `cargo xtask component` from build.yml, sign.yml and deploy.yml: change those.\n";

fn pipeline(templates: &[Template]) -> String {
    let (inputs, bodies) = join(templates);
    let what = "Builds an image, signs it, verifies it and deploys it, by one digest from end to end.";
    let inputs = render(&inputs);
    format!("{MADE}spec:\n  description: {what}\n  component: [sha]\n  inputs:\n{inputs}---\n{bodies}")
}

fn whole(templates: &[Template], images: &[String]) -> String {
    let (mut inputs, mut bodies) = join(templates);
    inputs.retain(|(name, _)| name != REGISTRY);
    for (at, program) in ["kbuild", "ksign", "kdeploy"].into_iter().enumerate() {
        let name = format!("{program}-image");
        let from = format!("$[[ inputs.{REGISTRY} ]]/{program}:$[[ component.sha ]]");
        bodies = bodies.replace(&from, &format!("$[[ inputs.{name} ]]"));
        let default = images.get(at).map(|image| format!("      default: {image}\n")).unwrap_or_default();
        inputs.push((
            name,
            format!(
                "      type: string\n{default}      regex: ^[a-z0-9$][A-Za-z0-9_.:/$-]*@sha256:[0-9a-f]{{64}}$\n      \
                 description: The image of {program}, by digest. A release names its own.\n"
            ),
        ));
    }
    let inputs = render(&inputs);
    format!(
        "{MADE}# The whole pipeline for `include: project`, `local` and `remote`.\nspec:\n  inputs:\n{inputs}---\n{bodies}"
    )
}
