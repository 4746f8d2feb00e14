//! The hosts that a request may reach: a list of `host`, `host:port` and `*.example.org`.
//!
//! Decides by the address alone, and does not resolve names.

use url::Url;

/// Which hosts may be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hosts(Option<Vec<Pattern>>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Pattern {
    name: String,
    /// Whether it matches only subdomains of the name.
    is_below: bool,
    /// `None` for the default port of the scheme.
    port: Option<u16>,
}

impl Hosts {
    /// Allows every host: for addresses that the user configured.
    pub fn any() -> Self {
        Self(None)
    }

    /// Allows the hosts of a list; an empty list allows none. A pattern without a port allows only the default port (80 for http, 443 for
    /// https), so that `localhost` does not open every service of the machine. The error names the invalid pattern and says what to write.
    pub fn listed<S: AsRef<str>>(patterns: &[S]) -> Result<Self, String> {
        let read = |pattern: &S| {
            let pattern = pattern.as_ref();
            Pattern::parse(pattern).ok_or_else(|| {
                format!(
                    "`{pattern}` is not a host; write `example.org`, `example.org:8443` or `*.example.org`"
                )
            })
        };
        patterns.iter().map(read).collect::<Result<_, _>>().map(|patterns| Self(Some(patterns)))
    }

    /// Whether an address may be reached.
    pub fn permits(&self, url: &Url) -> bool {
        let Some(patterns) = &self.0 else { return true };
        let Some(host) = url.host_str() else { return false };
        let default = match url.scheme() {
            "https" => 443,
            "http" => 80,
            _ => return false,
        };
        let port = url.port().unwrap_or(default);
        patterns.iter().any(|pattern| pattern.port.unwrap_or(default) == port && pattern.matches(host))
    }
}

impl Pattern {
    /// Parses a pattern. The host goes through the address parser, so that both sides are normalized alike (case, international names, IP
    /// addresses).
    fn parse(text: &str) -> Option<Self> {
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

    fn matches(&self, host: &str) -> bool {
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
    fn a_name_allows_the_default_ports_only() {
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
    fn a_port_allows_only_that_port() {
        assert!(permits(&["example.org:8443"], "https://example.org:8443/"));
        assert!(!permits(&["example.org:8443"], "https://example.org/"));
        assert!(permits(&["[::1]:80"], "http://[::1]/"));
        assert!(permits(&["[::1]"], "http://[0:0::1]/"));
        assert!(permits(&["127.0.0.1:8123"], "http://0x7f.1:8123/"));
        assert!(!permits(&["127.0.0.1"], "http://localhost/"));
    }

    #[test]
    fn a_star_allows_subdomains_and_not_the_name_itself() {
        assert!(permits(&["*.example.org"], "https://a.b.example.org/"));
        assert!(!permits(&["*.example.org"], "https://example.org/"));
        assert!(!permits(&["*.example.org"], "https://notexample.org/"));
    }

    #[test]
    fn an_empty_list_allows_nothing() {
        assert!(!permits(&[], "https://example.org/"));
        assert!(Hosts::any().permits(&Url::parse("http://example.org:1/").unwrap()));
    }

    #[test]
    fn an_invalid_pattern_is_refused() {
        for text in
            ["", "*", "*.", "a b", "http://a", "a/b", "a:0", "a:http", "a:99999", "*.1.2.3.4", "u@a", "a:1:2"]
        {
            assert!(Hosts::listed(&[text]).is_err(), "{text}");
        }
    }
}
