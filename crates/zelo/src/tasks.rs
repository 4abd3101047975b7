//! What runs beside requests: processing, deliveries, housekeeping.

use crate::{
    app::App,
    approvals, audit, channels, connecting, conversations,
    error::Result,
    http, identity, inbound, limits, mail, media, messages, offboarding, outbound, queues, rotation, silence,
    support, templates,
    tenants::{self, TenantScope},
};
use jobs::{Outcome, Queue, QueueOptions, Running, Workers};
use std::time::Duration;

/// Work on the house itself.
pub const HOUSEKEEPING: Queue = jobs::queue!("housekeeping");

const SWEEP: &str = "sweep";
const SWEEP_LOG_INS: &str = "sweep_log_ins";
const DELETE_TENANTS: &str = "delete_tenants";
const REMIND: &str = "remind";
const WATCH_SILENCE: &str = "watch_silence";
const MEND: &str = "mend_sends";

/// Everything that runs beside requests, until it is drained.
pub struct Tasks {
    running: Running,
}

/// The workers of all queues, not started.
pub fn workers(app: &App) -> Workers {
    let (for_messages, for_mail, for_housekeeping) = (app.clone(), app.clone(), app.clone());
    let (for_media, for_receipts) = (app.clone(), app.clone());
    let (for_channels, for_conversations) = (app.clone(), app.clone());
    let messages = QueueOptions {
        concurrency: app.config.outbound.concurrency,
        per_tenant: app.config.outbound.concurrency_per_tenant,
        ..QueueOptions::default()
    };
    // A hundred megabytes over a slow line, taken up again where it broke.
    let files = QueueOptions {
        concurrency: app.config.media.concurrency,
        per_tenant: app.config.media.concurrency.div_ceil(2),
        timeout: Duration::from_secs(900),
        ..QueueOptions::default()
    };
    Workers::new(app.jobs.clone())
        .queue(outbound::QUEUE, messages, move |job| outbound::deliver(for_messages.clone(), job))
        .queue(outbound::RECEIPTS, QueueOptions { concurrency: 4, ..QueueOptions::default() }, move |job| {
            outbound::tell_read(for_receipts.clone(), job)
        })
        .queue(media::QUEUE, files, move |job| media::fetch(for_media.clone(), job))
        .queue(mail::QUEUE, QueueOptions { concurrency: 2, ..QueueOptions::default() }, move |job| {
            let app = for_mail.clone();
            async move {
                if &*job.kind == identity::SEND_RESET {
                    identity::send_reset(app, job).await
                } else {
                    mail::deliver(app, job).await
                }
            }
        })
        .queue(
            channels::QUEUE,
            QueueOptions { concurrency: 4, per_tenant: 1, ..QueueOptions::default() },
            move |job| {
                let app = for_channels.clone();
                async move {
                    match &*job.kind {
                        channels::CONNECT => connecting::connect(app, job).await,
                        templates::SYNC => templates::sync(app, job).await,
                        templates::FETCH => templates::fetch(app, job).await,
                        silence::TELL => silence::tell(app, job).await,
                        other => Outcome::give_up(format!("nobody knows how to {other}")),
                    }
                }
            },
        )
        .queue(
            conversations::QUEUE,
            QueueOptions { concurrency: 4, per_tenant: 2, ..QueueOptions::default() },
            move |job| conversations::wake(for_conversations.clone(), job),
        )
        .queue(HOUSEKEEPING, QueueOptions { concurrency: 1, ..QueueOptions::default() }, move |job| {
            let app = for_housekeeping.clone();
            async move {
                match keep_house(&app, &job.kind).await {
                    Ok(()) => Outcome::Done,
                    Err(error) => Outcome::retry(error.to_string()),
                }
            }
        })
        .periodic(HOUSEKEEPING, SWEEP, Duration::from_secs(3600))
        .periodic(HOUSEKEEPING, SWEEP_LOG_INS, Duration::from_secs(300))
        .periodic(HOUSEKEEPING, DELETE_TENANTS, Duration::from_secs(300))
        .periodic(HOUSEKEEPING, REMIND, Duration::from_secs(6 * 3600))
        .periodic(HOUSEKEEPING, WATCH_SILENCE, Duration::from_secs(300))
        .periodic(HOUSEKEEPING, MEND, Duration::from_secs(60))
}

async fn keep_house(app: &App, kind: &str) -> Result<()> {
    match kind {
        DELETE_TENANTS => offboarding::delete_due(app).await,
        REMIND => rotation::remind(app).await,
        WATCH_SILENCE => silence::watch(app).await,
        MEND => outbound::mend(app).await,
        SWEEP_LOG_INS => all([identity::sweep(app).await, support::sweep(app).await]),
        _ => sweep(app).await,
    }
}

/// Remove what is over: every hour. One that fails must not keep the others from their work: the last one destroys keys whose
/// time is over.
///
/// # Errors
/// The first failure, when all was done or tried.
pub async fn sweep(app: &App) -> Result<()> {
    all([
        approvals::sweep(app).await,
        queues::sweep(app).await,
        mail::sweep(app).await,
        limits::sweep(app).await,
        outbound::sweep(app).await,
        media::sweep(app).await,
        sweep_tenants(app).await,
        inbound::sweep(app).await,
    ])
}

async fn sweep_tenants(app: &App) -> Result<()> {
    for tenant in tenants::list_tenants(app).await? {
        sweep_tenant(app, TenantScope::of_work(tenant.id)).await?;
    }
    Ok(())
}

async fn sweep_tenant(app: &App, scope: TenantScope) -> Result<()> {
    let now = app.clock.now();
    db::write!(app.db, "sweep_idempotency_keys", scope.into(), |tx| -> Result<u64> {
        http::idempotency::delete_expired(tx, scope.tenant().0, now).await
    })?;
    messages::sweep(app, scope).await
}

/// The first failure of work that was all done or tried.
fn all<const N: usize>(done: [Result<()>; N]) -> Result<()> {
    done.into_iter().collect()
}

/// Start everything that runs beside requests.
///
/// # Errors
/// When the periodic jobs cannot be written.
pub async fn start(app: &App) -> Result<Tasks> {
    let processing = inbound::Processing::new(app.clone());
    app.tasks.spawn(processing.run(app.config.ingest.workers, app.stop.clone()));
    let running = workers(app).start().await?;
    audit::keep_sealing(app);
    audit::keep_delivering(app);
    follow_directory(app);
    Ok(Tasks { running })
}

impl Tasks {
    /// Stop taking up work and wait for what is under way.
    pub async fn drain(self, app: &App, grace: Duration) {
        app.stop.cancel();
        self.running.drain(grace).await;
    }
}

/// Hear of numbers that other processes connect. Every process needs it, whether it works or only answers.
pub fn follow_directory(app: &App) {
    let (app, mut listener) = (app.clone(), app.db.listen(channels::TOPIC));
    app.tasks.clone().spawn(async move {
        while !app.stop.is_cancelled() {
            tokio::select! {
                () = listener.wait(Duration::from_secs(2)) => {}
                () = app.stop.cancelled() => return,
            }
            if let Err(error) = app.directory.reload(&app.db, &app.keyring).await {
                tracing::warn!(%error, "The directory of numbers could not be read again; the known one stays");
            }
        }
    });
}
