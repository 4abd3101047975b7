//! `zelo worker`: work on queues. Nothing is served but what operators ask, where `metrics.listen` says so.

use super::{
    Context,
    failure::{Failure, Result},
    say, serve, start,
};
use crate::{
    app::{App, QUEUES},
    media, outbound,
    router::probes,
    tasks,
};
use clap::Args;
use jobs::Queue;
use serde_json::json;
use tokio::net::TcpListener;

/// Queues of which an operator says how many jobs run at a time.
const SETTINGS: &[(Queue, &str)] =
    &[(outbound::QUEUE, "outbound.concurrency"), (media::QUEUE, "media.concurrency")];

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// How many jobs of a queue run at a time, as in messages=8 or media=2. Queues that are not named keep their setting.
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
        let setting = setting_of(name)?;
        sources = sources.with_flag(setting, number.to_string(), "--queue");
    }
    let config = start::settings(&sources)?;
    let _log = serve::begin_telemetry(&config)?;
    let listener = serve::probe(&config).await?;
    let app = start::open(config).await?;
    let running = tasks::start(&app).await?;
    let mut told = serve::StopSignal::listen()?;
    announce(&app, listener.as_ref(), context.json)?;
    let routes = probes(&app);
    let running = serve::Running::begin(app, listener.map(|listener| (listener, routes)), Some(running));
    told.heard().await;
    running.stop().await;
    Ok(())
}

fn announce(app: &App, listener: Option<&TcpListener>, as_json: bool) -> Result<()> {
    let names: Vec<&str> = QUEUES.iter().map(|queue| queue.name()).collect();
    let url = match listener {
        Some(listener) => Some(format!("http://{}", listener.local_addr()?)),
        None => None,
    };
    let told = url.as_ref().map(|url| format!(", and say how they do at {url}/metrics")).unwrap_or_default();
    let text = format!("The workers are ready ({}){told}", names.join(", "));
    let more = json!({"queues": names, "url": url});
    say::ready(app, as_json, ("The workers are ready", more), &text);
    Ok(())
}

/// The setting of how many jobs of a queue run at a time.
fn setting_of(name: &str) -> Result<&'static str> {
    SETTINGS.iter().find(|(queue, _)| queue.name() == name).map(|(_, setting)| *setting).ok_or_else(|| {
        let known: Vec<&str> = QUEUES.iter().map(|queue| queue.name()).collect();
        let free: Vec<&str> = SETTINGS.iter().map(|(queue, _)| queue.name()).collect();
        let free = free.join(", ");
        Failure::usage(if known.contains(&name) {
            format!("how many jobs of the queue {name} run at a time is fixed; leave it out, or name one of {free}")
        } else {
            format!("there is no queue {name:?}; the queues whose number can be given are {free}")
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Sources};

    #[test]
    fn a_queue_is_named_with_its_number() {
        assert_eq!(parse_queue("messages=8"), Ok(("messages".to_owned(), 8)));
        for wrong in ["messages", "messages=", "messages=0", "messages=many", "messages=-1"] {
            assert!(parse_queue(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_queue_that_does_not_exist_is_wrong_use_and_the_answer_names_those_that_do() {
        let failure = setting_of("mesages").unwrap_err();
        assert_eq!(failure.code, 2);
        assert!(failure.to_string().contains("messages"));
        let failure = setting_of("mail").unwrap_err();
        assert!(failure.code == 2 && failure.to_string().contains("fixed"), "{failure}");
    }

    #[test]
    fn the_number_of_a_queue_is_the_one_of_its_setting() {
        for (queue, setting) in SETTINGS {
            let sources = Sources::default().with_flag(setting_of(queue.name()).unwrap(), "3", "--queue");
            let config = Config::load(&sources).unwrap();
            let held = if *setting == "media.concurrency" {
                config.media.concurrency
            } else {
                config.outbound.concurrency
            };
            assert_eq!(held, 3, "{setting}");
        }
    }
}
