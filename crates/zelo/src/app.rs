//! What everything shares.

use crate::{
    channels::Directory,
    clock::Clock,
    config::Config,
    crypto::{Keyring, MasterKey},
    egress::Egress,
    error::{Error, Result},
    http::JobTraces,
    ids::Ids,
    inbound::Inbox,
    limits::Limits,
    outbound,
    realtime::Audience,
    redis_client::RedisClient,
    stores::Stores,
};
use db::Db;
use jobs::{Jobs, Queue};
use std::{ops::Deref, sync::Arc, time::Duration};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;
use whatsapp::client::Client;

/// Every queue of the product.
pub const QUEUES: &[Queue] = &[
    outbound::QUEUE,
    outbound::RECEIPTS,
    crate::media::QUEUE,
    crate::mail::QUEUE,
    crate::channels::QUEUE,
    crate::conversations::QUEUE,
    crate::tasks::HOUSEKEEPING,
];

/// The only shared state: handed to every handler and job, cheap to clone.
#[derive(Clone)]
pub struct App {
    parts: Arc<Parts>,
}

/// What an [`App`] is made of.
pub struct Parts {
    /// The settings.
    pub config: Config,
    /// The data.
    pub db: Db,
    /// The keys.
    pub keyring: Keyring,
    /// The time.
    pub clock: Clock,
    /// Names for new rows.
    pub ids: Ids,
    /// This process, in leases.
    pub process: Uuid,
    /// Promised work.
    pub jobs: Jobs,
    /// Which number belongs to whom.
    pub directory: Directory,
    /// Where webhook events are put on disk.
    pub inbox: Inbox,
    /// The door for all other outgoing calls.
    pub egress: Egress,
    /// Meta's API.
    pub graph: Client,
    /// Whose turn it is to send.
    pub pacer: outbound::Pacer,
    /// What several processes share besides the database, where an operator has one. Everything works without it.
    pub redis: Option<RedisClient>,
    /// How often somebody may do something, and who not at all.
    pub limits: Limits,
    /// Who is signed in, remembered for seconds.
    pub identity: crate::identity::Identity,
    /// What is remembered for the audit log.
    pub audit: crate::audit::Audit,
    /// Where mails leave.
    pub mailer: crate::mail::Mailer,
    /// Where files lie.
    pub objects: crate::media::Objects,
    /// One picture at a time is opened.
    pub(crate) pictures: tokio::sync::Semaphore,
    /// How it is, remembered for a second.
    pub(crate) checks: crate::health::Checks,
    /// When this process started.
    pub started_at: crate::clock::Millis,
    /// Whose sockets are open here.
    pub(crate) audience: Audience,
    /// Tasks that run beside requests.
    pub tasks: TaskTracker,
    /// Tells them to stop.
    pub stop: CancellationToken,
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.parts
    }
}

impl std::fmt::Debug for App {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("App")
    }
}

impl App {
    /// Put an application together and start the writer of its inbox; everything else starts with [`crate::tasks`].
    ///
    /// # Errors
    /// When a store does not answer, or the master key is not the one that wrapped the keys.
    pub async fn assemble(config: Config, stores: Stores, master: MasterKey, clock: Clock) -> Result<Self> {
        let ids = Ids::new(clock.clone());
        let keyring = Keyring::new(stores.keys, master, clock.clone(), ids.clone());
        keyring.platform().await?;
        let directory = Directory::default();
        directory.reload(&stores.db, &keyring).await?;
        let tasks = TaskTracker::new();
        let lanes = config.ingest.lanes;
        let (inbox, writer) =
            Inbox::open(stores.db.clone(), keyring.clone(), clock.clone(), ids.clone(), lanes).await?;
        tasks.spawn(writer);
        let process = ids.next();
        let (for_jobs, for_ids, for_traces) = (clock.clone(), ids.clone(), ids.clone());
        let jobs = Jobs::new(jobs::Settings {
            db: stores.db.clone(),
            queues: QUEUES,
            clock: Arc::new(move || for_jobs.now()),
            ids: Arc::new(move || for_ids.next()),
            worker: process.to_string(),
            traces: Arc::new(JobTraces::new(Arc::new(move || for_traces.next()))),
        });
        let egress = Egress::new(&config).map_err(Error::internal)?;
        let graph = graph_client(&config)?;
        let identity = crate::identity::Identity::open(&config, &keyring).await?;
        let redis = RedisClient::of(&config)?;
        let mailer = crate::mail::Mailer::new(&config)?;
        let audit = crate::audit::Audit::open(&keyring).await?;
        let limits = Limits::open(&config, &stores.db, &keyring, redis.clone(), &clock).await?;
        let objects = crate::media::Objects::open(&config)?;
        let started_at = clock.now();
        let parts = Parts {
            config,
            db: stores.db,
            keyring,
            clock,
            ids,
            process,
            jobs,
            directory,
            inbox,
            egress,
            graph,
            pacer: outbound::Pacer::default(),
            redis,
            limits,
            identity,
            mailer,
            audit,
            objects,
            pictures: tokio::sync::Semaphore::new(1),
            checks: crate::health::Checks::default(),
            started_at,
            audience: Audience::default(),
            tasks,
            stop: CancellationToken::new(),
        };
        let app = Self { parts: Arc::new(parts) };
        crate::identity::follow(&app);
        Ok(app)
    }
}

fn graph_client(config: &Config) -> Result<Client> {
    let base = &config.whatsapp.graph_base_url;
    let door = Egress::for_graph(config).map_err(Error::internal)?;
    let http = door.client_for(base).map_err(Error::internal)?;
    let client = Client::new(http, base, &config.whatsapp.api_version).map_err(Error::internal)?;
    Ok(client.with_timeout(Duration::from_secs(config.outbound.timeout_seconds)))
}
