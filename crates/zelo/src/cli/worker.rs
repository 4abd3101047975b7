//! `zelo worker`: work on queues, nothing served.

use super::{
    Context,
    failure::{Failure, Result},
    say, serve, start,
};
use crate::{app::QUEUES, tasks};
use clap::Args;
use serde_json::json;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// How many jobs of a queue run at a time, as in messages=8. Queues that are not named keep their setting.
    #[arg(long = "queue", value_name = "NAME=NUMBER", value_parser = parse_queue)]
    queues: Vec<(String, usize)>,
}

fn parse_queue(text: &str) -> Result<(String, usize), String> {
    let (name, number) = text.split_once('=').ok_or("write NAME=NUMBER, as in messages=8")?;
    let number: usize = number.parse().map_err(|_| "the number after = is none".to_owned())?;
    if number == 0 {
        Err("at least one job has to run at a time".into())
    } else {
        Ok((name.to_owned(), number))
    }
}

pub(super) async fn run(arguments: Arguments, context: &Context) -> Result<()> {
    let mut sources = context.sources.clone();
    for (name, number) in &arguments.queues {
        if *name != crate::outbound::QUEUE.name() {
            return Err(refused(name));
        }
        sources = sources.with_flag("outbound.concurrency", number.to_string(), "--queue");
    }
    let config = start::settings(&sources)?;
    serve::begin_telemetry(&config)?;
    let app = start::open(config).await?;
    let running = tasks::start(&app).await?;
    let mut told = serve::StopSignal::listen()?;
    let names: Vec<&str> = QUEUES.iter().map(|queue| queue.name()).collect();
    if context.json || app.config.logs_json() {
        say::json(&json!({"message": "The workers are ready", "queues": names}));
    } else {
        say::line(&format!("The workers are ready ({})", names.join(", ")));
    }
    told.heard().await;
    serve::Running::begin(app, None, Some(running)).stop().await;
    Ok(())
}

fn refused(name: &str) -> Failure {
    let known: Vec<&str> = QUEUES.iter().map(|queue| queue.name()).collect();
    if known.contains(&name) {
        return Failure::usage(format!("jobs of the queue {name} run one at a time; leave it out"));
    }
    Failure::usage(format!("there is no queue {name:?}; the queues are {}", known.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_is_named_with_its_number() {
        assert_eq!(parse_queue("messages=8"), Ok(("messages".to_owned(), 8)));
        for wrong in ["messages", "messages=", "messages=0", "messages=many", "messages=-1"] {
            assert!(parse_queue(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_queue_that_does_not_exist_is_wrong_use_and_the_answer_names_those_that_do() {
        let failure = refused("mesages");
        assert_eq!(failure.code, 2);
        assert!(failure.to_string().contains("messages"));
    }
}
