//! Pages and fragments as HTML.
//!
//! Each function draws one template of `templates/`. A fragment is the same file that the page includes. The only error is
//! [`askama::Error`], when a value's own formatting fails; no value of [`super::view`] does that.

use askama::{Result, Template};
use uuid::Uuid;

use crate::audit::{EventType, Outcome, ReportKind};

use super::{
    context::{PageContext, THEMES},
    locale::LANGS,
    rich::Style,
    view::{
        AccountPage, AuditPage, AuditSeal, ChannelsPage, ContactPanel, Content, ConversationItem,
        ConversationList, ConversationStatus, Delivery, EmojiMenu, Entry, ErrorPage, FILTERS, Filter,
        FormPage, Frame, InboxPage, ListQuery, LoginPage, Mark, MessageBubble, MessageRange, NewTemplatePage,
        Notice, Rail, RailPlace, STATUS_FILTERS, ShownLetter, Side, StatusFilter, TemplateChooserPage,
        TemplatePage, TemplatesPage, Thread, ThreadHead, Window,
    },
    words::SHORTCUTS,
};

#[derive(Template)]
#[template(path = "login.html")]
struct LoginTemplate<'a> {
    cx: &'a PageContext,
    page: &'a LoginPage,
    error: Option<String>,
    /// Where the language switch comes back to.
    login_path: String,
}

/// The log-in page.
pub fn login(cx: &PageContext, page: &LoginPage) -> Result<String> {
    let error = page.error.map(|error| cx.login_error_text(error));
    let login_path = if page.next.is_empty() {
        "/login".to_owned()
    } else {
        format!("/login?next={}", askama::filters::urlencode_strict(&page.next)?)
    };
    LoginTemplate { cx, page, error, login_path }.render()
}

#[derive(Template)]
#[template(path = "form.html")]
struct FormTemplate<'a> {
    cx: &'a PageContext,
    page: &'a FormPage,
}

/// A page with one form.
pub fn form(cx: &PageContext, page: &FormPage) -> Result<String> {
    FormTemplate { cx, page }.render()
}

#[derive(Template)]
#[template(path = "account.html")]
struct AccountTemplate<'a> {
    cx: &'a PageContext,
    page: &'a AccountPage,
}

/// Somebody's own account.
pub fn account(cx: &PageContext, page: &AccountPage) -> Result<String> {
    AccountTemplate { cx, page }.render()
}

#[derive(Template)]
#[template(path = "mailbox.html")]
struct MailboxTemplate<'a> {
    cx: &'a PageContext,
    letters: &'a [ShownLetter],
}

/// What would have been sent by mail.
pub fn mailbox(cx: &PageContext, letters: &[ShownLetter]) -> Result<String> {
    MailboxTemplate { cx, letters }.render()
}

#[derive(Template)]
#[template(path = "inbox.html")]
struct InboxTemplate<'a> {
    cx: &'a PageContext,
    page: &'a InboxPage,
    list: &'a ConversationList,
    /// Where a change of theme or language comes back to.
    path: String,
    pending: MessageBubble,
    unread: i64,
    rail: Rail,
}

/// The whole inbox, with or without an open conversation.
pub fn inbox(cx: &PageContext, page: &InboxPage) -> Result<String> {
    let path = match &page.thread {
        Some(thread) => format!("/conversations/{}", thread.head.conversation_id),
        None => "/".to_owned(),
    };
    let (list, pending, unread) = (&page.list, pending(cx), i64::from(page.list.counts.unread));
    let rail = Rail { at: RailPlace::Inbox, ..page.rail };
    InboxTemplate { cx, page, list, path, pending, unread, rail }.render()
}

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditTemplate<'a> {
    cx: &'a PageContext,
    page: &'a AuditPage,
    path: &'static str,
    unread: i64,
    rail: Rail,
    events: &'static [EventType],
    outcomes: [Outcome; 3],
    reports: [ReportKind; 4],
}

/// The audit log, with or without an open entry.
pub fn audit(cx: &PageContext, page: &AuditPage) -> Result<String> {
    let unread = page.unread;
    let (events, outcomes) = (EventType::ALL, [Outcome::Success, Outcome::Failed, Outcome::Denied]);
    let (path, reports) = ("/audit", ReportKind::ALL);
    let rail = Rail { at: RailPlace::Audit, ..page.rail };
    AuditTemplate { cx, page, path, unread, rail, events, outcomes, reports }.render()
}

#[derive(Template)]
#[template(path = "channels.html")]
struct ChannelsTemplate<'a> {
    cx: &'a PageContext,
    page: &'a ChannelsPage,
    path: &'static str,
    unread: i64,
    rail: Rail,
}

/// The connected numbers, how they stand with Meta, and what it said.
pub fn channels(cx: &PageContext, page: &ChannelsPage) -> Result<String> {
    let rail = Rail { at: RailPlace::Channels, ..page.rail };
    ChannelsTemplate { cx, page, path: "/channels", unread: page.unread, rail }.render()
}

#[derive(Template)]
#[template(path = "templates.html")]
struct TemplatesTemplate<'a> {
    cx: &'a PageContext,
    page: &'a TemplatesPage,
    path: &'static str,
    unread: i64,
    rail: Rail,
}

/// The list of message templates.
pub fn templates(cx: &PageContext, page: &TemplatesPage) -> Result<String> {
    let rail = Rail { at: RailPlace::Templates, ..page.rail };
    TemplatesTemplate { cx, page, path: "/templates", unread: page.unread, rail }.render()
}

#[derive(Template)]
#[template(path = "template.html")]
struct OneTemplateTemplate<'a> {
    cx: &'a PageContext,
    page: &'a TemplatePage,
    path: String,
    unread: i64,
    rail: Rail,
}

/// One message template.
pub fn template(cx: &PageContext, page: &TemplatePage) -> Result<String> {
    let rail = Rail { at: RailPlace::Templates, ..page.rail };
    OneTemplateTemplate { cx, page, path: format!("/templates/{}", page.card.id), unread: page.unread, rail }
        .render()
}

#[derive(Template)]
#[template(path = "template_new.html")]
struct NewTemplateTemplate<'a> {
    cx: &'a PageContext,
    page: &'a NewTemplatePage,
    path: &'static str,
    unread: i64,
    rail: Rail,
}

/// The form for a new message template.
pub fn new_template(cx: &PageContext, page: &NewTemplatePage) -> Result<String> {
    let rail = Rail { at: RailPlace::Templates, ..page.rail };
    NewTemplateTemplate { cx, page, path: "/templates/new", unread: page.unread, rail }.render()
}

#[derive(Template)]
#[template(path = "template_chooser.html")]
struct ChooserTemplate<'a> {
    cx: &'a PageContext,
    page: &'a TemplateChooserPage,
    path: String,
    unread: i64,
    rail: Rail,
}

/// Choosing a template for a conversation, and filling it in.
pub fn template_chooser(cx: &PageContext, page: &TemplateChooserPage) -> Result<String> {
    let path = format!("/conversations/{}/template", page.conversation_id);
    ChooserTemplate { cx, page, path, unread: page.unread, rail: page.rail }.render()
}

#[derive(Template)]
#[template(path = "conversation_list.html")]
struct ListTemplate<'a> {
    cx: &'a PageContext,
    list: &'a ConversationList,
}

/// The tabs, the state menu and one page of the list. A further page (with `cursor`) is the same fragment; the browser takes
/// only its rows.
pub fn conversation_list(cx: &PageContext, list: &ConversationList) -> Result<String> {
    ListTemplate { cx, list }.render()
}

#[derive(Template)]
#[template(path = "conversation_item.html")]
struct ItemTemplate<'a> {
    cx: &'a PageContext,
    item: &'a ConversationItem,
    query: &'a ListQuery,
}

/// One row of the list. `query` is the list it stands in, which its link carries on.
pub fn conversation_item(cx: &PageContext, item: &ConversationItem, query: &ListQuery) -> Result<String> {
    ItemTemplate { cx, item, query }.render()
}

#[derive(Template)]
#[template(path = "thread.html")]
struct ThreadTemplate<'a> {
    cx: &'a PageContext,
    thread: &'a Thread,
    pending: MessageBubble,
}

/// An open conversation with its contact: the answer to `X-Fragment: thread`.
pub fn thread(cx: &PageContext, thread: &Thread) -> Result<String> {
    ThreadTemplate { cx, thread, pending: pending(cx) }.render()
}

#[derive(Template)]
#[template(path = "thread_head.html")]
struct HeadTemplate<'a> {
    cx: &'a PageContext,
    head: &'a ThreadHead,
}

/// The bar above the thread: the answer to a change of state or owner.
pub fn thread_head(cx: &PageContext, head: &ThreadHead) -> Result<String> {
    HeadTemplate { cx, head }.render()
}

#[derive(Template)]
#[template(path = "contact_panel.html")]
struct PanelTemplate<'a> {
    cx: &'a PageContext,
    panel: &'a ContactPanel,
}

/// The panel about the contact.
pub fn contact_panel(cx: &PageContext, panel: &ContactPanel) -> Result<String> {
    PanelTemplate { cx, panel }.render()
}

#[derive(Template)]
#[template(path = "messages.html")]
struct MessagesTemplate<'a> {
    cx: &'a PageContext,
    range: &'a MessageRange,
}

/// Entries of a thread in reading order: the answer to `after_seq` and `before`.
pub fn messages(cx: &PageContext, range: &MessageRange) -> Result<String> {
    MessagesTemplate { cx, range }.render()
}

#[derive(Template)]
#[template(path = "message.html")]
struct MessageTemplate<'a> {
    cx: &'a PageContext,
    message: &'a MessageBubble,
}

/// One message: the answer to sending it, and what replaces it when its status changes.
pub fn message(cx: &PageContext, message: &MessageBubble) -> Result<String> {
    MessageTemplate { cx, message }.render()
}

#[derive(Template)]
#[template(path = "notice.html")]
struct NoticeTemplate<'a> {
    cx: &'a PageContext,
    notice: &'a Notice,
}

/// What is said instead of doing what a form asked for.
pub fn notice(cx: &PageContext, notice: &Notice) -> Result<String> {
    NoticeTemplate { cx, notice }.render()
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorTemplate<'a> {
    cx: &'a PageContext,
    page: &'a ErrorPage,
    title: String,
    text: String,
}

/// A page instead of the one asked for.
pub fn error(cx: &PageContext, page: &ErrorPage) -> Result<String> {
    let (title, text) = cx.error_texts(page);
    ErrorTemplate { cx, page, title, text }.render()
}

/// The bubble that stands for a message until the server has answered. The browser puts the text and an id in.
fn pending(cx: &PageContext) -> MessageBubble {
    MessageBubble {
        id: Uuid::nil(),
        seq: 0,
        side: Side::Out,
        author: None,
        text: "…".to_owned(),
        content: Content::Text,
        labels: Vec::new(),
        referral: None,
        is_edited: false,
        quote: None,
        frame: Frame::default(),
        choices: Vec::new(),
        reactions: Vec::new(),
        emojis: None,
        delivery: Some(Delivery::Queued),
        at_ms: cx.now_ms,
        starts_day: false,
        joined: false,
    }
}
