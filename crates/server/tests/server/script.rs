//! A folder in which lines of shell scripts are run, with the real programs on the path.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;

use tidegate_harness::{Answer, Error, PATIENCE, free_port, program, request, wait_until};

/// A model without connectors.
pub(crate) const MODEL: &str = r#"<project name="p" threads="1" pubsub="auto"><contqueries><contquery name="cq"><windows>
  <window-source name="s"><schema-string>id*:int32,x:double</schema-string></window-source>
  <window-copy name="w"/>
  </windows><edges><edge source="s" target="w"/></edges></contquery></contqueries></project>"#;

/// The folder. Servers that its lines have left in the background are killed with it.
pub(crate) struct Script {
    folder: tempfile::TempDir,
    variables: BTreeMap<String, String>,
    servers: Mutex<Vec<String>>,
}

impl Script {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let server = Path::new(env!("CARGO_BIN_EXE_dfesp_xml_server"));
        let client = program("dfesp_xml_client").expect("the client is built");
        let directories = [server, client.as_path()].map(|program| program.parent().map(Path::to_path_buf));
        let path = std::env::var("PATH").unwrap_or_default();
        let mut path: Vec<String> = vec![path];
        for directory in directories.into_iter().flatten() {
            path.insert(0, directory.display().to_string());
        }
        let home = folder.path().display().to_string();
        // What the machine of the test is set up with must not matter.
        let variables = [
            ("PATH", path.join(":")),
            ("HOME", home.clone()),
            ("DFESP_HOME", home.clone()),
            ("DFESP_CONFIG", format!("{home}/config")),
            ("HTTP", free_port().to_string()),
            ("PUBSUB", free_port().to_string()),
            ("OTHER", free_port().to_string()),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value)).into();
        let script = Self { folder, variables, servers: Mutex::default() };
        script.write("model.xml", MODEL);
        script
    }

    /// With a variable of the environment.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.variables.insert(name.to_owned(), value.to_owned());
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, in folders that are made.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("the file lies in a folder"))
            .expect("folders can be made");
        std::fs::write(path, text).expect("the file can be written");
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// Runs a line to its end; what it wrote and its exit code.
    pub(crate) fn run(&self, line: &str) -> (String, i32) {
        let Output { status, stdout, stderr } = self.shell(line).output().expect("bash runs");
        let text = String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr);
        (text, status.code().unwrap_or(-1))
    }

    /// Runs a line that ends in `&`, and waits until `log` says that the HTTP port is open.
    pub(crate) fn start(&self, line: &str, log: &str) {
        self.background(line);
        self.wait_for(log, "starting HTTP server on port");
    }

    /// Runs a line that ends in `&`; the process id that the shell gave it.
    pub(crate) fn background(&self, line: &str) -> String {
        assert!(line.trim_end().ends_with('&'), "{line}");
        let mut shell = self.shell(&format!("{line}\necho $!"));
        let output = shell.stderr(Stdio::inherit()).output().expect("bash runs");
        let pid = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        assert!(pid.parse::<u32>().is_ok(), "{line}: {pid}");
        self.servers.lock().expect("no test holds it while it fails").push(pid.clone());
        pid
    }

    /// Waits until a file holds a text, and answers the whole file.
    pub(crate) fn wait_for(&self, file: &str, text: &str) -> String {
        let held = || Ok(Some(self.read(file)).filter(|content| content.contains(text)));
        wait_until(&format!("'{text}' in {file}"), PATIENCE, held)
            .unwrap_or_else(|error| panic!("{error}\n{}", self.read(file)))
    }

    /// Waits until a process has ended.
    pub(crate) fn wait_for_end(&self, pid: &str) {
        // One that nobody waits for stays in the table of processes.
        let ended = || {
            let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            let state = state.rsplit(')').next().map(str::trim).unwrap_or_default().to_owned();
            Ok((state.is_empty() || state.starts_with('Z')).then_some(()))
        };
        wait_until("the end of a server", PATIENCE, ended).expect("the server ends");
    }

    fn shell(&self, line: &str) -> Command {
        let mut shell = Command::new("bash");
        shell.args(["-c", line]).current_dir(self.folder.path()).stdin(Stdio::null());
        shell.env_remove("ESPENV").envs(&self.variables);
        shell
    }

    pub(crate) fn variable(&self, name: &str) -> &str {
        self.variables.get(name).map(String::as_str).unwrap_or_default()
    }

    /// `GET` of a path below `/SASESP` on the port that a variable holds.
    pub(crate) fn get_on(&self, port: &str, path: &str) -> Result<Answer, Error> {
        request("GET", &format!("http://127.0.0.1:{}/SASESP/{path}", self.variable(port)), "")
    }

    /// The body of a path below `/SASESP`.
    pub(crate) fn get(&self, path: &str) -> String {
        self.get_on("HTTP", path).expect("the server answers").body
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        for pid in self.servers.lock().unwrap_or_else(std::sync::PoisonError::into_inner).iter() {
            // It may have ended.
            let _gone = Command::new("kill").args(["-9", pid]).stderr(Stdio::null()).status();
        }
    }
}
