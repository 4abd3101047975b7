//! `zelo audit`: the audit log's proof.

use super::{
    Context,
    failure::{Failure, Result},
    say, start, tenant,
};
use crate::{
    app::App,
    audit::{self, BadEntry, Depth, Entry, EventType, OutsideFault, Pen, Verdict},
    ids::TenantId,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use clap::Subcommand;
use serde_json::{Value, json};
use std::{
    fs::File,
    io::{BufWriter, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Look for anything that was changed, removed, moved, added or cut off since it was sealed; ends with 1 if there is.
    #[command(after_help = "Example: zelo audit verify --checkpoint /mnt/safe/zelo.checkpoint")]
    Verify {
        /// A checkpoint that was kept elsewhere; may be given several times. Without one nobody can tell whether the end of
        /// the log was cut off.
        #[arg(long = "checkpoint", value_name = "FILE")]
        checkpoints: Vec<PathBuf>,
        /// Look at every entry, and at no more signatures than prove them: many times as fast.
        #[arg(long)]
        quick: bool,
    },
    /// Seal what is not sealed yet, and print the newest checkpoint, to be kept elsewhere.
    #[command(after_help = "Example: zelo audit seal --output /mnt/safe/zelo.checkpoint")]
    Seal {
        /// Write the checkpoint to this file instead.
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Write the sealed entries with their proofs as JSON lines.
    #[command(after_help = "Example: zelo audit export --tenant hotel-mirante --output audit.jsonl")]
    Export {
        /// Only the entries of this tenant.
        #[arg(long, value_name = "SLUG")]
        tenant: Option<String>,
        /// Prove them against this checkpoint, which was kept elsewhere, instead of the newest.
        #[arg(long, value_name = "FILE")]
        checkpoint: Option<PathBuf>,
        /// Write to this file instead of standard output.
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

pub(super) async fn run(command: Command, context: &Context) -> Result<ExitCode> {
    // A log that is to be proven, sealed or taken along is there already.
    let app = start::open_to_look(&context.sources).await?;
    match command {
        Command::Verify { checkpoints, quick } => verify(&app, &checkpoints, quick, context.json).await,
        Command::Seal { output } => seal(&app, output.as_deref(), context.json).await,
        Command::Export { tenant, checkpoint, output } => {
            export(&app, tenant.as_deref(), checkpoint.as_deref(), output.as_deref(), context.json).await
        }
    }
}

async fn verify(app: &App, checkpoints: &[PathBuf], quick: bool, as_json: bool) -> Result<ExitCode> {
    let notes: Vec<String> = checkpoints.iter().map(|file| read_note(file)).collect::<Result<_>>()?;
    let depth = if quick { Depth::EveryEntry } else { Depth::EverySeal };
    let verdict = audit::verify(app, depth, &notes).await?;
    say::either(as_json, &to_json(&verdict), &to_text(&verdict));
    Ok(if verdict.is_whole() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn seal(app: &App, output: Option<&Path>, as_json: bool) -> Result<ExitCode> {
    let sealed = audit::seal_pending(app).await?;
    let Some(note) = audit::newest_checkpoint(app).await? else {
        say::either(as_json, &json!({"sealed": 0, "checkpoint": null}), "There is nothing to seal yet.");
        return Ok(ExitCode::SUCCESS);
    };
    let key = app.audit.verifier().to_string();
    if let Some(file) = output {
        std::fs::write(file, &note).map_err(|error| unwritable(file, &error))?;
    }
    let value = json!({"sealed": sealed, "checkpoint": note, "public_key": key});
    let text = match output {
        Some(file) => format!("The checkpoint is in {}. Its public key is {key}", file.display()),
        None => note,
    };
    say::either(as_json, &value, &text);
    Ok(ExitCode::SUCCESS)
}

async fn export(
    app: &App,
    slug: Option<&str>,
    checkpoint: Option<&Path>,
    output: Option<&Path>,
    as_json: bool,
) -> Result<ExitCode> {
    let only = match slug {
        Some(slug) => Some(tenant::find(app, slug).await?.id),
        None => None,
    };
    let size = match checkpoint {
        Some(file) => {
            let opened = app.audit.verifier().open(&read_note(file)?);
            Some(opened.map_err(|error| Failure::new(format!("{}: {error}", file.display())))?.size)
        }
        None => None,
    };
    let pen = Pen::of(app, only.unwrap_or(TenantId(uuid::Uuid::nil()))).await?;
    pen.note(Entry::of(EventType::DataExport, "audit_exported")).await?;
    audit::seal_pending(app).await?;
    let mut out: Box<dyn Write + Send> = match output {
        Some(file) => Box::new(BufWriter::new(File::create(file).map_err(|error| unwritable(file, &error))?)),
        None => Box::new(BufWriter::new(std::io::stdout())),
    };
    let mut write_line = |line: &Value| writeln!(out, "{line}");
    let exported = audit::export(app, only, size, &mut write_line).await?;
    out.flush()?;
    if let Some(file) = output {
        let (entries, size) = (exported.entries, exported.size);
        let text = format!("{entries} entries, proven against a log of {size}, are in {}.", file.display());
        say::either(as_json, &json!({"entries": entries, "size": size}), &text);
    }
    Ok(ExitCode::SUCCESS)
}

fn read_note(file: &Path) -> Result<String> {
    std::fs::read_to_string(file).map_err(|error| {
        Failure::new(format!("the checkpoint {} cannot be read ({error}): check the path", file.display()))
    })
}

fn unwritable(file: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("{} cannot be written ({error}): check the folder and its rights", file.display()))
}

fn to_json(verdict: &Verdict) -> Value {
    json!({
        "whole": verdict.is_whole(),
        "size": verdict.size,
        "root": verdict.root.map(|root| STANDARD.encode(root)),
        "unsealed": verdict.unsealed,
        "first_bad": verdict.first_bad.map(|bad| json!({
            "seq": bad.seq,
            "tenant_id": bad.entry.map(|(tenant, _)| tenant),
            "id": bad.entry.map(|(_, id)| id),
            "fault": bad.fault.code(),
        })),
        "outside": verdict.outside.iter().map(outside_text).collect::<Vec<_>>(),
        "truncation": match verdict.proven_until {
            Some(size) => json!({"proven_until": size}),
            None => json!("not provable"),
        },
    })
}

fn to_text(verdict: &Verdict) -> String {
    let mut lines = Vec::new();
    match verdict.first_bad {
        Some(bad) => lines.push(bad_text(&bad)),
        None => lines.push(format!("All {} sealed entries are as they were sealed.", verdict.size)),
    }
    lines.extend(verdict.outside.iter().map(outside_text));
    match verdict.proven_until {
        Some(size) => lines.push(format!("Nothing of the first {size} entries was cut off or exchanged.")),
        None if verdict.outside.is_empty() => lines.push(
            "Whether the end of the log was cut off is not provable without a checkpoint from outside; give one with \
             --checkpoint."
                .to_owned(),
        ),
        None => {}
    }
    if verdict.unsealed > 0 {
        lines.push(format!("{} newer entries are not sealed yet.", verdict.unsealed));
    }
    lines.join("\n")
}

fn bad_text(bad: &BadEntry) -> String {
    let number = bad.seq.map_or_else(|| "without a number".to_owned(), |seq| format!("number {seq}"));
    let name = bad.entry.map_or_else(String::new, |(tenant, id)| format!(" ({id} of tenant {tenant})"));
    format!("The first bad entry is {number}{name}: {}.", bad.fault.as_str())
}

fn outside_text(fault: &OutsideFault) -> String {
    match fault {
        OutsideFault::Truncated { first_missing, sealed } => format!(
            "The end of the log is cut off: {sealed} entries were sealed, and everything from number {first_missing} on is \
             gone."
        ),
        OutsideFault::AnotherHistory { sealed } => {
            format!(
                "The first {sealed} entries are not those that were sealed when the checkpoint was given away."
            )
        }
        OutsideFault::NotOurs(error) => format!("A checkpoint was not used: {error}."),
    }
}
