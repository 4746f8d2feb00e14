//! Which way a request takes: straight, or through a proxy that the configuration or the environment names.
//!
//! Reads neither file nor environment by itself: whoever builds it hands over what they say.

use std::net::IpAddr;

use ureq::Proxy;
use url::Url;

/// The proxies, by the scheme of the address, and what goes past them.
#[derive(Debug, Default)]
pub struct Proxies {
    pub http: Option<Proxy>,
    pub https: Option<Proxy>,
    pub past: Past,
}

/// What goes past the proxy: the rules of `NO_PROXY`.
#[derive(Debug, Default, Clone)]
pub struct Past(Vec<Rule>);

#[derive(Debug, Clone)]
enum Rule {
    All,
    Net(IpAddr, u8),
    /// A name and those below it.
    Name(String, Option<u16>),
}

impl Proxies {
    /// From the configuration; an empty `proxy` is none.
    pub fn fixed(proxy: &str, no_proxy: &[String]) -> Result<Self, String> {
        if proxy.is_empty() {
            return Ok(Self::default());
        }
        let proxy = read(proxy, "`proxy` under [http]")?;
        Ok(Self { http: Some(proxy.clone()), https: Some(proxy), past: Past::read(no_proxy.iter()) })
    }

    /// From the environment, as most programs read it: `https_proxy` or `http_proxy` by the scheme, then `all_proxy`, then
    /// `no_proxy`; small letters before capitals.
    pub fn from_environment(variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, String> {
        let of = |name: &str| {
            let capitals = name.to_uppercase();
            let value =
                variable(name).or_else(|| variable(&capitals)).filter(|value| !value.trim().is_empty());
            value.map(|value| (capitals, value))
        };
        let proxy = |name: &str| {
            let found = of(name).or_else(|| of("all_proxy"));
            found.map(|(name, value)| read(value.trim(), &format!("the variable {name}"))).transpose()
        };
        let past = of("no_proxy").map(|(_, value)| Past::read(value.split(','))).unwrap_or_default();
        Ok(Self { http: proxy("http_proxy")?, https: proxy("https_proxy")?, past })
    }
}

/// A proxy's address may hold a password, so it is not repeated.
fn read(address: &str, from: &str) -> Result<Proxy, String> {
    Proxy::new(address).map_err(|_| {
        format!(
            "{from} is no proxy's address; write http://HOST:PORT, https://HOST:PORT or socks5h://HOST:PORT"
        )
    })
}

/// A proxy as texts show it.
pub fn shown(proxy: &Proxy) -> String {
    format!("{}:{}", proxy.host(), proxy.port())
}

impl Past {
    fn read<S: AsRef<str>>(rules: impl Iterator<Item = S>) -> Self {
        Self(rules.filter_map(|rule| Rule::read(rule.as_ref().trim())).collect())
    }

    /// Whether an address is reached without the proxy.
    pub fn holds(&self, url: &Url) -> bool {
        let Some(host) = url.host_str() else { return false };
        let port = url.port_or_known_default();
        let host = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
        self.0.iter().any(|rule| rule.fits(host, port))
    }
}

impl Rule {
    fn read(text: &str) -> Option<Self> {
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

    fn fits(&self, host: &str, port: Option<u16>) -> bool {
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

    fn is_past(rules: &str, url: &str) -> bool {
        Past::read(rules.split(',')).holds(&Url::parse(url).unwrap())
    }

    #[test]
    fn names_nets_and_ports_go_past_the_proxy() {
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
            assert!(is_past(rules, url), "{url}");
        }
        for url in [
            "http://11.0.0.1/",
            "http://192.168.1.8/",
            "https://example.org/",
            "https://xinternal/",
            "http://[fe80::1]/",
        ] {
            assert!(!is_past(rules, url), "{url}");
        }
        assert!(is_past("*", "https://anything.example/"));
        assert!(is_past("0.0.0.0/0", "http://1.2.3.4/"));
        assert!(!is_past(",, ,/,:", "https://example.org/"));
    }

    fn environment(pairs: &[(&str, &str)]) -> Result<Proxies, String> {
        let find =
            |name: &str| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_string());
        Proxies::from_environment(&find)
    }

    #[test]
    fn the_scheme_chooses_the_variable_and_small_letters_win() {
        let given =
            [("https_proxy", "http://a:1"), ("HTTPS_PROXY", "http://b:1"), ("ALL_PROXY", "socks5h://c:1")];
        let proxies = environment(&given).unwrap();
        assert_eq!(shown(&proxies.https.unwrap()), "a:1");
        assert_eq!(shown(&proxies.http.unwrap()), "c:1");
        let none = environment(&[("http_proxy", " ")]).unwrap();
        assert!(none.http.is_none() && none.https.is_none());
    }

    #[test]
    fn a_wrong_address_is_told_without_its_password() {
        let error = environment(&[("HTTP_PROXY", "gopher://user:hunter22@p:1")]).unwrap_err();
        assert!(error.starts_with("the variable HTTP_PROXY is no proxy's address; write"), "{error}");
        assert!(!error.contains("hunter22"));
    }
}
