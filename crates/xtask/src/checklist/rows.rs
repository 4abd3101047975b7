//! The rows, in our own short words. A row is taken out only together with what it promises.

/// Rows of one subject.
pub(super) struct Group {
    pub(super) title: &'static str,
    pub(super) rows: &'static [(&'static str, &'static str)],
}

/// All of them.
pub(super) const GROUPS: &[Group] = &[
    Group {
        title: "Logging in",
        rows: &[
            ("A01", "Passwords have 15 characters or more, up to 256; 8 where a second factor is enforced"),
            (
                "A02",
                "Passwords are taken as they are: no composition rules, nothing cut off, no change of case",
            ),
            (
                "A03",
                "Common and leaked passwords and words of the surroundings are refused, without asking anybody",
            ),
            (
                "A04",
                "Argon2id with parameters above the floor; older and imported hashes are renewed at log-in",
            ),
            ("A05", "Hashing has a pool of its own: a flood of log-ins does not starve the rest"),
            ("A06", "A known and an unknown account are told apart by neither answer nor time"),
            ("A07", "Guessing is slowed by account, client and address, and never locks the owner out"),
            (
                "A08",
                "No default account: the first administrator comes by a link that works once and expires",
            ),
            ("A09", "Changing a password asks for the old one, ends other sessions, and tells the owner"),
            (
                "A10",
                "Reset links are random, hashed, short-lived, work once, and do not pass a second factor by",
            ),
            ("A11", "An administrator can start a reset and never choose somebody's password"),
            (
                "A12",
                "Single sign-on checks issuer, audience, nonce and state, and never links by e-mail alone",
            ),
            ("A13", "No way in is weaker than another"),
        ],
    },
    Group {
        title: "Second factor",
        rows: &[
            ("M01", "One-time codes by time, a window of at most one step back, the server's clock"),
            ("M02", "A code works once, whoever sends it how often at once"),
            ("M03", "Ten backup codes, each once, hashed, forgiving in how they are typed"),
            ("M04", "The challenge is opaque, short, bound to its attempt, and opens nothing else"),
            ("M05", "Guessing over many challenges is bounded for the account"),
            ("M06", "Enrolling, removing and renewing need a fresh log-in and tell the owner"),
            ("M07", "A secret counts after its first right code, and lies encrypted"),
            ("M08", "Passkeys check origin, challenge and the person's presence"),
            ("M09", "Where the factor is obligatory, a session without one can only enrol"),
            ("M10", "Suspicious log-ins are noticed and told"),
        ],
    },
    Group {
        title: "Sessions and tokens",
        rows: &[
            (
                "S01",
                "The pages' session is a cookie of one host that no script reads; nothing is stored in the browser",
            ),
            ("S02", "Access tokens live ten minutes; one algorithm, all claims required with their types"),
            ("S03", "Signing keys are strong or refused at start; two live during rotation"),
            ("S04", "Log-out, disablement and changes of role act at once"),
            ("S05", "Refresh tokens rotate; using an old one ends the family; two tabs do not"),
            ("S06", "A changed password or factor ends every refresh token"),
            ("S07", "Sessions end when unused, and at last in any case"),
            ("S08", "A log-in makes a new session; people see theirs and end them"),
            ("S09", "Dangerous acts ask again who is there"),
            ("S10", "Sockets: credentials first, known origins, checked rooms, closed when revoked, bounded"),
            ("S11", "Tokens are in no address, log line or error"),
            ("S12", "API keys: shown once, hashed, with scopes, networks, expiry and rotation"),
        ],
    },
    Group {
        title: "Rights and tenants",
        rows: &[
            ("R01", "Every route declares what it demands; the table of routes and roles is checked in"),
            ("R02", "Another tenant's thing is not there, by whatever way it is named"),
            ("R03", "Ids inside bodies are checked like those in addresses"),
            ("R04", "The tenant comes from the session and from nowhere else"),
            ("R05", "Every row belongs to a tenant, and no query runs without one"),
            ("R06", "PostgreSQL's row-level security is forced; without a tenant it shows nothing"),
            ("R07", "Nobody sets a field that is not offered, or sees one that is not described"),
            ("R08", "Lost rights are lost at once; nobody lifts themselves; the last owner stays"),
            ("R09", "Support access has a reason, an end, and the tenant's notice"),
            ("R10", "A tenant that leaves leaves nothing readable"),
            ("R11", "A loud tenant does not starve a quiet one"),
        ],
    },
    Group {
        title: "Input",
        rows: &[
            (
                "I01",
                "Unknown fields and parameters are refused, sizes are bounded, every wrong field is named",
            ),
            ("I02", "No statement is put together from input"),
            ("I03", "What people write runs nowhere in the pages"),
            ("I04", "Only web, telephone and mail addresses can be clicked"),
            ("I05", "Outgoing calls reach public addresses only, by the address that was checked"),
            ("I06", "Texts that look like programs are texts; formatting takes bounded time"),
            ("I07", "Exports to spreadsheets carry no formulas"),
            ("I08", "JSON is read one way: doubled keys, depth, numbers"),
            ("I09", "No bytes stop a parser (property tests; fuzzing needs a nightly compiler)"),
            ("I10", "A conversation goes through its states in order, and is one person's"),
            ("I11", "Refusals are problem documents without our insides"),
        ],
    },
    Group {
        title: "Limits and bans",
        rows: &[
            ("L01", "Exactly the limit is let through, however many ask at once, in however many processes"),
            ("L02", "The limit holds in every window, not only in those that begin on the minute"),
            (
                "L03",
                "Limits by address, account, key, tenant and route; many people behind one address are not banned for it",
            ),
            ("L04", "The caller's address is believed from known proxies only"),
            ("L05", "Bans grow, survive a restart, are seen, lifted and audited"),
            ("L06", "Answers tell the limit and when to come back"),
            ("L07", "Counting strangers takes bounded memory"),
            ("L08", "Without Redis limits go on, and log-in is never unlimited"),
            ("L09", "Sending keeps to WhatsApp's own limits and loses nothing"),
            ("L10", "Webhooks are never limited by address; overload says 503"),
        ],
    },
    Group {
        title: "Audit log",
        rows: &[
            ("U01", "A deed and its entry are one transaction"),
            ("U02", "Any change, removal, insertion or reordering is found, and the first one named"),
            ("U03", "A cut-off end or an older copy is found against an outside seal"),
            ("U04", "The database refuses changes of entries"),
            ("U05", "Entries are sealed within a second at little cost"),
            ("U06", "Every kind of event is written"),
            ("U07", "Entries say who, what, when and where, and hold no secret or message"),
            ("U08", "Erasing a person keeps the proof whole"),
            ("U09", "Seals are delivered to somebody else"),
            ("U10", "An export is verified by a small program of others"),
        ],
    },
    Group {
        title: "Files",
        rows: &[
            ("F01", "Only known types, and content, name and header agree"),
            ("F02", "Limits of size, pixels and unpacking, in little memory; a quota per tenant"),
            ("F03", "Names of our own, outside of what is served, sealed"),
            ("F04", "A file is saved, or shown as a picture or sound, and never run"),
            ("F05", "A scanner may look first; what it finds is never given out"),
            ("F06", "Outgoing pictures do not say where they were taken"),
            ("F07", "Stored means whole and on disk; until Meta forgets a file it is tried again"),
        ],
    },
    Group {
        title: "Browser",
        rows: &[
            ("H01", "Browsers are told to use TLS for a year"),
            (
                "H02",
                "A policy that begins with nothing, without inline parts, with Trusted Types and reports",
            ),
            ("H03", "Every answer says what it is, where it may be used, and what it may do"),
            ("H04", "Other origins read answers only when they are listed"),
            ("H05", "No page of another site changes anything; looking changes nothing"),
            ("H06", "Private answers are kept nowhere, and log-out empties the browser"),
            ("H07", "No banners, no odd methods, nothing internal for strangers"),
            ("H08", "Pages load nothing from elsewhere"),
        ],
    },
    Group {
        title: "Webhooks of WhatsApp",
        rows: &[
            ("W01", "Only what is signed over its raw bytes with a secret of the app is believed"),
            ("W02", "The handshake gives the challenge to who knows the word, and to nobody else"),
            ("W03", "A 200 is given only for what is on disk"),
            ("W04", "What is posted again is stored once"),
            ("W05", "Reports on a message end in the same state in every order"),
            ("W06", "Answers come within Meta's times under load"),
            ("W07", "One bad event blocks nothing, and somebody is told of it"),
        ],
    },
];
