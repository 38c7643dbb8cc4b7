//! The programs of Kafka and ZooKeeper: fetched once with Maven into a cache outside the checkout.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, io};

use crate::Error;

/// Group, artifact and version of what the class path is made of. ZooKeeper 3.8.4 comes with Kafka.
const ARTIFACTS: &[(&str, &str, &str)] = &[
    ("org.apache.kafka", "kafka_2.13", "3.9.1"),
    ("org.apache.kafka", "kafka-tools", "3.9.1"),
    ("org.slf4j", "slf4j-reload4j", "1.7.36"),
    ("ch.qos.reload4j", "reload4j", "1.2.25"),
];

/// The Maven plug-in that copies them, pinned.
const PLUGIN: &str = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies";

const INSTALL_JAVA: &str = "install a Java runtime, 17 or later (Debian: openjdk-17-jre-headless)";
const INSTALL_MAVEN: &str = "install Maven (Debian: maven)";

/// The folder with the servers' jars.
#[derive(Debug, Clone)]
pub struct Jars {
    folder: PathBuf,
}

impl Jars {
    /// The class path of all servers and tools.
    #[must_use]
    pub fn class_path(&self) -> OsString {
        self.folder.join("*").into_os_string()
    }

    /// Where they are.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

/// The servers' jars; downloaded first when the cache lacks them (56 MB, once; `TIDEGATE_CACHE` names the cache, else it
/// is `tidegate/servers` in `XDG_CACHE_HOME` or `~/.cache`). Processes that ask at the same time wait for one of them.
///
/// # Errors
/// [`Error::Missing`] without Java or Maven, [`Error::Fetch`] when Maven fails.
pub fn fetch() -> Result<Jars, Error> {
    fetch_into(&cache()?)
}

fn fetch_into(cache: &Path) -> Result<Jars, Error> {
    answers("java", "-version", INSTALL_JAVA)?;
    let versions: Vec<String> =
        ARTIFACTS.iter().map(|(_, name, version)| format!("{name}-{version}")).collect();
    // Other versions get another folder: nothing is ever changed in place.
    let folder = cache.join(versions.join("+"));
    if folder.is_dir() {
        return Ok(Jars { folder });
    }
    fs::create_dir_all(cache).map_err(Error::io(format!("creating {}", cache.display())))?;
    let lock = cache.join("lock");
    let lock = File::create(&lock).map_err(Error::io(format!("creating {}", lock.display())))?;
    lock.lock().map_err(Error::io("locking the cache of the test servers"))?;
    if !folder.is_dir() {
        download(cache, &folder)?;
    }
    Ok(Jars { folder })
}

/// Writes beside and renames, so that a folder with the right name is whole.
fn download(cache: &Path, folder: &Path) -> Result<(), Error> {
    answers("mvn", "-version", INSTALL_MAVEN)?;
    let beside = tempfile::Builder::new().prefix("fetch-").tempdir_in(cache);
    let beside = beside.map_err(Error::io(format!("creating a folder in {}", cache.display())))?;
    let project = beside.path().join("pom.xml");
    fs::write(&project, project_text()).map_err(Error::io(format!("writing {}", project.display())))?;
    let jars = beside.path().join("jars");
    let mut maven = Command::new("mvn");
    maven.args(["-q", "-B", "-f"]).arg(&project).arg(PLUGIN).arg("-DincludeScope=runtime");
    maven.arg(format!("-DoutputDirectory={}", jars.display()));
    let output = maven.output().map_err(Error::io("starting mvn"))?;
    if !output.status.success() {
        return Err(Error::Fetch { into: cache.to_owned(), cause: said(&output) });
    }
    let what = format!("renaming {} to {}", jars.display(), folder.display());
    fs::rename(&jars, folder).map_err(Error::io(what))
}

/// The least Maven project that depends on [`ARTIFACTS`].
fn project_text() -> String {
    let one = |(group, name, version): &(&str, &str, &str)| {
        format!(
            "<dependency><groupId>{group}</groupId><artifactId>{name}</artifactId><version>{version}</version></dependency>\n"
        )
    };
    let dependencies: String = ARTIFACTS.iter().map(one).collect();
    format!(
        "<project xmlns=\"http://maven.apache.org/POM/4.0.0\"><modelVersion>4.0.0</modelVersion>\n\
         <groupId>tidegate</groupId><artifactId>test-servers</artifactId><version>1</version><packaging>pom</packaging>\n\
         <dependencies>\n{dependencies}</dependencies></project>\n"
    )
}

/// Whether `program` runs.
fn answers(program: &'static str, option: &str, install: &'static str) -> Result<(), Error> {
    let output = Command::new(program).arg(option).output().map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => Error::Missing { program, install },
        _ => Error::Io { what: format!("starting {program}"), source },
    })?;
    if output.status.success() { Ok(()) } else { Err(Error::Missing { program, install }) }
}

/// The errors that Maven printed.
fn said(output: &Output) -> String {
    let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().filter(|line| line.contains("ERROR")).take(5).collect();
    if lines.is_empty() { format!("mvn: {}", output.status) } else { lines.join("\n") }
}

/// The folder for what outlives a checkout.
fn cache() -> Result<PathBuf, Error> {
    let named = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(cache) = named("TIDEGATE_CACHE") {
        return Ok(cache);
    }
    let base = named("XDG_CACHE_HOME").or_else(|| Some(named("HOME")?.join(".cache")));
    let base = base.ok_or_else(|| Error::Usage("set TIDEGATE_CACHE, XDG_CACHE_HOME or HOME".to_owned()))?;
    Ok(base.join("tidegate").join("servers"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_project_names_every_artifact_once() {
        let text = project_text();
        for (_, name, version) in ARTIFACTS {
            let line = format!("<artifactId>{name}</artifactId><version>{version}</version>");
            assert_eq!(text.matches(&line).count(), 1, "{text}");
        }
    }

    #[test]
    fn a_missing_program_is_named_with_what_to_install() {
        let error = answers("tidegate-no-such-program", "-version", INSTALL_JAVA).unwrap_err();
        assert_eq!(
            error.to_string(),
            "tidegate-no-such-program is missing: install a Java runtime, 17 or later (Debian: openjdk-17-jre-headless)"
        );
    }
}
