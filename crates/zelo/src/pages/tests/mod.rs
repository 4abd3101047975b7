//! The pages as a whole: every template in every language, with a busy day, with nothing, and with hostile texts.

use crate::pages;

mod sample;
