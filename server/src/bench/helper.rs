//! A process of our own that uses the token without a server, ordered about in lines of text.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use super::BenchError;
use super::trial::myself;

/// The process, as seen by the bench; it ends when this is dropped.
pub(super) struct Helper {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    /// What it said first.
    greeting: String,
}

impl Helper {
    /// Starts `subcommand` on the token of the server with this configuration.
    pub(super) fn start(
        subcommand: &str,
        config: &Path,
        more: &[String],
    ) -> Result<Self, BenchError> {
        let mut child = myself()?
            .arg(subcommand)
            .arg("--config")
            .arg(config)
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(BenchError::system("start of the bare token's process"))?;
        let (Some(orders), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(BenchError::Measure("the bare token's process has no pipes"));
        };
        let mut helper =
            Self { child, orders, answers: BufReader::new(answers), greeting: String::new() };
        helper.greeting = helper.answer()?;
        Ok(helper)
    }

    pub(super) fn greeting(&self) -> &str {
        &self.greeting
    }

    /// Has it do something; gives the numbers it answers with.
    pub(super) fn order(&mut self, order: &str) -> Result<Vec<f64>, BenchError> {
        writeln!(self.orders, "{order}")
            .map_err(BenchError::system("order to the bare token's process"))?;
        let answer = self.answer()?;
        let numbers = answer.split_whitespace().map(|word| word.parse::<f64>().ok());
        numbers.collect::<Option<_>>().ok_or(BenchError::Raw(answer))
    }

    fn answer(&mut self) -> Result<String, BenchError> {
        let mut line = String::new();
        self.answers
            .read_line(&mut line)
            .map_err(BenchError::system("answer of the bare token's process"))?;
        match line.trim_end() {
            "" => Err(BenchError::Raw("its process ended".to_owned())),
            line => Ok(line.to_owned()),
        }
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
