# The frame of every page: navigation, menus, keys, errors.
skip-to-content = Skip to content
main-navigation = Main
conversations = Conversations
rail-conversations = Inbox
waiting = waiting
shortcuts = Keyboard shortcuts
user-menu = { $name }. Open menu
theme = Theme
theme-system = As on this device
theme-light = Light
theme-dark = Dark
theme-contrast = High contrast
language = Language
sign-out = Sign out
close = Close
undo = Undo
request = Request

shortcut-move = next and previous in the list
shortcut-open = open the conversation; while writing, send
shortcut-reply = reply
shortcut-take = take the conversation
shortcut-snooze = snooze
shortcut-resolve = resolve
shortcut-close = close, back to the list
shortcut-line = new line
shortcut-send-resolve = send and resolve
shortcut-conversations = go to the conversations
shortcut-help = all shortcuts
shortcut-letters = Use single-letter shortcuts

offline = Offline since { $time }. What you write is kept and leaves when the connection is back.
request-failed = That did not work. Try again.

error-404-title = This page does not exist
error-404 = The address has changed, or the conversation is not yours to see.
error-403-title = Not allowed
error-403 = Your role does not allow this page. Whoever administers the account can change that.
error-500-title = This page could not be opened
error-500 = Nothing you wrote is lost. Try again; if it goes on, give the request number to support.
error-back = Go to the conversations
