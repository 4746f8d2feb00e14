//! Hostile templates end, with a value or an error, soon and within the stack of a thread of the service.
//!
//! The worst of them takes half a second in a build for release. Long because the templates are a table.

use std::path::Path;
use std::time::{Duration, Instant};

use super::world::Fixed;
use larder_templates::{Engine, Limits, Variables, check, check_imports, entities, native};

/// Nothing comes close to that, also on a busy machine.
const LONGEST: Duration = Duration::from_secs(20);
/// The stack of a thread that renders templates.
const STACK: usize = 2 << 20;

/// Templates that call themselves, or build values that grow.
fn nested() -> Vec<(String, String)> {
    let mut all = Vec::new();
    for (name, template) in [
        ("macro in ifs", format!("{{% macro m() %}}{}{{{{ m() }}}}{}{{% endmacro %}}{{{{ m() }}}}", "{% if 1 %}".repeat(50), "{% endif %}".repeat(50))),
        ("macro in fors", format!("{{% macro m() %}}{}{{{{ m() }}}}{}{{% endmacro %}}{{{{ m() }}}}", "{% for i in [1] %}".repeat(50), "{% endfor %}".repeat(50))),
        ("macro in withs", format!("{{% macro m() %}}{}{{{{ m() }}}}{}{{% endmacro %}}{{{{ m() }}}}", "{% with %}".repeat(50), "{% endwith %}".repeat(50))),
        ("macro in calls", format!("{{% macro m() %}}{{{{ caller }}}}{}{{{{ m() }}}}{}{{% endmacro %}}{{{{ m() }}}}", "{% call m() %}".repeat(50), "{% endcall %}".repeat(50))),
        ("macro in lists", format!("{{% macro m() %}}{{{{ {}m(){} }}}}{{% endmacro %}}{{{{ m() }}}}", "[".repeat(50), "]".repeat(50))),
        ("macro in filters", "{% macro m() %}{{ m() | upper | lower }}{% filter upper %}{{ m() }}{% endfilter %}{% endmacro %}{{ m() }}".into()),
        ("macro by map", "{% macro m(x, returns) %}{{ [1] | map('apply', f) | list }}{% endmacro %}{% set f = m | as_function %}{{ [m] | map('apply', m) | list }}".into()),
        ("macros in turn", "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}{{ a() }}".into()),
        ("macro in a default", "{% macro a(x=a()) %}{% endmacro %}{{ a() }}".into()),
        ("caller", "{% macro a() %}{{ caller() }}{% call a() %}{{ caller() }}{% endcall %}{% endmacro %}{% macro b() %}{{ caller() }}{% endmacro %}{% call a() %}1{{ b() }}{% endcall %}".into()),
        ("callers", "{% macro a() %}{{ caller() if caller else '' }}{% call a() %}{{ caller() }}{% endcall %}{% endmacro %}{{ a() }}".into()),
        ("caller of itself", "{% macro a() %}{{ caller() }}{% endmacro %}{% call a() %}{% call a() %}{% call a() %}{% endcall %}{% endcall %}{% endcall %}".into()),
        ("import of itself", "{% import 'self' as a %}".into()),
        ("import with context", "{% import 'context' as a with context %}".into()),
        ("include", "{% include 'include' %}".into()),
        ("include in ifs", "{% include 'ifs' %}".into()),
        ("sort by a macro", "{% macro m() %}{{ [m] | map('apply', 1) | list }}{{ ['a'] | map('apply', m) | list }}{% endmacro %}{{ m() }}".into()),
        ("nested map", "{% macro m(x) %}{{ [1] | map('map', 'x') | list }}{{ [x] | select('apply', m, x) | list }}{% endmacro %}{{ m(1) }}".into()),
        ("apply of apply", "{% macro m(x) %}{{ 1 | apply(m) }}{% endmacro %}{{ m(1) }}".into()),
        ("function", "{% macro m(x, returns) %}{{ (m | as_function)(x) }}{% endmacro %}{{ m(1, 2) }}{{ (m | as_function)(1) }}".into()),
        ("function in ifs", "{% macro m(x, returns) %}{% if 1 %}{% for i in [1] %}{% with %}{% filter upper %}{{ [x] | map('apply', m | as_function) | list }}{% endfilter %}{% endwith %}{% endfor %}{% endif %}{% endmacro %}{{ (m | as_function)(1) }}".into()),
        ("recursive loop", "{% for i in [1] recursive %}{{ loop([1]) }}{% endfor %}".into()),
        ("recursive loop with itself", "{% for i in [1] recursive %}{{ loop([loop]) }}{% endfor %}".into()),
        ("ignored tail", "{% set ns = namespace(c=[]) %}{% for i in range(60000) %}{% set ns.c = [ns.c.count] %}{% endfor %}".into()),
        ("doubling list", "{% set ns = namespace(x=[1]) %}{% for i in range(60) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}{{ ns.x }}".into()),
        ("doubling text", "{% set ns = namespace(x='a') %}{% for i in range(60) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}".into()),
        ("doubling tuple key", "{% set ns = namespace(x=(1,)) %}{% for i in range(60) %}{% set ns.x = (ns.x, ns.x) %}{% endfor %}".into()),
    ] {
        all.push((name.to_owned(), template));
    }
    all
}

/// Templates by what they try.
fn templates() -> Vec<(String, String)> {
    let mut all = Vec::new();
    let mut add = |name: &str, template: String| all.push((name.to_owned(), template));
    for n in [60, 150, 390, 10_000, 100_000] {
        let many = |text: &str| text.repeat(n);
        for (name, template) in [
            ("sum", format!("{{{{ 1{} }}}}", many("+1"))),
            ("product", format!("{{{{ 1{} }}}}", many("*1"))),
            ("power", format!("{{{{ 1{} }}}}", many("**1"))),
            ("or", format!("{{{{ 0{} }}}}", many(" or 0"))),
            ("and", format!("{{{{ 1{} }}}}", many(" and 1"))),
            ("concat", format!("{{{{ 1{} }}}}", many("~1"))),
            ("compare", format!("{{{{ 1{} }}}}", many("<=1"))),
            ("filters", format!("{{{{ 1{} }}}}", many("|int"))),
            ("tests", format!("{{{{ 1{} }}}}", many(" is defined and 1"))),
            ("attributes", format!("{{{{ x{} }}}}", many(".real"))),
            ("items", format!("{{{{ x{} }}}}", many("[0]"))),
            ("slices", format!("{{{{ 'x'{} }}}}", many("[:]"))),
            ("calls", format!("{{{{ x{} }}}}", many("()"))),
            ("conditions", format!("{{{{ 1{} }}}}", many(" if 1"))),
            ("else", format!("{{{{ 1{} }}}}", many(" if 0 else 1"))),
            ("not", format!("{{{{ {}1 }}}}", many("not "))),
            ("minus", format!("{{{{ {}1 }}}}", many("-"))),
            ("minus in brackets", format!("{{{{ {}1{} }}}}", many("-("), many(")"))),
            ("brackets", format!("{{{{ {}1{} }}}}", many("("), many(")"))),
            ("lists", format!("{{{{ {}1{} }}}}", many("["), many("]"))),
            ("mappings", format!("{{{{ {}1{} }}}}", many("{1:"), many("}"))),
            ("mixed", format!("{{{{ {}1{} }}}}", many("(1+1+1+1+1+1+["), many("])"))),
            ("arguments", format!("{{{{ {}1{} }}}}", many("dict(a="), many(")"))),
            ("if", format!("{}1{}", many("{% if 1 %}"), many("{% endif %}"))),
            ("elif", format!("{{% if 0 %}}{}{{% endif %}}", many("{% elif 0 %}"))),
            ("for", format!("{}1{}", many("{% for i in [1] %}"), many("{% endfor %}"))),
            ("with", format!("{}1{}", many("{% with a = 1 %}"), many("{% endwith %}"))),
            ("block set", format!("{}1{}", many("{% set a %}"), many("{% endset %}"))),
            ("blocks", format!("{}1{}", many("{% block a %}"), many("{% endblock %}"))),
            ("macros", format!("{}1{}", many("{% macro m() %}"), many("{% endmacro %}"))),
            ("targets", format!("{{% set {}a{} = 1 %}}", many("("), many(")"))),
            ("target list", format!("{{% set a{} = [] %}}", many(",a"))),
            ("many marks", many("{{1}}")),
            ("many comments", many("{#1#}")),
            ("open brace", many("{ ")),
            ("open marks", many("{{")),
            ("texts", format!("{{{{ {} }}}}", many("'a'"))),
            ("dots", format!("{{{{ 1|a{} }}}}", many(".a"))),
            ("long name", format!("{{{{ {}() }}}}", many("a"))),
            ("long filter", format!("{{{{ 1|{} }}}}", many("a"))),
            ("many names", (0..n.min(50_000)).map(|i| format!("{{%set a{i}=1%}}")).collect()),
            (
                "many macros",
                (0..n.min(20_000))
                    .map(|i| format!("{{%macro m{i}()%}}{{%endmacro%}}{{{{m{i}()}}}}"))
                    .collect(),
            ),
            (
                "many parameters",
                format!(
                    "{{% macro m({}) %}}{{% endmacro %}}{{{{ m() }}}}",
                    (0..n.min(20_000)).map(|i| format!("a{i},")).collect::<String>()
                ),
            ),
            (
                "many keywords",
                format!(
                    "{{{{ dict({}) }}}}",
                    (0..n.min(50_000)).map(|i| format!("a{i}=1,")).collect::<String>()
                ),
            ),
            ("cyclers", format!("{{% set c = 1 %}}{}", many("{%set c=cycler(c)%}"))),
            ("namespaces", format!("{{% set c = 1 %}}{}", many("{%set c=namespace(a=c)%}"))),
            ("joiners", format!("{{% set c = 1 %}}{}", many("{%set c=joiner(c)%}"))),
            ("methods", format!("{{% set c = [] %}}{}", many("{%set c=[c.count]%}"))),
            (
                "functions",
                format!(
                    "{{% macro m(returns) %}}{{% endmacro %}}{{% set c=m|as_function %}}{}",
                    many("{%set c=c|as_function%}")
                ),
            ),
            ("native lists", many("[") + &many("]")),
            ("native tuples", many("(") + &many(",)")),
            ("native signs", many("-") + "1"),
            ("native commas", many("1,")),
            ("native texts", many("'a'")),
            ("json", format!("{{{{ '{}{}' | from_json }}}}", many("["), many("]"))),
        ] {
            add(&format!("{name} × {n}"), template);
        }
    }
    all.extend(nested());
    let mut add = |name: &str, template: String| all.push((name.to_owned(), template));
    // A text of 120 KB, a list and a tuple of twenty thousand numbers, a list of lists, and sixty thousand rounds with them.
    let setup = "{% set t = 'ab ' * 40000 %}{% set l = range(20000) | list %}{% set k = [1] * 100 %}{% set kk = [k] * 200 %}\
                 {% set tu = (1,) * 20000 %}{% set d = {'a': l} %}{% set ns = namespace(x='') %}{% set u = l[:500] | batch(7) | list %}";
    for body in [
        "{% set y %}{{ t }}{% endset %}",
        "{% set y %}{{ l }}{% endset %}",
        "{% if (l ~ '') %}{% endif %}",
        "{% if l == l %}{% endif %}",
        "{% if kk == kk %}{% endif %}",
        "{% if k in kk %}{% endif %}",
        "{% if {}[tu] %}{% endif %}",
        "{% if tu in {} %}{% endif %}",
        "{% if {tu: 1} %}{% endif %}",
        "{% if {}.get(tu) %}{% endif %}",
        "{% if l.count(5) %}{% endif %}",
        "{% if l.index(99999) %}{% endif %}",
        "{% if kk.count(k) %}{% endif %}",
        "{% if l | unique %}{% endif %}",
        "{% if l | sort %}{% endif %}",
        "{% if l | sum %}{% endif %}",
        "{% if l | to_json %}{% endif %}",
        "{% if t | upper %}{% endif %}",
        "{% if t | title %}{% endif %}",
        "{% if t | wordcount %}{% endif %}",
        "{% if t | replace('ab', 'a') %}{% endif %}",
        "{% if t.count('ab') %}{% endif %}",
        "{% if t.find('abx') %}{% endif %}",
        "{% if 'abx' in t %}{% endif %}",
        "{% if t.split() %}{% endif %}",
        "{% if t | slugify %}{% endif %}",
        "{% if t | md5 %}{% endif %}",
        "{% if t | sha512 %}{% endif %}",
        "{% if t | base64_encode %}{% endif %}",
        "{% if t | regex_search('(a|b)*c') %}{% endif %}",
        "{% if t | regex_replace('a', 'b') %}{% endif %}",
        "{% if t | regex_findall('a') %}{% endif %}",
        "{% if t | regex_search('a{' ~ loop.index % 900 ~ '}') %}{% endif %}",
        "{% if 'a' | regex_search('\\\\w{' ~ loop.index % 90 ~ '}') %}{% endif %}",
        "{% if t | regex_search('(?=(a+)+b)(a+)+\\\\1c') %}{% endif %}",
        "{% if 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' | regex_match('(?:(a)|a)*\\\\1b') %}{% endif %}",
        "{% if t | wordwrap(5) %}{% endif %}",
        "{% if t | indent(5) %}{% endif %}",
        "{% if t | center(900000) %}{% endif %}",
        "{% if 'a' | center(1000000000000) %}{% endif %}",
        "{% if t | striptags %}{% endif %}",
        "{% if t | escape %}{% endif %}",
        "{% if t | urlize %}{% endif %}",
        "{% if t | urlencode %}{% endif %}",
        "{% if t | trim %}{% endif %}",
        "{% if t | truncate(5) %}{% endif %}",
        "{% if t | reverse %}{% endif %}",
        "{% if t | list %}{% endif %}",
        "{% if t | ordinal %}{% endif %}",
        "{% if t | int(0) %}{% endif %}",
        "{% if t | float(0) %}{% endif %}",
        "{% if '%s' % l %}{% endif %}",
        "{% if '%900000d' % 1 %}{% endif %}",
        "{% if '{:900000}'.format(1) %}{% endif %}",
        "{% if '{:.900000f}'.format(1.5) %}{% endif %}",
        "{% if '{}'.format(l) %}{% endif %}",
        "{% if l | batch(2) | list %}{% endif %}",
        "{% if l | slice(1000, 0) | list %}{% endif %}",
        "{% if [1] | slice(1000000, 0) | list %}{% endif %}",
        "{% if [1] | batch(1000000, 0) | list %}{% endif %}",
        "{% if range(100000) | map('string') | list %}{% endif %}",
        "{% if l | join(t) %}{% endif %}",
        "{% if l | join %}{% endif %}",
        "{% if zip(l, l) | list %}{% endif %}",
        "{% if l | set %}{% endif %}",
        "{% if set(l) %}{% endif %}",
        "{% if set(range(0, 2305843009213693951 * 20000, 2305843009213693951)) %}{% endif %}",
        "{% if l | union(l) %}{% endif %}",
        "{% if l | intersect(l) %}{% endif %}",
        "{% if l | difference(l) %}{% endif %}",
        "{% if flatten(kk) %}{% endif %}",
        "{% if u | flatten %}{% endif %}",
        "{% if combine(d, d) %}{% endif %}",
        "{% if combine(d, d, recursive=true) %}{% endif %}",
        "{% if d | tojson %}{% endif %}",
        "{% if d | pprint %}{% endif %}",
        "{% if l | pprint %}{% endif %}",
        "{% if kk | pprint %}{% endif %}",
        "{% if l | median %}{% endif %}",
        "{% if l | average %}{% endif %}",
        "{% if l | statistical_mode %}{% endif %}",
        "{% if l | max %}{% endif %}",
        "{% if kk | max %}{% endif %}",
        "{% if kk | sort %}{% endif %}",
        "{% if kk | unique | list %}{% endif %}",
        "{% if kk | groupby(0) | list %}{% endif %}",
        "{% if l | shuffle %}{% endif %}",
        "{% if l | random %}{% endif %}",
        "{% if l | last %}{% endif %}",
        "{% if l | length %}{% endif %}",
        "{% if t | length %}{% endif %}",
        "{% if t[99999] %}{% endif %}",
        "{% if t[::2] %}{% endif %}",
        "{% if l[::2] %}{% endif %}",
        "{% if l[5] %}{% endif %}",
        "{% if l + l %}{% endif %}",
        "{% if k + k %}{% endif %}",
        "{% if l | reverse | list %}{% endif %}",
        "{% if t | as_datetime(0) %}{% endif %}",
        "{% if t | as_timedelta %}{% endif %}",
        "{% if t | as_timestamp(0) %}{% endif %}",
        "{% if t | timestamp_custom('a', false, 0) %}{% endif %}",
        "{% if now().strftime(t) %}{% endif %}",
        "{% if strptime(t, t, 0) %}{% endif %}",
        "{% if strptime(t, '%a%b%c%d', 0) %}{% endif %}",
        "{% if now().strftime('%c' * 400) %}{% endif %}",
        "{% if strptime('1' * 400, '%y' * 200, 0) %}{% endif %}",
        "{% if as_datetime('2026-01-01T00:00:00+01:00') %}{% endif %}",
        "{% if now() - now() %}{% endif %}",
        "{% if today_at('10:00') %}{% endif %}",
        "{% if states('sensor.a') %}{% endif %}",
        "{% if states | list %}{% endif %}",
        "{% if states.sensor | list %}{% endif %}",
        "{% if expand(states) %}{% endif %}",
        "{% if states | map(attribute='state') | list %}{% endif %}",
        "{% if states('sensor.' ~ loop.index) %}{% endif %}",
        "{% if version('1.2.3') > '1.2' %}{% endif %}",
        "{% if range(1000) | map('version') | unique | list %}{% endif %}",
        "{% if range(1000) | map('version') | set %}{% endif %}",
        "{% if range(1000) | map('version') | sort %}{% endif %}",
        "{% if version(t) %}{% endif %}",
        "{% if version('1.' * 900) > version('1.' * 901) %}{% endif %}",
        "{% if range(9000) | map(attribute='bit_length') | unique | list %}{% endif %}",
        "{% if range(9000) | map(attribute='bit_length') | set %}{% endif %}",
        "{% set ns.x = ns.x ~ 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' %}",
        "{% macro m() %}{% endmacro %}{{ m() }}",
        "{% if lipsum(5) %}{% endif %}",
        "{% if lipsum(100, true, 100, 1000) %}{% endif %}",
        "{% if t | filesizeformat %}{% endif %}",
        "{% if t | from_json(0) %}{% endif %}",
        "{% if '[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]' | from_json %}{% endif %}",
        "{% if (l|string) | from_json %}{% endif %}",
        "{% if l | xmlattr %}{% endif %}",
        "{% if {'a': t} | xmlattr %}{% endif %}",
        "{% if {'a': t} | urlencode %}{% endif %}",
        "{% if t.translate({97: 'b'}) %}{% endif %}",
        "{% if t.expandtabs(900) %}{% endif %}",
        "{% if t.zfill(900000) %}{% endif %}",
        "{% if t.encode() %}{% endif %}",
        "{% if t.encode('utf-16') %}{% endif %}",
        "{% if t.rsplit('b') %}{% endif %}",
        "{% if t.partition('x') %}{% endif %}",
        "{% if t.splitlines() %}{% endif %}",
        "{% if t.casefold() %}{% endif %}",
        "{% if t.isalpha() %}{% endif %}",
        "{% if t.startswith('a') %}{% endif %}",
        "{% if t.startswith((('a',) * 90000)) %}{% endif %}",
        "{% if pack(1, 'I' * 400) %}{% endif %}",
        "{% if (1).to_bytes(900000, 'big') %}{% endif %}",
        "{% if bitwise_and(1, 2) %}{% endif %}",
        "{% if 2 ** 126 %}{% endif %}",
        "{% if (1.5).hex() %}{% endif %}",
        "{% if 1e308 | round(3) %}{% endif %}",
        "{% if '{:f}'.format(1e308) %}{% endif %}",
        "{% if 1e308 | round(300) %}{% endif %}",
        "{% if l | select('odd') | list %}{% endif %}",
        "{% if l | map('string') | map('upper') | list %}{% endif %}",
        "{% if [1] | map('center', 500000) | list %}{% endif %}",
        "{% if l | dictsort %}{% endif %}",
        "{% if d | items | list %}{% endif %}",
        "{% if d.items() %}{% endif %}",
        "{% if d == d %}{% endif %}",
        "{% if d.values() | list %}{% endif %}",
        "{% if d.copy() %}{% endif %}",
        "{% if t is match('a') %}{% endif %}",
        "{% if t is search('c$') %}{% endif %}",
        "{% if t is lower %}{% endif %}",
        "{% if l is iterable %}{% endif %}",
        "{% if t is in [t] %}{% endif %}",
        "{% if l is contains(5) %}{% endif %}",
        "{% if l is eq(l) %}{% endif %}",
        "{% if l | contains(-1) %}{% endif %}",
        "{% call m1() %}{% endcall %}",
        "{{ m1() }}",
        "{% include 'nothing' ignore missing %}",
        "{% include l ignore missing %}",
        "{% if [[1] * 5000] | sum(start=[]) %}{% endif %}",
        "{% if kk | sum(start=[]) %}{% endif %}",
    ] {
        add(
            body,
            format!(
                "{setup}{{% macro m1() %}}{{% endmacro %}}{{% for j in range(60) %}}{{% for i in range(1000) %}}{body}{{% endfor %}}{{% endfor %}}"
            ),
        );
    }
    all
}

/// Renders templates on a thread with little stack. Returns those that took too long.
fn slow(templates: Vec<(String, String)>, engine: Engine) -> Vec<String> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/home-assistant");
    let render = move || {
        let world = Fixed::read(&directory, None);
        let mut slow = Vec::new();
        for (name, template) in templates {
            let start = Instant::now();
            let _ = check(&template, false);
            let _ = check_imports(&template, &|_| None);
            entities(&template);
            native(&template);
            let _ = engine.render(&template, &Variables::new(), &world);
            if start.elapsed() > LONGEST {
                slow.push(format!("{name}: {:?}", start.elapsed()));
            }
        }
        slow
    };
    std::thread::Builder::new().stack_size(STACK).spawn(render).unwrap().join().unwrap()
}

#[test]
fn hostile_templates_end_soon_and_within_the_stack() {
    assert_eq!(slow(templates(), Engine::default()), Vec::<String>::new());
}

#[test]
fn the_stack_is_enough_for_half_as_much_recursion_again() {
    let limits = Limits::default();
    let engine = Engine::new(Limits { recursion: limits.recursion * 3 / 2, ..limits });
    assert_eq!(slow(nested(), engine), Vec::<String>::new());
}
