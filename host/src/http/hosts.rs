//! The hosts that a request may reach: a list of `host`, `host:port` and `*.example.org`.
//!
//! A pure question about an address. It does not look at what a name resolves to.

use url::Url;

/// Which hosts may be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hosts(Option<Vec<Pattern>>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Pattern {
    name: String,
    /// Names below it, and not itself.
    is_below: bool,
    /// None is the usual port of the scheme.
    port: Option<u16>,
}

impl Hosts {
    /// Every host: for what a person wrote into the configuration.
    pub fn any() -> Self {
        Self(None)
    }

    /// Those of a list; an empty one permits none. Without a port, a pattern permits only the usual ones (80 for http, 443
    /// for https): a listed `localhost` does not open every service of the machine. The error says what is wrong with
    /// which pattern, then what to do.
    pub fn listed<S: AsRef<str>>(patterns: &[S]) -> Result<Self, String> {
        let read = |pattern: &S| {
            let pattern = pattern.as_ref();
            Pattern::read(pattern).ok_or_else(|| {
                format!("`{pattern}` is no host; write `example.org`, `example.org:8443` or `*.example.org`")
            })
        };
        patterns.iter().map(read).collect::<Result<_, _>>().map(|patterns| Self(Some(patterns)))
    }

    /// Whether an address may be reached.
    pub fn permits(&self, url: &Url) -> bool {
        let Some(patterns) = &self.0 else { return true };
        let Some(host) = url.host_str() else { return false };
        let usual = match url.scheme() {
            "https" => 443,
            "http" => 80,
            _ => return false,
        };
        let port = url.port().unwrap_or(usual);
        patterns.iter().any(|pattern| pattern.port.unwrap_or(usual) == port && pattern.fits(host))
    }
}

impl Pattern {
    /// The address parser reads the host, so that both sides are spelled alike (case, international names, numbers).
    fn read(text: &str) -> Option<Self> {
        let (rest, is_below) = match text.strip_prefix("*.") {
            Some(rest) => (rest, true),
            None => (text, false),
        };
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
                (host, Some(port.parse().ok().filter(|port| *port > 0)?))
            }
            _ => (rest, None),
        };
        if host.is_empty() || host.contains(['/', '\\', '@', '?', '#', '*', '%', ' ', '\t', '\r', '\n']) {
            return None;
        }
        let url = Url::parse(&format!("http://{host}/")).ok()?;
        let name = url.host_str()?.to_owned();
        let is_name = matches!(url.host(), Some(url::Host::Domain(_)));
        (url.port().is_none() && (is_name || !is_below)).then_some(Self { name, is_below, port })
    }

    fn fits(&self, host: &str) -> bool {
        match self.is_below {
            false => self.name == host,
            true => {
                host.strip_suffix(&self.name).is_some_and(|front| front.len() > 1 && front.ends_with('.'))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permits(patterns: &[&str], url: &str) -> bool {
        Hosts::listed(patterns).unwrap().permits(&Url::parse(url).unwrap())
    }

    #[test]
    fn a_name_opens_the_usual_ports_and_nothing_beside_it() {
        assert!(permits(&["hc.example.org"], "https://hc.example.org/ping"));
        assert!(permits(&["HC.Example.ORG"], "http://hc.example.org/"));
        assert!(permits(&["bücher.example"], "https://xn--bcher-kva.example/"));
        for url in [
            "https://hc.example.org:8443/",
            "https://hc.example.org.evil.example/",
            "https://evil.example/hc.example.org",
            "https://hc.example.org@evil.example/",
            "https://xhc.example.org/",
            "https://hc.example.org./",
            "ftp://hc.example.org/",
        ] {
            assert!(!permits(&["hc.example.org"], url), "{url}");
        }
    }

    #[test]
    fn a_port_opens_just_that_port() {
        assert!(permits(&["example.org:8443"], "https://example.org:8443/"));
        assert!(!permits(&["example.org:8443"], "https://example.org/"));
        assert!(permits(&["[::1]:80"], "http://[::1]/"));
        assert!(permits(&["[::1]"], "http://[0:0::1]/"));
        assert!(permits(&["127.0.0.1:8123"], "http://0x7f.1:8123/"));
        assert!(!permits(&["127.0.0.1"], "http://localhost/"));
    }

    #[test]
    fn a_star_opens_what_is_below_and_not_the_name_itself() {
        assert!(permits(&["*.example.org"], "https://a.b.example.org/"));
        assert!(!permits(&["*.example.org"], "https://example.org/"));
        assert!(!permits(&["*.example.org"], "https://notexample.org/"));
    }

    #[test]
    fn an_empty_list_opens_nothing() {
        assert!(!permits(&[], "https://example.org/"));
        assert!(Hosts::any().permits(&Url::parse("http://example.org:1/").unwrap()));
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for text in
            ["", "*", "*.", "a b", "http://a", "a/b", "a:0", "a:http", "a:99999", "*.1.2.3.4", "u@a", "a:1:2"]
        {
            assert!(Hosts::listed(&[text]).is_err(), "{text}");
        }
    }
}
