# The page of the audit log.
audit = Audit
audit-entries = Entries
audit-entry = Entry
audit-check = Check now
audit-filter = Filter
audit-older = Older
audit-none = No entry fits these filters.
audit-target = Target: kind or id
audit-event = Action
audit-event-any = All actions
audit-outcome = Outcome
audit-outcome-any = All outcomes
audit-outcome-success = done
audit-outcome-failed = failed
audit-outcome-denied = denied
audit-from = From
audit-to = to
audit-ip = IP
audit-reads = Show reads
audit-when = When
audit-who = Who
audit-on = Target
audit-sealed = Sealed
audit-not-sealed = Not sealed yet
audit-erased = What this entry said was erased with the person it was about. The proof remains.
audit-changes = Before and after
audit-from-where = From where
audit-program = Program
audit-trace = Trace
audit-bad-unknown = There is an entry that was not sealed here
audit-actor-system = System
audit-actor-anonymous = Unknown
audit-actor-api-key = API key
audit-actor-erased = Erased person
audit-report-access = Access
audit-report-configuration = Configuration
audit-report-administration = Administration
audit-report-violations = Violations
audit-unsealed = { $count ->
    [one] { $count } entry waits to be sealed
   *[other] { $count } entries wait to be sealed
}
audit-whole = { $count ->
    [one] Whole: { $count } entry as it was sealed
   *[other] Whole: { $count } entries as they were sealed
}
audit-bad = Not whole: the first bad entry is { $count }

audit-event-login-success = Logged in
audit-event-login-failed = Tried to log in
audit-event-login-error = Log-in error
audit-event-login-suspicious = Suspicious log-in
audit-event-logout = Logged out
audit-event-session-revoked = Ended a session
audit-event-token-reuse = Token used twice
audit-event-reauthentication = Confirmed who they are
audit-event-password-changed = Changed a password
audit-event-password-reset-requested = Asked for a new password
audit-event-password-reset = Set a new password
audit-event-mfa-enrolled = Set up a second factor
audit-event-mfa-challenge-passed = Passed the second factor
audit-event-mfa-challenge-failed = Failed the second factor
audit-event-mfa-disabled = Removed a second factor
audit-event-mfa-backup-codes-regenerated = Made new backup codes
audit-event-permission-denied = Access denied
audit-event-unauthorized-deletion-attempt = Tried to delete without permission
audit-event-role-update = Changed a role
audit-event-user-update = Changed a member of staff
audit-event-team-update = Changed a team
audit-event-api-key-update = Changed an API key
audit-event-access-review = Reviewed access
audit-event-approval = Second person’s approval
audit-event-support-access = Support access
audit-event-tenant-update = Changed the organisation
audit-event-data-access = Read data
audit-event-data-export = Exported data
audit-event-data-delete = Deleted data
audit-event-conversation-update = Changed a conversation
audit-event-privacy-request = Data subject request
audit-event-privacy-erasure-executed = Erasure carried out
audit-event-config-update = Changed the configuration
audit-event-key-rotation = Rotated a key
audit-event-backup = Made a backup
audit-event-restore = Restored a backup
audit-event-event-replay = Replayed an event
audit-event-ban = Banned for a time
audit-event-ban-lifted = Lifted a ban
