# The list of conversations.
conversation-list = List of conversations
search-label = Search messages and contacts
views = Views
filter-mine = Mine
filter-queue = Queue
filter-none = Unowned
filter-all = All
statuses-open = Open
statuses-pending = With the bot
statuses-snoozed = Snoozed
statuses-resolved = Resolved
clear-search = Clear the search
show-more = Show more
without-phone = no phone
no-messages = No messages yet
unread-count = { $count ->
    [one] { $count } unread message
   *[other] { $count } unread messages
}
draft = Draft:

mark-not-sent = Not sent
mark-queued = In the queue
mark-window-closed = Window closed
mark-back-at = Back at { $time }
mark-snoozed = Snoozed
mark-with-bot = With the bot
mark-resolved = Resolved

kind-image = Photo
kind-video = Video
kind-voice = Voice message
kind-audio = Audio
kind-document = Document
kind-sticker = Sticker
kind-location = Location
kind-contacts = Contact
kind-template = Template
kind-unsupported = Message of another kind
kind-deleted = Deleted message

empty-search-title = Nothing found
empty-search = No conversation of this view has “{ $name }”.
empty-queue-title = Nobody is waiting
empty-queue = The queue is empty. Whoever writes and has no owner appears here.
empty-mine-title = You have no open conversation
empty-mine = Those that you take appear here, the latest first.
empty-mine-step = See the unowned ones
empty-list-title = No conversation here
empty-list = When a customer writes to your number, the conversation appears in this list.

choose-title = Choose a conversation
choose = Messages and contact details appear here.
choose-keys = walk through the list
