//! Any bytes as a Dockerfile: parsed, dumped, given types, expanded. What is said about lines must be true.
#![no_main]

use ktrust_dockerfile::ast::{Ast, dump};
use ktrust_dockerfile::{Command, Dockerfile, Location, Variables, excerpt, parse_trigger};
use libfuzzer_sys::fuzz_target;

fn is_inside(location: Location, lines: usize) {
    let Location { start, end, .. } = location;
    assert!(1 <= start && start <= end && end <= lines, "{start}-{end} of {lines} lines");
}

fn check(source: &[u8]) {
    let lines = source.iter().filter(|byte| **byte == b'\n').count() + 1;
    let text = String::from_utf8_lossy(source);
    if let Ok(ast) = Ast::parse(source) {
        let nodes = dump(&ast);
        // A dump has a line for each instruction, whatever stands in the file.
        assert_eq!(nodes.lines().count(), ast.nodes.len());
        let mut last = 0;
        for node in &ast.nodes {
            is_inside(node.location, lines);
            assert!(node.location.start > last, "instructions overlap");
            last = node.location.end;
        }
    }
    match Dockerfile::parse(source) {
        Ok(file) => expand(&file, lines),
        Err(error) => {
            is_inside(error.location, lines);
            let _ = (error.to_string(), error.excerpt(&text, "Dockerfile"));
            let _ = excerpt(&text, "Dockerfile", error.location);
        }
    }
}

fn expand(file: &Dockerfile, lines: usize) {
    let escape = file.directives.escape;
    let given = Variables::from_pairs(["A=a b", "B=", "TARGETARCH=amd64"]);
    let Ok(globals) = file.global_variables(Variables::new(), &given) else { return };
    for stage in &file.stages {
        is_inside(stage.location, lines);
        let _ = stage.from.expand(escape, &globals);
        let mut variables = Variables::from_pairs(["PATH=/bin", "A=x", "LONG=abcabcabc"]);
        for instruction in &stage.instructions {
            is_inside(instruction.location, lines);
            let Ok(expanded) = instruction.expand(escape, &variables) else { continue };
            match &expanded.command {
                Command::Env(pairs) => pairs.iter().for_each(|pair| variables.set(&pair.name, &pair.value)),
                Command::Arg(arg) => drop(arg.resolve(escape, &variables, &given, &globals)),
                Command::Onbuild(onbuild) => drop(parse_trigger(&onbuild.text, instruction.location)),
                _ => {}
            }
            if variables.iter().map(|(_, value)| value.len()).sum::<usize>() > 1 << 20 {
                return;
            }
        }
    }
}

fuzz_target!(|data: &[u8]| check(data));
