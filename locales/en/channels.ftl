# The page of the connected numbers, and what WhatsApp says of them.
channels = Numbers
channels-none = No number is connected yet.
channels-state = State
channels-active = sends
channels-reconnect = has to be connected again
channels-disabled = switched off
channels-switch-off = Switch off…
channels-switch-off-hint = Nothing leaves from this number until somebody switches it on again; what waits then goes out. What customers write is still kept.
channels-switch-off-now = Switch off now
channels-switch-on = Switch on
channels-silent = silent
channels-silent-since = Nothing has come in since { $time }. Usually { $count ->
    [one] one person writes
   *[other] { $count } people write
} in such a time.
silence-no-cause = Meta finds nothing wrong with the number. Open this installation's address from outside: if it does not open or its certificate is not valid, Meta's webhooks do not arrive either.
channels-pace = { $count ->
    [one] { $count } message a second
   *[other] { $count } messages a second
}
channels-pace-unknown = pace not known yet
channels-quality = Quality
quality-high = high
quality-medium = medium
quality-low = low
quality-unknown = not rated yet
channels-limit = People first written to in 24 hours
limit-none = no limit
channels-name = Name that customers see
channels-username = Public name
channels-account = Account
channels-review = Review
channels-restriction = Restriction
channels-templates = Templates
channels-template-none = WhatsApp has told of no template yet.
channels-notices = What WhatsApp said
channels-notice-none = Nothing yet.
notice-template-approved = Template { $name } was approved.
notice-template-rejected = Template { $name } was rejected: { $what }
notice-template-paused = Template { $name } is paused: { $what }
notice-template-disabled = Template { $name } is disabled: { $what }
notice-template-status = Template { $name } is now { $what }.
notice-template-quality = Quality of template { $name }: { $what }, before { $before }.
notice-template-components = The text of template { $name } was changed: { $what }
notice-template-category = Template { $name } is now { $what }, before { $before }.
notice-template-category-soon = Template { $name } is to become { $what }.
notice-account-restricted = Meta restricted the account: { $what }
notice-account-disabled = Meta disabled the account on { $what }. Messages wait until it is reinstated or connected again.
notice-account-reinstated = Meta reinstated the account.
notice-account-connected = The account { $what } was connected.
notice-account-other = News of the account: { $what }
notice-review = Meta reviewed the account: { $what }
notice-alert = Meta warns: { $what }
notice-throughput = The number may now send 1,000 messages a second.
notice-limit = People that may be written to first in 24 hours: { $what }
notice-name-approved = Meta approved the name { $name }.
notice-name-rejected = Meta did not approve the name { $name }: { $what }
notice-pin = The two-step PIN of the number was changed. If it was none of you, secure the account.
notice-security = Security of the number: { $what }
notice-marketing-stopped = { $name } wants no marketing messages any more.
notice-marketing-resumed = { $name } wants marketing messages again.
notice-history-declined = The business does not share the history of its app.
notice-address-book = Address book of the app: { $what } added, { $before } removed.
notice-group-created = The group { $name } was created.
notice-group-joined = People who joined a group: { $what }
notice-group-left = People who left a group: { $what }
notice-group-other = News of a group: { $what }
notice-username-approved = The public name @{ $name } was approved.
notice-username-other = Public name @{ $name }: { $what }
notice-flow = News of a flow: { $what }
notice-error = WhatsApp reports an error: { $what }
notice-other = Notice of WhatsApp: { $what }
