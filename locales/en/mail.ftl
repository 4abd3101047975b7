mail-greeting = Hello { $name },
mail-foot = This message comes from Zelo at { $address }. If this was not you, tell whoever runs the installation.
mail-password-changed-subject = Your password was changed
mail-password-changed = The password of your account was changed, and your other log-ins were ended. If this was not you, ask for a new password link at { $link }/password/forgot.
mail-mfa-enrolled-subject = Two-step verification is on
mail-mfa-enrolled = Two-step verification of your account was switched on.
mail-mfa-disabled-subject = Two-step verification is off
mail-mfa-disabled = Two-step verification of your account was switched off.
mail-mfa-reset-subject = Two-step verification was removed
mail-mfa-reset = Whoever administers your account removed two-step verification. Log in with your password and switch it on again.
mail-backup-codes-subject = New backup codes
mail-backup-codes = New backup codes were made; the ones before no longer work.
mail-new-device-subject = Log-in from a new device
mail-new-device = Somebody logged in to your account with a device that was not known: { $program }
mail-after-failures-subject = Log-in after wrong passwords
mail-after-failures = Somebody logged in to your account after several tries with a wrong password.
mail-half-finished-subject = A log-in stopped at the second step
mail-half-finished = Somebody used your right password and gave no valid code. If this was not you, change the password.
mail-guessed-subject = Many wrong codes
mail-guessed = Somebody who has your password gave several wrong codes. Change the password.
mail-token-reuse-subject = A log-in was ended for safety
mail-token-reuse = The key of one of your log-ins was used twice, so the log-in was ended. Log in again.
mail-reset-subject = Choose a new password
mail-reset = To choose a new password, open this address. It works for one hour and once.

    { $link }
mail-invitation-subject = Invitation to Zelo
mail-invitation = You are invited to work in Zelo. To choose your password, open this address. It works for seven days and once.

    { $link }
mail-support-access-subject = Zelo's support looks into your desk
mail-support-access = { $who }, of whoever runs this installation, looks into your desk until { $when } at the latest. The reason given: { $why }

    They see settings and how conversations stand: no message, no name, no number. You see each use in the audit log, and whoever may (support:write) ends it at once: DELETE /support-accesses/{"{id}"}.
mail-tenant-deletion-subject = Your desk is to be deleted
mail-tenant-deletion = Whoever runs this installation asked for { $what } to be deleted. On { $when } all conversations, contacts, people, settings and keys go for good. Until then it can be called off: write to them.
mail-approval-asked-subject = A second person is asked for
mail-approval-asked = { $who } asks for something that needs a second person: { $what }. See GET /approvals; approve or decline it with PUT /approvals/{"{id}"}/decision within three days.
mail-approval-decided-subject = What you asked for was decided
mail-approval-decided = You asked for something that needs a second person: { $what }. The decision: { $why }.
mail-rotation-due-subject = Time to change a key
mail-rotation-due = { $what } has been used since { $when }, or ends soon. Change it: an API key with POST /api-keys/{"{id}"}/rotate (the old one goes on working for as long as you say), the token of a number with zelo channel update or PATCH /channels/{"{id}"}. Nothing stops for its age.
mail-access-review-due-subject = Time to look through who has access
mail-access-review-due = Since { $when } nobody has looked through who has access to what. Begin a review with POST /access-reviews, confirm or withdraw each line and end it. Nothing stops in the meantime.
mail-channel-silent-subject = Nothing comes in on a number
mail-channel-silent = Nothing has come in on { $what } since { $when }, in a time in which people usually write. { $why } The page Numbers shows it until the next message comes in.
