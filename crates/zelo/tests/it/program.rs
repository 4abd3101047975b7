//! The real program, as an operator runs it: `zelo …` in processes of its own.

use crate::stage::Databases;
use serde_json::Value;
use std::{path::Path, process::Stdio};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

/// An installation: a data folder and where its databases are.
pub(crate) struct Installation {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) databases: Databases,
}

impl Installation {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let databases = Databases::create(folder.path()).await;
        Self { folder, databases }
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_zelo"));
        command
            .args(arguments)
            .env_clear()
            .env("ZELO_ENV", "development")
            .env("ZELO__DATA__DIR", self.folder.path())
            .env("ZELO__LOG__LEVEL", "error")
            .kill_on_drop(true);
        for (setting, value) in self.databases.settings() {
            command.env(format!("ZELO__{}", setting.to_uppercase().replace('.', "__")), value);
        }
        command
    }

    /// Run a command to its end; what it printed, as JSON.
    pub(crate) async fn run(&self, arguments: &[&str], input: &str) -> Value {
        let mut command = self.command(arguments);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).await.unwrap();
        let output = child.wait_with_output().await.unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success(),
            "zelo {arguments:?}: {said}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"))
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        self.databases.close(false);
    }
}

/// `zelo serve` or `zelo demo`, killed with this value.
pub(crate) struct Server {
    child: Child,
    /// The line that said that it is ready.
    pub(crate) ready: Value,
    output: Lines<BufReader<ChildStdout>>,
}

impl Server {
    /// Start and wait until it says that it is ready.
    pub(crate) async fn start(installation: &Installation, arguments: &[&str]) -> Self {
        Self::start_as(installation.command(arguments)).await
    }

    /// The same with a command of one's own.
    pub(crate) async fn start_as(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut ready = Value::Null;
        while ready["url"].is_null() {
            let line = output.next_line().await.unwrap().expect("the program ended before it was ready");
            ready = serde_json::from_str(&line).unwrap_or_default();
        }
        Self { child, ready, output }
    }

    pub(crate) fn url(&self) -> &str {
        self.ready["url"].as_str().unwrap()
    }

    /// End it as a power cut would: nothing of it runs again.
    pub(crate) async fn kill(self) {
        for line in self.kill_and_read().await.lines() {
            println!("the program said: {line}");
        }
    }

    /// Tell it to stop, as service managers do; what it had said on its standard output since it was ready.
    pub(crate) async fn end(mut self) -> String {
        let pid = i32::try_from(self.child.id().unwrap()).ok().and_then(rustix::process::Pid::from_raw);
        rustix::process::kill_process(pid.unwrap(), rustix::process::Signal::TERM).unwrap();
        assert!(self.child.wait().await.unwrap().success());
        self.rest().await
    }

    /// The same; what it had said on its standard output.
    pub(crate) async fn kill_and_read(mut self) -> String {
        self.child.start_kill().unwrap();
        self.child.wait().await.unwrap();
        self.rest().await
    }

    async fn rest(&mut self) -> String {
        let mut said = String::new();
        while let Ok(Some(line)) = self.output.next_line().await {
            said.push_str(&line);
            said.push('\n');
        }
        said
    }
}

/// Where something of this repository lies.
pub(crate) fn in_repository(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}
