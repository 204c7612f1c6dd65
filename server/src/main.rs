//! `claviger`: a KMIP server whose keys live in a PKCS#11 token.
#![forbid(unsafe_code)]

use std::alloc::System;
use std::io::{self, IsTerminal, Write};

use clap::Parser;
use server::cli::{CheckConfigArgs, Cli, Command};
use server::process::leave;
use zeroizing_alloc::ZeroAlloc;

/// Wipes all memory when it is freed: the buffers of TLS and of libraries hold keys, too.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

/// Exit code where nobody reads what is printed: that of a shell for a program that SIGPIPE has ended.
const READER_GONE: u8 = 141;

const SUCCESS: u8 = 0;
const FAILURE: u8 = 1;

fn main() -> ! {
    let code = run(Cli::parse().command).unwrap_or_else(|err| {
        complain(&err);
        FAILURE
    });
    leave(code)
}

/// Does what `command` says, and gives the exit code.
fn run(command: Command) -> anyhow::Result<u8> {
    match command {
        Command::Dev(args) => match server::dev::run(&args)? {},
        Command::Demo(args) => server::demo::run(&args, &tell, colours())?,
        Command::Bench(args) => server::bench::run(&args, &tell)?,
        Command::BenchBackend(args) => server::bench::serve_backend(&args, &tell)?,
        Command::BenchRaw(args) => server::bench::serve_raw(&args, &tell)?,
        Command::Serve(args) => server::serve::serve(&args, &tell)?,
        Command::Init(args) => server::init::init(&args, &say)?,
        Command::Recover(args) => server::init::recover(&args, &say)?,
        Command::CheckConfig(args) => check_config(&args)?,
        Command::HashPassword => say(&server::hash_password::ask()?),
        Command::Custody(command) => server::ctl::custody(&command, &say)?,
        Command::Key(command) => server::ctl::key(&command, &say)?,
        Command::WrappingKey(command) => server::ctl::wrapping_key(&command, &say)?,
        Command::Scope(command) => server::ctl::scope(&command, &say)?,
        Command::Role(command) => server::ctl::role(&command, &say)?,
        Command::Credential(command) => server::ctl::credential(&command, &say)?,
        Command::Token(command) => server::ctl::token(&command, &say)?,
        Command::Status(args) => server::ctl::status(&args, &say)?,
        Command::Completion(args) => say(args.shell.completion().trim_end()),
        Command::Audit(command) if !server::audit::command::run(&command, &say)? => {
            return Ok(FAILURE);
        }
        Command::Audit(_) => {}
        Command::Doctor(args) if !server::doctor::run(&args, &tell)? => {
            return Ok(server::doctor::BROKEN_PROMISE);
        }
        Command::Doctor(_) => {}
    }
    Ok(SUCCESS)
}

fn check_config(args: &CheckConfigArgs) -> anyhow::Result<()> {
    let config = server::check_config::check(&args.config)?;
    say(&format!("{}: in order", config.file.display()));
    Ok(())
}

/// Whether to paint what goes to stdout: on a terminal only, unless <https://no-color.org> is set.
fn colours() -> bool {
    io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|it| it.is_empty())
}

/// Prints what a person asked for. A reader that goes away, `head` for example, ends the command as
/// SIGPIPE ends others.
fn say(text: &str) {
    match print(text) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => leave(READER_GONE),
        Err(error) => {
            complain(&anyhow::anyhow!("cannot write to standard output: {error}"));
            leave(FAILURE);
        }
    }
}

/// Prints for a command that serves, or has things of its own to clear away: it goes on whether anybody
/// reads it or not.
fn tell(text: &str) {
    // Nobody is there to be told of it.
    let _ = print(text);
}

fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{text}")?;
    out.flush()
}

#[allow(clippy::print_stderr, reason = "the last word before the process ends")]
fn complain(err: &anyhow::Error) {
    let mut text = err.to_string();
    for cause in err.chain().skip(1).map(ToString::to_string) {
        // Many an error says its cause itself.
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    eprintln!("claviger: {text}");
}
