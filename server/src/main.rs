//! `claviger`: a KMIP server whose keys live in a PKCS#11 token.
#![forbid(unsafe_code)]

use std::alloc::System;
use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;
use server::cli::{CheckConfigArgs, Cli, Command};
use zeroizing_alloc::ZeroAlloc;

/// Wipes all memory when it is freed: the buffers of TLS and of libraries hold keys, too.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(code) => code,
        Err(err) => {
            complain(&err);
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Dev(args) => match server::dev::run(&args)? {},
        Command::Demo(args) => server::demo::run(&args, &say, colours())?,
        Command::Bench(args) => server::bench::run(&args, &say)?,
        Command::BenchBackend(args) => server::bench::serve_backend(&args, &say)?,
        Command::BenchRaw(args) => server::bench::serve_raw(&args, &say)?,
        Command::Serve(args) => server::serve::serve(&args, &say)?,
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
            return Ok(ExitCode::FAILURE);
        }
        Command::Audit(_) => {}
        Command::Doctor(args) if !server::doctor::run(&args, &say)? => {
            return Ok(ExitCode::from(server::doctor::BROKEN_PROMISE));
        }
        Command::Doctor(_) => {}
    }
    Ok(ExitCode::SUCCESS)
}

fn check_config(args: &CheckConfigArgs) -> anyhow::Result<()> {
    let config = server::check_config::check(&args.config)?;
    say(&format!("{}: in order", config.file.display()));
    Ok(())
}

/// Whether to paint what goes to stdout: on a terminal only, unless <https://no-color.org> is set.
fn colours() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|it| it.is_empty())
}

#[allow(clippy::print_stdout, reason = "what a person asked for at the terminal goes there")]
fn say(text: &str) {
    println!("{text}");
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
