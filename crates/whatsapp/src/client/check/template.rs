//! What a sent template may hold. How its variables must fit the approved template is known only with that one.

use super::content::{ID, LINK, LOCATION, SOURCE, one_source};
use super::shape::Shape::{AnyList, Index, Object, OneOf, Ruled, Text, Typed, Words};
use super::shape::{Shape, UNLIMITED, needed, optional};

/// A template's name, its language and its variables.
pub(super) const TEMPLATE: Shape = Object(&[
    needed("name", Words(512)),
    needed("language", Object(&[needed("code", Words(UNLIMITED))])),
    optional("components", AnyList(&COMPONENT)),
]);

const COMPONENT: Shape = Typed(&[
    ("header", &[needed("parameters", PARAMETERS)]),
    ("body", &[needed("parameters", PARAMETERS)]),
    (
        "button",
        &[
            needed("sub_type", OneOf(&["quick_reply", "url", "copy_code", "flow"])),
            needed("index", Index(9)),
            needed("parameters", PARAMETERS),
        ],
    ),
]);

const PARAMETERS: Shape = AnyList(&Typed(&[
    ("text", &[optional("parameter_name", Words(UNLIMITED)), needed("text", Text(UNLIMITED))]),
    ("image", &[needed("image", FILE)]),
    ("video", &[needed("video", FILE)]),
    ("document", &[needed("document", NAMED_FILE)]),
    ("location", &[needed("location", Object(LOCATION))]),
    ("payload", &[needed("payload", Text(UNLIMITED))]),
    ("coupon_code", &[needed("coupon_code", Words(UNLIMITED))]),
]));

const FILE: Shape = Ruled(&Object(SOURCE), one_source);
const NAMED_FILE: Shape = Ruled(&Object(&[ID, LINK, optional("filename", Words(UNLIMITED))]), one_source);
