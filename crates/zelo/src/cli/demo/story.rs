//! What was said before somebody looks, and what goes on being said. Everything really passes through the simulator, the
//! webhook and the queue, so that the history is exactly what real use would leave.

use super::{
    super::{
        failure::{Failure, Result},
        simulator::PHONE_NUMBER_ID,
    },
    people::{self, CELIA, HELENA, INES, LUIZA, MARCOS, TOMAS},
};
use crate::{
    app::App,
    clock::{MINUTE, Millis},
    contacts,
    conversations::{self, AssigneeFilter, Assignment, Conversation, ConversationStatus, Listing},
    ids::{ConversationId, UserId},
    inbound,
    messages::{self, SendRequest},
    rights::Sight,
    tenants::TenantScope,
};
use simulator::{Said, Simulator};
use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};
use whatsapp::client::OutboundContent;

/// Processing takes milliseconds; after this long something is broken and the demo says so.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long the guests think about an answer, in milliseconds: more than the second that webhooks round by.
const REPLY_AFTER: Millis = 1_500;
/// Often enough to see the inbox move, seldom enough to read it.
const EVERY: Duration = Duration::from_secs(40);

/// What the guests wrote first, and how many minutes before the demo was started.
const OPENINGS: [(i64, &str, &str); 10] = [
    (170, CELIA, "Boa tarde! O café da manhã está incluído na diária?"),
    (165, CELIA, "E aceitam cachorro pequeno?"),
    (95, INES, "Olá, escrevo de Lisboa. Há transfer do aeroporto de Florianópolis?"),
    (62, MARCOS, "Esqueci um carregador no quarto 204 ontem."),
    (61, MARCOS, "É branco, com a ponta remendada 😅"),
    (34, LUIZA, "oi! vi vocês no insta, ainda tem quarto com vista pra lagoa no feriado?"),
    (18, HELENA, "Oi, bom dia! Tenho reserva de 28/11 a 02/12 e queria chegar um dia antes. Dá?"),
    (17, HELENA, "Somos dois adultos e uma criança de 4 anos"),
    (6, TOMAS, "Bom dia, preciso da nota fiscal da minha estadia"),
    (5, TOMAS, "Pode ser no CNPJ da empresa?"),
];

/// What the hotel answered: who, to whom, what.
const ANSWERS: [(&str, &str, &str); 4] = [
    (
        people::BETO,
        CELIA,
        "Boa tarde, Célia! Está sim, das 7h às 10h30. E cachorros de até 10 kg são bem-vindos 🐶",
    ),
    (
        people::ANA,
        HELENA,
        "Oi, Helena! Dá sim: o quarto está livre no dia 27. Posso confirmar a diária extra?",
    ),
    (people::BETO, MARCOS, "Achamos, Marcos! Está na recepção. Quer que a gente envie pelos Correios?"),
    (people::ANA, INES, "Olá, Inês! Temos transfer, sim: R$ 120 por trajeto, até 3 pessoas."),
];

/// What the guests said to that.
const REPLIES: [(&str, &str); 2] =
    [(CELIA, "Que ótimo, obrigada! Era só isso."), (HELENA, "Pode confirmar, por favor! 🙏")];

/// What goes on being said while the demo runs.
const CHATTER: [(&str, &str); 6] = [
    (LUIZA, "e o valor pra 3 noites?"),
    (TOMAS, "Consegue me mandar ainda hoje?"),
    (MARCOS, "Pode mandar pelos Correios, sim. Passo o endereço?"),
    (INES, "Perfeito. Chegamos dia 3 às 14h20, voo TP 57."),
    (HELENA, "Tem berço ou caminha extra pra criança?"),
    (LUIZA, "ah, e tem estacionamento?"),
];

/// Who lives in the story.
pub(super) struct Stage<'a> {
    pub(super) app: &'a App,
    pub(super) scope: TenantScope,
    pub(super) simulator: &'a Simulator,
    /// How far the simulator's clock is behind, in milliseconds; ahead if negative.
    pub(super) behind: &'a AtomicI64,
    /// The staff by e-mail address.
    pub(super) staff: &'a HashMap<String, UserId>,
}

impl Stage<'_> {
    /// Play everything that was said before.
    pub(super) async fn play(&self) -> Result<()> {
        for (minutes, guest, text) in OPENINGS {
            self.behind.store(minutes * MINUTE, Ordering::SeqCst);
            say(self.simulator, guest, text)?;
        }
        self.behind.store(0, Ordering::SeqCst);
        self.settle().await?;
        let threads = self.threads().await?;
        for (colleague, guest, text) in ANSWERS {
            let (author, conversation) = (self.colleague(colleague)?, thread(&threads, guest)?);
            conversations::assign_conversation(
                self.app,
                Sight::of_work(self.scope),
                conversation,
                Assignment::to(Some(author)),
            )
            .await?;
            conversations::mark_conversation_read(self.app, Sight::of_work(self.scope), conversation).await?;
            let content = OutboundContent::text(text);
            let request = SendRequest::by_person(conversation, content, None, author);
            messages::send_message(self.app, Sight::of_work(self.scope), &request).await?;
        }
        // Webhooks tell the time in whole seconds: without a start, a reply would seem older than what it answers.
        self.behind.store(-REPLY_AFTER, Ordering::SeqCst);
        for (guest, text) in REPLIES {
            say(self.simulator, guest, text)?;
        }
        self.behind.store(0, Ordering::SeqCst);
        self.settle().await?;
        let done = thread(&threads, CELIA)?;
        conversations::mark_conversation_read(self.app, Sight::of_work(self.scope), done).await?;
        let resolved = ConversationStatus::Resolved;
        conversations::set_conversation_status(self.app, Sight::of_work(self.scope), done, resolved, None)
            .await?;
        Ok(())
    }

    fn colleague(&self, email: &str) -> Result<UserId> {
        self.staff
            .get(email)
            .copied()
            .ok_or_else(|| Failure::new(format!("{email} is missing from the demo")))
    }

    /// Wait until everything that was said is in the inbox.
    async fn settle(&self) -> Result<()> {
        let processed = async {
            self.simulator.idle().await;
            let mut listener = self.app.db.listen(inbound::TOPIC);
            while inbound::count_events(self.app).await?.waiting > 0 {
                listener.wait(Duration::from_millis(10)).await;
            }
            Ok(())
        };
        tokio::time::timeout(PATIENCE, processed).await.unwrap_or_else(|_| {
            Err(Failure::new(
                "the demo's messages were not processed in time: this machine is too busy; try again",
            ))
        })
    }

    /// The conversations by their guest's name.
    async fn threads(&self) -> Result<HashMap<String, ConversationId>> {
        let listing = Listing {
            statuses: Vec::new(),
            assignee: AssigneeFilter::Anybody,
            channel: None,
            contact: None,
            team: None,
            after: None,
            limit: 50,
        };
        let all: Vec<Conversation> =
            conversations::list_conversations(self.app, Sight::of_work(self.scope), &listing).await?;
        let people = contacts::load_contacts(self.app, self.scope, all.iter().map(|it| it.contact)).await?;
        let named =
            all.iter().filter_map(|it| Some((people.get(&it.contact)?.profile.display_name(), it.id)));
        Ok(named.collect())
    }
}

fn thread(threads: &HashMap<String, ConversationId>, guest: &str) -> Result<ConversationId> {
    threads
        .get(guest)
        .copied()
        .ok_or_else(|| Failure::new(format!("the demo's message of {guest} did not arrive")))
}

fn say(simulator: &Simulator, guest: &str, text: &str) -> Result<()> {
    let phone = people::find(simulator, guest)
        .ok_or_else(|| Failure::new(format!("{guest} is missing from the demo")))?;
    simulator.say(PHONE_NUMBER_ID, phone, &Said::text(text))?;
    Ok(())
}

/// Let guests go on writing, until the application stops.
pub(super) fn go_on(app: &App, simulator: &Simulator) {
    let (app, simulator) = (app.clone(), simulator.clone());
    app.tasks.clone().spawn(async move {
        for (guest, text) in CHATTER.iter().cycle() {
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                () = app.stop.cancelled() => return,
            }
            if let Err(failure) = say(&simulator, guest, text) {
                tracing::warn!(%failure, "The demo's guests went silent");
                return;
            }
        }
    });
}

/// The clock of the simulator, which can run behind the host's while it plays what was said before.
pub(super) fn simulator_clock(app: &App, behind: &Arc<AtomicI64>) -> simulator::Clock {
    let (clock, behind) = (app.clock.clone(), behind.clone());
    Arc::new(move || clock.now() - behind.load(Ordering::SeqCst))
}
