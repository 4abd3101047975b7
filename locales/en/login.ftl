login-title = Sign in
login-slogan = Every conversation with an owner, a promise and an answer.
login-story = Your company’s WhatsApp service happens here.
login-encrypted = Messages encrypted at rest
login-installed = Installed at { $name }
login-hint = Use your company e-mail.
login-email = E-mail
login-password = Password
login-submit = Sign in
login-mismatch = E-mail or password do not match.
login-mismatch-left = { $count ->
    [one] E-mail or password do not match. { $count } attempt left.
   *[other] E-mail or password do not match. { $count } attempts left.
}
login-too-many = { $count ->
    [one] Too many attempts. Try again in { $count } minute.
   *[other] Too many attempts. Try again in { $count } minutes.
}
login-session-ended = The session has ended. Sign in again to go on.
login-failed = Signing in did not work just now. Try again.
