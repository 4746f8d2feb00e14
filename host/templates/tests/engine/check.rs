//! What `check` accepts never fails for a name or for the number or names of arguments; what it refuses for those fails.
//!
//! A short run of the fuzz target follows: no text makes anything panic.

#[path = "../../../../fuzz/template_check.rs"]
mod fuzz;
use std::path::Path;
use std::sync::LazyLock;

use super::world::Fixed;
use larder_templates::{Engine, ErrorKind, Variables, What, check, known};
use proptest::prelude::*;
use proptest::sample::select;

static WORLD: LazyLock<Fixed> = LazyLock::new(|| {
    Fixed::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/home-assistant"), None)
});

/// Values of every type, by their expression. `None` where the type is not plain to see.
const VALUES: [&str; 15] = [
    "1",
    "-2",
    "1.5",
    "true",
    "none",
    "'abc'",
    "'sensor.t'",
    "[1, 2]",
    "(1, 'a')",
    "{'a': 1}",
    "now()",
    "timedelta(1)",
    "now().date()",
    "states.sensor",
    "x",
];
/// Names of parameters that no function has, and some that many have.
const KEYWORDS: [&str; 14] = [
    "wrong",
    "default",
    "value",
    "precision",
    "attribute",
    "start",
    "sep",
    "self",
    "name",
    "a",
    "b",
    "caller",
    "strict",
    "reverse",
];

/// A random call, and the words of it that may be unknown.
#[derive(Debug, Clone)]
struct Call {
    template: String,
    name: String,
    /// Whether the type of a method's receiver is not plain to see.
    is_open: bool,
}

fn keyword(signature: &'static str) -> BoxedStrategy<String> {
    let names = signature.split(',').map(|part| part.trim().trim_matches(['=', '*', '/']).to_owned());
    let own: Vec<String> = names.filter(|name| !name.is_empty()).collect();
    let any = select(&KEYWORDS[..]).prop_map(str::to_owned);
    if own.is_empty() { any.boxed() } else { prop_oneof![3 => select(own), 1 => any].boxed() }
}

/// The arguments of a call.
fn arguments(signature: &'static str) -> impl Strategy<Value = String> {
    let value = select(&VALUES[..]);
    let values = || prop::collection::vec(select(&VALUES[..]), 0..4);
    let keywords = prop::collection::vec((keyword(signature), value), 0..3);
    let rest = prop::option::weighted(0.2, values());
    let more =
        prop::option::weighted(0.2, prop::collection::vec((keyword(signature), select(&VALUES[..])), 0..3));
    (values(), keywords, rest, more).prop_map(|(values, keywords, rest, more)| {
        let mut parts: Vec<String> = values.into_iter().map(str::to_owned).collect();
        parts.extend(keywords.into_iter().map(|(name, value)| format!("{name}={value}")));
        parts.extend(rest.map(|values| format!("*[{}]", values.join(", "))));
        parts.extend(more.map(|pairs| {
            let pairs = pairs.into_iter().map(|(name, value)| format!("'{name}': {value}"));
            format!("**{{{}}}", pairs.collect::<Vec<_>>().join(", "))
        }));
        parts.join(", ")
    })
}

/// Calls of everything that the library has, and of macros.
fn call() -> impl Strategy<Value = Call> {
    let library = select(known()).prop_flat_map(|known| {
        let strategy = (arguments(known.signature), select(&VALUES[..]), 0..20_u8, 0..4_u8);
        strategy.prop_map(move |(args, value, wrong, applied)| {
            let name = if wrong == 0 { format!("{}x", known.name) } else { known.name.to_owned() };
            let is_open = matches!(known.what, What::Method(of) if of.ends_with(')') && !of.starts_with('(') || of.starts_with("states"));
            let template = match (known.what, applied) {
                (What::Function, _) => format!("{{{{ {name}({args}) }}}}"),
                (What::Filter, 0) => format!("{{{{ [{value}] | map('{name}', {args}) | list }}}}"),
                (What::Filter, _) => format!("{{{{ {value} | {name}({args}) }}}}"),
                (What::Test, 0) => format!("{{{{ [{value}] | select('{name}', {args}) | list }}}}"),
                (What::Test, 1) => {
                    format!("{{{{ [{{'a': {value}}}] | rejectattr('a', '{name}', {args}) | list }}}}")
                }
                (What::Test, _) => format!("{{{{ {value} is {name}({args}) }}}}"),
                (What::Method(receiver), _) => format!("{{{{ ({receiver}).{name}({args}) }}}}"),
            };
            Call { template, name, is_open }
        })
    });
    let parameters = select(&["", "a", "a, b", "a, b=1", "a=1, b=a", "value=2, wrong=value"][..]);
    let body = select(
        &["", "{{ a }}", "{{ varargs }}", "{{ kwargs }}", "{{ varargs }}{{ kwargs }}", "{{ caller }}"][..],
    );
    let macros = (parameters, body, arguments("a, b, value, wrong, caller"), any::<bool>()).prop_map(
        |(parameters, body, args, is_block)| {
            let define = format!("{{% macro m({parameters}) %}}{body}{{% endmacro %}}");
            let template = match is_block {
                true => format!("{define}{{% call m({args}) %}}{{% endcall %}}"),
                false => format!("{define}{{{{ m({args}) }}}}"),
            };
            Call { template, name: "m".into(), is_open: false }
        },
    );
    prop_oneof![5 => library, 1 => macros]
}

/// Whether an error is one that `check` must see before.
fn is_late(call: &Call, kind: ErrorKind, message: &str) -> bool {
    let name = &call.name;
    // A name that is a value of the template, as in `map('reject', x)`, is not plain to see.
    let is_value = message.contains(" named '") && !message.contains(&format!(" named '{name}'"));
    let is_missing = message == format!("'{name}' is undefined")
        || message.ends_with(&format!("object' has no attribute '{name}'"));
    kind == ErrorKind::Call && !is_value && !call.is_open || is_missing
}

/// What `check` and the run disagree about.
fn disagreement(call: &Call) -> Option<String> {
    let template = &call.template;
    let checked = check(template, false);
    let rendered = Engine::default().render(template, &Variables::new(), &*WORLD).0;
    match (checked, rendered) {
        (Ok(()), Err(error)) if is_late(call, error.kind, &error.message) => {
            Some(format!("accepted, but: {template}: {error:?}"))
        }
        // Nothing is applied to what has no items, but it would be.
        (Err(refused), Ok(_))
            if refused.message.starts_with("unknown")
                && ["map", "select", "reject", "selectattr", "rejectattr"].contains(&&*call.name) =>
        {
            None
        }
        (Err(refused), Ok(rendered)) => {
            Some(format!("refused, but works: {template}: {refused} | {}", rendered.text))
        }
        _ => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_accepted_never_fails_for_a_name_or_an_argument_and_what_is_refused_fails(call in call()) {
        prop_assert_eq!(disagreement(&call), None);
    }

    #[test]
    fn no_text_makes_the_engine_panic(text in text()) {
        fuzz::check(&text);
    }
}

/// Texts that look like templates.
fn text() -> impl Strategy<Value = String> {
    let parts = [
        "{{",
        "}}",
        "{%",
        "%}",
        "{#",
        "#}",
        "{%-",
        "-%}",
        "{{-",
        "-}}",
        "{%+",
        " ",
        "\n",
        "if",
        "else",
        "elif",
        "endif",
        "for",
        "in",
        "endfor",
        "set",
        "endset",
        "macro",
        "endmacro",
        "call",
        "endcall",
        "filter",
        "endfilter",
        "with",
        "endwith",
        "block",
        "endblock",
        "raw",
        "endraw",
        "import",
        "from",
        "include",
        "as",
        "recursive",
        "loop",
        "caller",
        "not",
        "and",
        "or",
        "is",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        ".",
        "|",
        "+",
        "-",
        "*",
        "**",
        "/",
        "//",
        "%",
        "~",
        "=",
        "==",
        "<",
        ">",
        "'",
        "\"",
        "\\",
        "1",
        "0",
        "-1",
        "1e9",
        "0x",
        "1.5",
        "99999999999999999999999999999999999999",
        "'a'",
        "'%s'",
        "'%999d'",
        "x",
        "states",
        "now()",
        "namespace()",
        "range(9)",
        "true",
        "none",
        "upper",
        "map",
        "sort",
        "join",
        "int",
        "defined",
        "é",
        "\u{1f600}",
    ];
    prop::collection::vec(
        prop_oneof![9 => select(parts.to_vec()).prop_map(str::to_owned), 1 => any::<String>()],
        0..30,
    )
    .prop_map(|parts| parts.concat())
}
