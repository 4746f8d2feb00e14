//! The route of a request: direct, or through a proxy that the configuration or the environment names.
//!
//! Reads neither files nor the environment; the caller passes their contents.

use std::net::IpAddr;

use ureq::Proxy;
use url::Url;

/// The proxies by the scheme of the address, and the hosts that bypass them.
#[derive(Debug, Default)]
pub struct Proxies {
    /// For `http://` addresses.
    pub http: Option<Proxy>,
    /// For `https://` addresses.
    pub https: Option<Proxy>,
    /// The hosts without a proxy.
    pub bypass: Bypass,
}

/// The hosts that bypass the proxy: the rules of `NO_PROXY`.
#[derive(Debug, Default, Clone)]
pub struct Bypass(Vec<Rule>);

#[derive(Debug, Clone)]
enum Rule {
    /// Every host.
    All,
    /// A network: an address and the bits of its prefix.
    Net(IpAddr, u8),
    /// A name and its subdomains, on any port or on one.
    Name(String, Option<u16>),
}

impl Proxies {
    /// The proxy of the configuration. Empty: none.
    pub fn fixed(proxy: &str, no_proxy: &[String]) -> Result<Self, String> {
        if proxy.is_empty() {
            return Ok(Self::default());
        }
        let proxy = parse(proxy, "`proxy` under [http]")?;
        Ok(Self { http: Some(proxy.clone()), https: Some(proxy), bypass: Bypass::parse(no_proxy.iter()) })
    }

    /// The proxies of the environment, as most programs read them: `https_proxy` or `http_proxy` by the scheme, else `all_proxy`; and
    /// `no_proxy`. Lower case takes precedence over upper case.
    pub fn from_environment(variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, String> {
        let find = |name: &str| {
            let capitals = name.to_uppercase();
            let value =
                variable(name).or_else(|| variable(&capitals)).filter(|value| !value.trim().is_empty());
            value.map(|value| (capitals, value))
        };
        let proxy = |name: &str| {
            let found = find(name).or_else(|| find("all_proxy"));
            found.map(|(name, value)| parse(value.trim(), &format!("the variable {name}"))).transpose()
        };
        let bypass = find("no_proxy").map(|(_, value)| Bypass::parse(value.split(','))).unwrap_or_default();
        Ok(Self { http: proxy("http_proxy")?, https: proxy("https_proxy")?, bypass })
    }
}

/// Parses the address of a proxy. The error does not repeat it, because it may contain a password.
fn parse(address: &str, from: &str) -> Result<Proxy, String> {
    Proxy::new(address).map_err(|_| {
        format!(
            "{from} is not the address of a proxy; write http://HOST:PORT, https://HOST:PORT or socks5h://HOST:PORT"
        )
    })
}

/// A proxy as messages show it.
pub fn shown(proxy: &Proxy) -> String {
    format!("{}:{}", proxy.host(), proxy.port())
}

impl Bypass {
    fn parse<S: AsRef<str>>(rules: impl Iterator<Item = S>) -> Self {
        Self(rules.filter_map(|rule| Rule::parse(rule.as_ref().trim())).collect())
    }

    /// Whether an address is reached without the proxy.
    pub fn matches(&self, url: &Url) -> bool {
        let Some(host) = url.host_str() else { return false };
        let port = url.port_or_known_default();
        let host = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
        self.0.iter().any(|rule| rule.matches(host, port))
    }
}

impl Rule {
    fn parse(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        if text == "*" {
            return Some(Self::All);
        }
        let (net, bits) = text.split_once('/').map_or((text.as_str(), None), |(net, bits)| (net, Some(bits)));
        if let Ok(address) = net.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
            let all = if address.is_ipv4() { 32 } else { 128 };
            return Some(Self::Net(address, bits.map_or(Some(all), |bits| bits.parse().ok())?.min(all)));
        }
        let (name, port) = match text.rsplit_once(':') {
            Some((name, port)) => (name, Some(port.parse().ok()?)),
            None => (text.as_str(), None),
        };
        let name = name.trim_start_matches('*').trim_start_matches('.');
        (!name.is_empty()).then(|| Self::Name(name.to_owned(), port))
    }

    fn matches(&self, host: &str, port: Option<u16>) -> bool {
        match self {
            Self::All => true,
            Self::Net(net, bits) => host.parse().is_ok_and(|address| is_within(address, *net, *bits)),
            Self::Name(name, only) => {
                let is_below = host.strip_suffix(name.as_str()).is_some_and(|front| front.ends_with('.'));
                (host == name || is_below) && (only.is_none() || *only == port)
            }
        }
    }
}

fn is_within(address: IpAddr, net: IpAddr, bits: u8) -> bool {
    let bits = u32::from(bits);
    match (address, net) {
        (IpAddr::V4(address), IpAddr::V4(net)) => {
            let differ = address.to_bits() ^ net.to_bits();
            differ.checked_shr(32_u32.saturating_sub(bits)).unwrap_or(0) == 0
        }
        (IpAddr::V6(address), IpAddr::V6(net)) => {
            let differ = address.to_bits() ^ net.to_bits();
            differ.checked_shr(128_u32.saturating_sub(bits)).unwrap_or(0) == 0
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bypasses(rules: &str, url: &str) -> bool {
        Bypass::parse(rules.split(',')).matches(&Url::parse(url).unwrap())
    }

    #[test]
    fn names_nets_and_ports_bypass_the_proxy() {
        let rules = "localhost, .internal,*.lan, 10.0.0.0/8 ,192.168.1.7,example.org:8443,fd00::/8";
        for url in [
            "http://localhost:8123/",
            "https://a.internal/",
            "https://internal/",
            "https://ntfy.lan/",
            "http://10.20.30.40/",
            "http://192.168.1.7/",
            "https://example.org:8443/",
            "http://[fd12::1]/",
        ] {
            assert!(bypasses(rules, url), "{url}");
        }
        for url in [
            "http://11.0.0.1/",
            "http://192.168.1.8/",
            "https://example.org/",
            "https://xinternal/",
            "http://[fe80::1]/",
        ] {
            assert!(!bypasses(rules, url), "{url}");
        }
        assert!(bypasses("*", "https://anything.example/"));
        assert!(bypasses("0.0.0.0/0", "http://1.2.3.4/"));
        assert!(!bypasses(",, ,/,:", "https://example.org/"));
    }

    fn environment(pairs: &[(&str, &str)]) -> Result<Proxies, String> {
        let find =
            |name: &str| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_string());
        Proxies::from_environment(&find)
    }

    #[test]
    fn the_scheme_selects_the_variable_and_lower_case_takes_precedence() {
        let given =
            [("https_proxy", "http://a:1"), ("HTTPS_PROXY", "http://b:1"), ("ALL_PROXY", "socks5h://c:1")];
        let proxies = environment(&given).unwrap();
        assert_eq!(shown(&proxies.https.unwrap()), "a:1");
        assert_eq!(shown(&proxies.http.unwrap()), "c:1");
        let none = environment(&[("http_proxy", " ")]).unwrap();
        assert!(none.http.is_none() && none.https.is_none());
    }

    #[test]
    fn an_invalid_proxy_is_reported_without_its_password() {
        let error = environment(&[("HTTP_PROXY", "gopher://user:hunter22@p:1")]).unwrap_err();
        assert!(error.starts_with("the variable HTTP_PROXY is not the address of a proxy; write"), "{error}");
        assert!(!error.contains("hunter22"));
    }
}
