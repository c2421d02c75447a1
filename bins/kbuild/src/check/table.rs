//! Stages and parameters for people.

use ktrust_dockerfile::{Dockerfile, Need, Outline};

/// The stages, the one that is built by default marked.
pub(super) fn targets(file: &Dockerfile) -> String {
    let mut rows = vec![vec!["TARGET".to_owned(), "DESCRIPTION".to_owned()]];
    for (index, stage) in file.stages.iter().enumerate() {
        let name = stage.name.clone().unwrap_or_default();
        let name = match (index + 1 == file.stages.len(), name.is_empty()) {
            (true, true) => "(default)".to_owned(),
            (true, false) => format!("{name} (default)"),
            (false, _) => name,
        };
        rows.push(vec![name, stage.from.description.clone().unwrap_or_default()]);
    }
    columns(&rows, 1)
}

/// What a target can be given: a table for each kind that there is.
pub(super) fn outline(outline: &Outline) -> String {
    let mut tables = Vec::new();
    if outline.name.is_some() || outline.description.is_some() {
        let name = outline.name.clone().unwrap_or_else(|| "(default)".into());
        let mut rows = vec![vec!["TARGET:".to_owned(), name]];
        rows.extend(outline.description.iter().map(|text| vec!["DESCRIPTION:".to_owned(), text.clone()]));
        tables.push(columns(&rows, 1));
    }
    if !outline.arguments.is_empty() {
        let mut rows = vec![["BUILD ARG", "VALUE", "DESCRIPTION"].map(str::to_owned).to_vec()];
        rows.extend(outline.arguments.iter().map(|argument| {
            let (value, about) = (argument.value.clone(), argument.description.clone());
            vec![argument.name.clone(), value.unwrap_or_default(), about.unwrap_or_default()]
        }));
        tables.push(columns(&rows, 3));
    }
    tables.extend(needs("SECRET", &outline.secrets));
    tables.extend(needs("SSH", &outline.ssh));
    tables.join("\n")
}

fn needs(title: &str, needs: &[Need]) -> Option<String> {
    let mut rows = vec![vec![title.to_owned(), "REQUIRED".to_owned()]];
    rows.extend(needs.iter().map(|need| {
        let required = if need.required { "true" } else { "" };
        vec![need.name.clone(), required.to_owned()]
    }));
    (!needs.is_empty()).then(|| columns(&rows, 3))
}

/// Columns as wide as their widest cell and `gap`; the last one is not filled up.
fn columns(rows: &[Vec<String>], gap: usize) -> String {
    let width = |column: usize| {
        let widths = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        widths.max().unwrap_or_default() + gap
    };
    let line = |row: &Vec<String>| {
        let cells = row.iter().enumerate().map(|(column, cell)| {
            let width = if column + 1 == row.len() { 0 } else { width(column) };
            format!("{cell:<width$}")
        });
        let line: String = cells.collect();
        format!("{}\n", line.trim_end())
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use ktrust_dockerfile::Dockerfile;
    use ktrust_dockerfile::lint::Facts;

    use super::{outline, targets};

    fn parse(source: &str) -> Dockerfile {
        Dockerfile::parse(source).unwrap()
    }

    #[test]
    fn stages() {
        let file = parse("# build compiles\nFROM scratch AS build\nFROM scratch\nFROM build AS Last\n");
        let expected = "TARGET         DESCRIPTION\nbuild          compiles\n\nlast (default)\n";
        assert_eq!(targets(&file), expected);
        let expected = "TARGET    DESCRIPTION\n(default)\n";
        assert_eq!(targets(&parse("FROM scratch\n")), expected);
    }

    #[test]
    fn parameters() {
        let file = parse(
            "# V is the version\nARG V=1\n# out is the result\nFROM scratch AS out\nARG V LONGER=x\n\
             RUN --mount=type=secret,id=key,required --mount=type=ssh true\n",
        );
        let found = file.outline(0, &Facts::default()).unwrap();
        let expected = "TARGET:      out\nDESCRIPTION: is the result\n\n\
                        BUILD ARG   VALUE   DESCRIPTION\nV           1       is the version\nLONGER      x\n\n\
                        SECRET   REQUIRED\nkey      true\n\nSSH       REQUIRED\ndefault\n";
        assert_eq!(outline(&found), expected);
        let nothing = parse("FROM scratch\n");
        assert_eq!(outline(&nothing.outline(0, &Facts::default()).unwrap()), "");
    }
}
