//! What `case.json` says, and which windows a case uses.

use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::Deserialize;

/// A case: its folder and its description.
#[derive(Debug, Clone)]
pub struct Case {
    /// The folder's name.
    pub name: String,
    /// Where its files are.
    pub folder: PathBuf,
    /// The content of `case.json`.
    pub description: Description,
    /// The model, with its placeholders.
    pub model: String,
}

/// The content of `case.json`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// What the case shows.
    pub title: String,
    /// Strength of the evidence: `seen`, `recalled` or `inferred`.
    pub tier: String,
    /// Where the expected events come from: sections and cases of engine-semantics.
    pub basis: Vec<String>,
    /// Longest run, in seconds.
    pub timeout: u64,
    /// Events that must be in the bad-events file; not compared when absent.
    pub rejected: Option<usize>,
    /// What is compared.
    pub windows: Vec<Window>,
}

/// One output file and how it is compared.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// `expected-LABEL.csv` is compared with `actual-LABEL.csv`.
    pub label: String,
    /// The window that the file shows.
    pub window: String,
    /// How the order of events counts.
    pub strictness: Strictness,
    /// Whether a fold into a table demands events that fit the table.
    pub fold: Fold,
    /// Whether flags are compared.
    pub flags: Flags,
    /// The format of dates and stamps in both files; without one they are numbers.
    pub dateformat: Option<String>,
    /// The columns to compare; all without a list.
    pub columns: Option<Vec<String>>,
    /// The header line that the output file begins with.
    pub header: Option<Header>,
    /// Name, type, and whether it is a key, of each field.
    pub fields: Vec<(String, String, bool)>,
}

/// How the order of events counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strictness {
    /// The exact sequence.
    Events,
    /// Blank lines split the expected events in steps; inside a step the order is free, but update pairs stay together.
    SetPerStep,
    /// The events are folded into a table, and the tables are compared.
    State,
}

/// How events become a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fold {
    /// Each event must fit the table: no second insert of a key, old halves equal to the stored row.
    Strict,
    /// The last event of a key counts.
    Lenient,
}

/// Whether flags are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Flags {
    /// They must be equal.
    Exact,
    /// They are not looked at.
    Ignore,
}

/// The header line of an output file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Header {
    /// `opcode`, `flags` and the names of the fields.
    Full,
    /// The names of the fields.
    Fields,
}

/// Why a folder is no case.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// A file or folder cannot be read.
    #[error("{}: {cause}", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// `case.json` is not as this module says.
    #[error("{}: {cause}", path.display())]
    Description {
        /// The `case.json`.
        path: PathBuf,
        /// What is wrong in it.
        cause: serde_json::Error,
    },
}

impl Case {
    /// Reads the case in `folder`.
    ///
    /// # Errors
    /// [`CaseError`] when a file is missing or `case.json` is wrong.
    pub fn read(folder: &Path) -> Result<Self, CaseError> {
        let path = folder.join("case.json");
        let description =
            serde_json::from_str(&text(&path)?).map_err(|cause| CaseError::Description { path, cause })?;
        let name = folder.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(Self { name, folder: folder.to_owned(), description, model: text(&folder.join("model.xml"))? })
    }

    /// Reads every case below `folder`, by name.
    ///
    /// # Errors
    /// [`CaseError`] when the folder or a case in it cannot be read.
    pub fn read_all(folder: &Path) -> Result<Vec<Self>, CaseError> {
        let unreadable = |cause| CaseError::Unreadable { path: folder.to_owned(), cause };
        let mut folders = Vec::new();
        for entry in fs::read_dir(folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if path.join("case.json").exists() {
                folders.push(path);
            }
        }
        folders.sort();
        folders.iter().map(|folder| Self::read(folder)).collect()
    }

    /// The same case with this number of threads for every project: its events must not depend on it.
    #[must_use]
    pub fn with_threads(&self, threads: u32) -> Self {
        const ATTRIBUTE: &str = " threads=\"";
        let mut parts = self.model.split(ATTRIBUTE);
        let mut model = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let rest = part.find('"').map_or(part, |end| &part[end..]);
            model.push_str(&format!("{ATTRIBUTE}{threads}{rest}"));
        }
        Self { model, ..self.clone() }
    }

    /// The file with the expected events of a window: in an example of `models/` they have a folder of their own.
    pub(crate) fn expected(&self, label: &str) -> PathBuf {
        if self.is_example() {
            self.folder.join(format!("expected/{label}.csv"))
        } else {
            self.folder.join(format!("expected-{label}.csv"))
        }
    }

    /// The name of the file that a subscriber writes for a window.
    pub(crate) fn actual(&self, label: &str) -> String {
        if self.is_example() { format!("{label}.csv") } else { format!("actual-{label}.csv") }
    }

    /// The folder that relative names of files in the model start from.
    pub(crate) fn root(&self) -> &Path {
        let above = self.folder.parent().and_then(Path::parent);
        above.filter(|_| self.is_example()).unwrap_or(&self.folder)
    }

    fn is_example(&self) -> bool {
        self.folder.join("expected").is_dir()
    }

    /// The kinds of windows of the model: `source`, `copy`, …
    pub fn window_kinds(&self) -> Vec<&str> {
        let after = self.model.split("<window-").skip(1);
        after.filter_map(|text| text.split([' ', '>', '/', '\n', '\t']).next()).collect()
    }
}

fn text(path: &Path) -> Result<String, CaseError> {
    fs::read_to_string(path).map_err(|cause| CaseError::Unreadable { path: path.to_owned(), cause })
}
