# The open conversation, the composer and the contact.
conversation = Conversation
conversation-with = Conversation with { $name }
messages = Messages
older-messages = Earlier messages
back-to-list = Back to the list
more-actions = More actions
contact-details = Contact details
take = Take
release = Release
snooze = Snooze
resolve = Resolve
reopen = Reopen
resolved-toast = Conversation resolved
typing = { $name } is typing a reply in this conversation
typing-several = Several people are typing in this conversation
you = You

window = Window
window-hint = Time left to reply without an approved template
window-closed = closed
window-closed-hint = Only an approved template can be sent
window-closed-at = The window closed at { $time }. Only an approved template can resume the conversation.
window-closed-on = The window closed on { $day } at { $time }. Only an approved template can resume the conversation.
window-never-open = The contact has not written yet. Only an approved template can begin the conversation.

composer-label = Message to { $name }
composer-placeholder = Write to { $name }
key-sends = sends
key-sends-resolves = sends and resolves
send = Send
reply-to-this = Reply to this message
cancel-reply = Do not quote
reply-not-allowed = Your role may read this conversation but not reply.

tick-queued = queued
tick-sent = sent
tick-delivered = delivered
tick-read = read
tick-failed = not sent
tick-unconfirmed = unconfirmed
retry = Try again
not-confirmed = WhatsApp did not confirm. It may have arrived or not.
not-sent = Not sent: { $name }
note-by = Note by { $name } · only the team sees it
chosen = chosen
reaction-by = { $name } reacted with { $emoji }
template-named = Template { $name }
unsupported-message = A kind of message that Zelo does not show yet. See it on the phone.
open-file = Open
file-not-here = not available here yet
automatic-sender = Automatic
form-answered = Answered the form
order-of = { $count ->
    [one] Order of { $count } product
   *[other] Order of { $count } products
}
system-number-changed = The contact changed their number
system-user-id-changed = WhatsApp gave the contact a new id
system-identity-changed = The contact’s security code changed
system-notice = Notice of WhatsApp about the contact
system-revoked = The contact deleted a message
system-calls-allowed = The contact allowed calls
system-calls-refused = The contact did not allow calls

error-rate = too many messages in a short time
error-experiment = the contact is in an experiment of Meta and does not get this kind of message
error-meta = WhatsApp had a problem
error-self = the number is the one that sends
error-not-on-whatsapp = the number is not on WhatsApp
error-account = the WhatsApp account is locked
error-window = the 24-hour window has closed
error-spam = the number has reached its limit for quality
error-meta-chose = Meta did not deliver it, to spare the contact
error-media = the file could not be sent
error-pair-rate = too many messages to this contact in a short time
error-unknown = reason unknown

notice-empty = Write something before sending.
notice-too-long = The message is longer than { $count } characters, WhatsApp’s limit.
notice-not-allowed = Your role does not allow this.
notice-conflict = Somebody else changed this conversation first. See how it stands and try again.
notice-slow-down = Many requests in a short time. Wait a moment.
notice-failed = That did not work. Try again.

contact = Contact
contact-since = Contact since { $time }
fact-phone = Phone
fact-email = E-mail
fact-username = Username
no-username = no public name yet
section-care = Service
fact-owner = Owner
no-owner = nobody
fact-status = State
fact-channel = Channel
status-open = open
status-pending = with the bot
status-snoozed = snoozed
status-resolved = resolved
section-past = Earlier conversations
