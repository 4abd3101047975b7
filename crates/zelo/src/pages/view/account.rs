//! Somebody's own account, and the small forms before and around it.

use uuid::Uuid;

/// A page with one form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FormPage {
    /// The key of its heading.
    pub heading: &'static str,
    /// What it is about, in words.
    pub hint: Option<String>,
    /// Where it is sent.
    pub action: String,
    /// What is sent along unseen.
    pub hidden: Vec<(&'static str, String)>,
    /// What is typed.
    pub fields: Vec<FormField>,
    /// The key of its button; none where there is nothing to send.
    pub submit: Option<&'static str>,
    /// Why the last attempt did not work, in words.
    pub error: Option<String>,
    /// An SVG picture of our own making.
    pub picture: Option<String>,
    /// A word to copy.
    pub word: Option<String>,
    /// Words to keep.
    pub list: Vec<String>,
    /// Where to go instead.
    pub back: Option<&'static str>,
}

/// A field of such a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormField {
    /// Its name.
    pub name: &'static str,
    /// Its kind in HTML.
    pub kind: &'static str,
    /// The key of its label.
    pub label: &'static str,
    /// What browsers and password managers may fill in.
    pub autocomplete: &'static str,
    /// What stands in it.
    pub value: String,
}

impl FormField {
    /// The password that holds.
    pub fn current_password(label: &'static str) -> Self {
        Self {
            name: "password",
            kind: "password",
            label,
            autocomplete: "current-password",
            value: String::new(),
        }
    }

    /// A password to be.
    pub fn new_password(label: &'static str) -> Self {
        Self {
            name: "new_password",
            kind: "password",
            label,
            autocomplete: "new-password",
            value: String::new(),
        }
    }

    /// A code.
    pub fn code(label: &'static str) -> Self {
        Self { name: "code", kind: "text", label, autocomplete: "one-time-code", value: String::new() }
    }

    /// An e-mail address.
    pub fn email(label: &'static str, value: &str) -> Self {
        Self { name: "email", kind: "email", label, autocomplete: "username", value: value.to_owned() }
    }
}

/// Somebody's own account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountPage {
    /// What they are called.
    pub name: String,
    /// Their address.
    pub email: String,
    /// How they stand to the second factor.
    pub mfa: AccountMfa,
    /// Where they are logged in.
    pub sessions: Vec<AccountSession>,
}

/// How somebody stands to the second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountMfa {
    /// Whether they have one.
    pub enabled: bool,
    /// Whether they must.
    pub required: bool,
    /// Backup codes that are left.
    pub backup_codes_left: i64,
}

impl AccountMfa {
    /// Backup codes that are left.
    pub fn codes_left(self) -> i64 {
        self.backup_codes_left
    }
}

/// A log-in of theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountSession {
    /// Its id.
    pub id: Uuid,
    /// What the program called itself.
    pub program: String,
    /// Where it called from.
    pub address: Option<String>,
    /// When it was last used, in words.
    pub used: String,
    /// Whether it is this one.
    pub is_current: bool,
}

/// A mail in the mailbox of the demo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownLetter {
    /// Its subject.
    pub subject: String,
    /// Whom it is to.
    pub to: String,
    /// When it was written, in words.
    pub at: String,
    /// What it says.
    pub text: String,
}

impl ShownLetter {
    /// Line by line, so that a link can be followed.
    pub fn lines(&self) -> Vec<&str> {
        self.text.lines().map(str::trim).collect()
    }
}
