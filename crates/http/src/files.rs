//! Which files a request may name: `path=`, `projectUrl=file:`, `eventUrl=file:`.

use std::io;
use std::path::{Component, Path, PathBuf};

use tidegate_api::ErrorBody;

use crate::answer::Refused;

/// The directories below which files that requests name must lie; as in ESP they may lie anywhere by default.
#[derive(Debug, Clone, Default)]
pub struct FileAccess(Option<Vec<PathBuf>>);

impl FileAccess {
    /// Any file that the server itself may use.
    pub const fn anywhere() -> Self {
        Self(None)
    }

    /// Files below these directories, which must exist.
    ///
    /// # Errors
    /// When one does not exist, with its name.
    pub fn below(directories: &[PathBuf]) -> Result<Self, (PathBuf, io::Error)> {
        let resolve =
            |directory: &PathBuf| directory.canonicalize().map_err(|error| (directory.clone(), error));
        Ok(Self(Some(directories.iter().map(resolve).collect::<Result<_, _>>()?)))
    }

    /// Whether files may lie anywhere.
    pub const fn is_anywhere(&self) -> bool {
        self.0.is_none()
    }

    /// Lets a path pass that lies where it may, links resolved; it need not exist yet. May wait for a disk.
    ///
    /// # Errors
    /// 403 for one that lies elsewhere.
    pub(crate) fn check(&self, path: &Path) -> Result<(), Refused> {
        let Some(directories) = &self.0 else { return Ok(()) };
        let inside = resolve(path).is_some_and(|path| directories.iter().any(|one| path.starts_with(one)));
        if inside {
            return Ok(());
        }
        let message = format!("'{}' lies outside of the directories that requests may name", path.display());
        Err(ErrorBody::new(403, message).into())
    }
}

/// The path with links resolved as far as it exists; none when what does not exist goes up again.
fn resolve(path: &Path) -> Option<PathBuf> {
    let absolute = std::path::absolute(path).ok()?;
    let mut missing = Vec::new();
    let mut existing = absolute.as_path();
    loop {
        match existing.canonicalize() {
            Ok(found) => return Some(missing.into_iter().rev().fold(found, |path, name| path.join(name))),
            // A link that leads nowhere may lead anywhere later.
            Err(_) if existing.is_symlink() => return None,
            Err(_) => match existing.components().next_back()? {
                Component::Normal(name) => missing.push(name.to_owned()),
                _ => return None,
            },
        }
        existing = existing.parent()?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lies_below_passes() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        std::fs::create_dir_all(root.join("in/deep")).unwrap();
        std::fs::create_dir(root.join("out")).unwrap();
        std::fs::write(root.join("out/secret"), "").unwrap();
        std::os::unix::fs::symlink(root.join("out"), root.join("in/link")).unwrap();
        std::os::unix::fs::symlink(root.join("nowhere"), root.join("in/dangling")).unwrap();
        let access = FileAccess::below(&[root.join("in")]).unwrap();
        let passes = |path: &str| access.check(&root.join(path)).is_ok();
        for inside in ["in", "in/deep", "in/deep/new/file.xml", "in/deep/../other", "out/../in/x"] {
            assert!(passes(inside), "{inside}");
        }
        for outside in [
            "out/secret",
            "in/../out/secret",
            "in/link/secret",
            "in/link/new",
            "in/new/../../out",
            "inner",
            "in/dangling",
            "in/dangling/x",
            "",
        ] {
            assert!(!passes(outside), "{outside}");
        }
        assert_eq!(access.check(Path::new("/etc/passwd")).unwrap_err().0.status, 403);
        assert!(FileAccess::anywhere().check(Path::new("/etc/passwd")).is_ok());
        assert!(FileAccess::below(&[root.join("nothing")]).is_err());
    }
}
