//! The table: lines of `Set-Cookie` that sites send, or could.

/// An answer that sets cookies.
pub(super) struct Answer {
    pub(super) tls: bool,
    /// The path that was requested.
    pub(super) path: &'static str,
    pub(super) lines: Vec<Vec<u8>>,
    pub(super) date: Option<&'static str>,
}

impl Answer {
    /// Its header lines.
    pub(super) fn bytes(&self, line: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
        let date = self.date.map(|date| format!("Date: {date}\r\n").into_bytes());
        let cookies = self.lines.iter().map(|one| [b"Set-Cookie: ", line(one).as_slice(), b"\r\n"].concat());
        date.into_iter().chain(cookies).collect::<Vec<_>>().concat()
    }
}

/// Answers from one host, and the paths that are requested from it afterwards, with the scheme of the first answer.
pub(super) struct Row {
    pub(super) answers: Vec<Answer>,
    pub(super) asks: Vec<&'static str>,
    /// A host of its own.
    pub(super) host: Option<&'static str>,
    /// Labels before the host that a line means by `HOST`.
    pub(super) below: &'static str,
    /// Whether the jar differs from Chromium, and is meant to.
    pub(super) differs: bool,
}

/// All answers claim this time, so that a line can have a date of any form that is soon or past.
const NOW: &str = "Wed, 01 Jan 2020 00:00:00 GMT";
const PAGE: &str = "/app/page";

impl Row {
    fn of(tls: bool, path: &'static str, lines: &[&[u8]]) -> Self {
        let answer = Answer { tls, path, lines: lines.iter().map(|line| line.to_vec()).collect(), date: Some(NOW) };
        Self { answers: vec![answer], asks: vec!["/app/x", "/x"], host: None, below: "", differs: false }
    }

    fn http(lines: &[&[u8]]) -> Self {
        Self::of(false, PAGE, lines)
    }

    fn https(lines: &[&[u8]]) -> Self {
        Self::of(true, PAGE, lines)
    }

    fn asks(self, asks: &[&'static str]) -> Self {
        Self { asks: asks.to_vec(), ..self }
    }

    fn on(self, host: &'static str) -> Self {
        Self { host: Some(host), ..self }
    }

    fn below(self, below: &'static str) -> Self {
        Self { below, ..self }
    }

    fn dated(mut self, date: Option<&'static str>) -> Self {
        self.answers[0].date = date;
        self
    }

    /// Then another answer.
    fn then(mut self, other: Self) -> Self {
        self.answers.extend(other.answers);
        self
    }

    /// Whether answers come over http and https.
    pub(super) fn is_mixed(&self) -> bool {
        self.answers.iter().any(|answer| answer.tls != self.answers[0].tls)
    }

    pub(super) fn name(&self) -> String {
        let lines: Vec<String> = self.answers.iter().flat_map(|answer| &answer.lines).take(3).map(|line| shown(line)).collect();
        let scheme = if self.answers[0].tls { "https" } else { "http" };
        format!("{scheme}://{}{}  {}", self.host.unwrap_or_default(), self.answers[0].path, lines.join("  +  "))
    }
}

/// Bytes as a short text.
pub(super) fn shown(bytes: &[u8]) -> String {
    if bytes.len() > 100 { format!("{}… ({} bytes)", bytes[..40].escape_ascii(), bytes.len()) } else { bytes.escape_ascii().to_string() }
}

/// Any bytes of names and values, without a name, and with control characters.
const BYTES: &[&[u8]] = &[
    b"a=1; Path=/",
    "a=\u{e4}\u{20ac}; Path=/".as_bytes(),
    b"a=\xe4\xff; Path=/",
    b"a=\x80\x85\x9f; Path=/",
    "\u{e4}=1; Path=/".as_bytes(),
    b"\xe4=1; Path=/",
    "a=\u{a0}x\u{a0}; Path=/".as_bytes(),
    b"a=; Path=/",
    b"a=\"x y\"; Path=/",
    b"a=\"x;y\"; Path=/",
    b"\"a\"=1; Path=/",
    b"a=\\x\\; Path=/",
    b"a={\"x\":[1,2]}; Path=/",
    b"a=x=y; Path=/",
    b"a==b; Path=/",
    b"a=1, b=2; Path=/",
    b"a b=1; Path=/",
    b"a,b@c:d=1; Path=/",
    b"a=%00%0d; Path=/",
    b"  a \t = \t x y \t ; Path = / ",
    b"a=1;Path=/;HttpOnly",
    b"a=1;;;; Path=/;",
    b"a=1; =/; Path=/",
    b"Path=/",
    b"=x; Path=/",
    b"x; Path=/",
    b"x; Path=/; Max-Age=100",
    b"=; Path=/",
    b"==; Path=/",
    b"==x; Path=/",
    b"=a=b; Path=/",
    b" = ; Path=/",
    b"; Path=/",
    b";;a=1; Path=/",
    b"",
    b"=__Host-a; Path=/",
    b"__secure-a; Path=/",
    b"__Http-a; Path=/",
    b"=__host-http-a; Path=/",
    b"__Secure; Path=/",
    b"a=x\x01y; Path=/",
    b"a=x\ty; Path=/",
    b"a=x\x0by; Path=/",
    b"a=x\x1fy; Path=/",
    b"a=x\x7fy; Path=/",
    b"a\tb=x; Path=/",
    b"a\x01b=x; Path=/",
    b"a=x; Path=/\x01",
    b"a=x; Path=/\t",
    b"a=x; Path=/\tx",
    b"a=x; Path=/; odd=\x01",
    b"a=x; Path=/; odd=a\tb",
    b"a=x; Path=/; o\td=ab",
    b"a=x; Path=/; odd\x7f",
    b"a=x; Path=/; SameSite=a\tb",
];

const PATHS: &[&[u8]] = &[
    b"a=1",
    b"a=1; Path=",
    b"a=1; Path",
    b"a=1; Path=app",
    b"a=1; Path=\"/\"",
    b"a=1; Path=\"/app\"",
    b"a=1; Path=\\app",
    b"a=1; Path=/; Path=app",
    b"a=1; Path=/; Path",
    b"a=1; Path=/x; Path=/app",
    b"a=1; Path=/App",
    b"a=1; Path=/ap",
    b"a=1; Path=/app/",
    b"a=1; Path=/x/../app",
    b"a=1; Path=/?q",
    b"a=1; Path=/app x",
    b"a=1; Path=//",
    b"a=1; Path=/(.*)",
    b"a=1; Path=/, b=2; Path=/x",
];

const DOMAINS: &[&[u8]] = &[
    b"a=1; Path=/; Domain=HOST",
    b"a=1; Path=/; Domain=.HOST",
    b"a=1; Path=/; Domain=..HOST",
    b"a=1; Path=/; Domain=HOST.",
    b"a=1; Path=/; Domain= HOST ",
    b"a=1; Path=/; Domain=\"HOST\"",
    b"a=1; Path=/; Domain=HOST:80",
    b"a=1; Path=/; Domain=%48HOST",
    b"a=1; Path=/; Domain=",
    b"a=1; Path=/; Domain",
    b"a=1; Path=/; Domain=.",
    b"a=1; Path=/; Domain=www.HOST",
    b"a=1; Path=/; Domain=other.example",
    b"a=1; Path=/; Domain=other.example; Domain=",
    b"a=1; Path=/; Domain=other.example; Domain=HOST",
    b"a=1; Path=/; Domain=HOST; Domain=other.example",
    b"a=1; Path=/; Domain=example",
    b"a=1; Path=/; Domain=.example",
    b"a=1; Path=/; Domain=127.0.0.1",
];

/// Values of Max-Age.
const AGES: &[&str] = &[
    "0",
    "-1",
    "-0",
    "+0",
    "100",
    "+100",
    "++100",
    "+ 100",
    "1 00",
    "00100",
    " 100 ",
    "100s",
    "100.5",
    "1e3",
    "0x10",
    "",
    "-",
    "+",
    "\"100\"",
    "34560000",
    "34560001",
    "9223372036854775807",
    "9223372036854775808",
    "99999999999999999999",
    "-99999999999999999999",
    "\u{661}",
    "100; Max-Age=200",
    "100; Max-Age=x",
    "x; Expires=Tue, 31 Dec 2019 00:00:00 GMT",
    "100; Expires=Tue, 31 Dec 2019 00:00:00 GMT",
    "0; Expires=Thu, 02 Jan 2020 00:00:00 GMT",
];

/// Values of Expires, most of them a day after the answer.
const DATES: &[&str] = &[
    "Thu, 02 Jan 2020 00:00:00 GMT",
    "Thursday, 02-Jan-20 00:00:00 GMT",
    "Thu, 02-Jan-2020 00:00:00 GMT",
    "Thu Jan  2 00:00:00 2020",
    "\"Thu, 02 Jan 2020 00:00:00 GMT\"",
    "02/Jan/2020 00:00:00",
    "02_Jan_2020_00:00:00",
    "2 january 2020 0:0:0",
    "2020 Jan 02 00:00:00",
    "00:00:00 02 Jan 2020",
    "02 Jan 020 00:00:00",
    "02 Jan 02020 00:00:00",
    "02 Jan 2020 00:00:00 PST",
    "02 Jan 2020 00:00:00 +0900",
    "02 Jan 2020 00:00:00.5",
    "02 Jan 2020 000:00:00",
    "02 Jan 2020 5:5:5 PM",
    "02 Jan 2020 00:00:00 12:00:00",
    "02 Jan 2020 0:0 12:00:00",
    "02 Jan Feb 2020 00:00:00",
    "02 Marry 2020 00:00:00",
    "1st 02 Jan 2020 00:00:00",
    "123456 02 Jan 2020 00:00:00",
    "02 Jan \u{e4} 2020 00:00:00",
    "02 Jan 2020 00:00:00 GMT:1",
    "29 Feb 2020 00:00:00",
    "01-Jan-69 00:00:00",
    "01-Jan-70 00:00:00",
    "02 Jan 9999 00:00:00",
    "02 Jan 99999 00:00:00",
    "02 Jan 1601 00:00:00",
    "02 Jan 1600 00:00:00",
    "02 Jan 100 00:00:00",
    "02 Jan 1 00:00:00",
    "001 02 Jan 00:00:00",
    "Thu, 01 Jan 1970 00:00:00 GMT",
    "Tue, 31 Dec 2019 23:59:59 GMT",
    "02 Jan 100000 00:00:00",
    "02Jan2020 00:00:00",
    "002 Jan 2020 00:00:00",
    "2a Jan 2020 00:00:00",
    "02 Jan 2020a 00:00:00",
    "02 Jan 2020\u{e4} 00:00:00",
    "02\u{a0}Jan 2020 00:00:00",
    "32 Jan 2020 00:00:00",
    "00 Jan 2020 00:00:00",
    "31 Apr 2020 00:00:00",
    "30 Feb 2020 00:00:00",
    "02 Ja 2020 00:00:00",
    "02 Xjan 2020 00:00:00",
    "02 Jan 2020",
    "02 Jan 2020 00:00",
    "02 Jan 2020 00::00",
    "02 Jan 2020 24:00:00",
    "02 Jan 2020 00:60:00",
    "02 Jan 2020 00:00:60",
    "02 Jan 2020 99:00:00 00:00:00",
    "02 Jan 2020 00:00:00Z",
    "02 Jan 2020 00:00:00:00",
    "02 Jan 2020 :00:00:00",
    "02 Jan 2020 1a:2:3",
    "2020-01-02T00:00:00Z",
    "1577923200",
    "never",
    "0",
    "",
    "Thu; 02 Jan 2020 00:00:00 GMT",
    "Tue, 31 Dec 2019 00:00:00 GMT; Expires=Thu, 02 Jan 2020 00:00:00 GMT",
    "Tue, 31 Dec 2019 00:00:00 GMT; Expires=x",
];

/// Attributes that conflict, over https.
const SECURE: &[&[u8]] = &[
    b"a=1; Path=/; Secure",
    b"a=1; Path=/; Partitioned",
    b"a=1; Path=/; Partitioned=no",
    b"a=1; Path=/; Partitioned; Secure",
    b"a=1; Path=/app; Partitioned; Secure; SameSite=None",
    b"a=1; Path=/; Partitioned; SameSite=None",
    b"a=1; Path=/; SameSite=None",
    b"a=1; Path=/; SameSite= none ; Secure",
    b"a=1; Path=/; SameSite=\"None\"",
    b"a=1; Path=/; SameSite=None; SameSite=Lax",
    b"a=1; Path=/; SameSite=Lax; SameSite=None",
    b"__Host-a=1; Secure",
    b"__Host-a=1; Path=/; Secure; Domain=",
    b"__Host-a=1; Path=/; Secure; Path=/app",
    b"__Host-a=1; Path=/; Secure; Partitioned",
    b"__Host-=1; Path=/; Secure",
    b"__Hosta=1; Path=/",
    b"  __Secure-a =1; Path=/",
];

/// The same over plain http.
const PLAIN: &[&[u8]] = &[
    b"a=1; Path=/; Secure",
    b"a=1; Path=/; Secure=no",
    b"a=1; Path=/; Partitioned",
    b"a=1; Path=/; Partitioned; Secure",
    b"a=1; Path=/; SameSite=None",
    b"a=1; Path=/; SameSite=None; Secure",
    b"a=1; Path=/; SameSite=Strict",
    b"a=1; Path=/; SameSite=odd",
    b"__Host-a=1; Path=/; Secure",
    b"__Secure-a=1; Path=/",
];

/// Several cookies.
const SEVERAL: &[&[&[u8]]] = &[
    &[b"a=1; Path=/", b"a=2; Path=/"],
    &[b"a=1; Path=/", b"A=2; Path=/"],
    &[b"a=1; Path=/", b"a=2; Path=/app"],
    &[b"a=1; Path=/", b"a=2; Path=/; Domain=HOST"],
    &[b"a=1; Path=/", b"b=2; Path=/", b"a=3; Path=/"],
    &[b"a=1; Path=/", b"b=2; Path=/", b"a=1; Path=/"],
    &[b"a=1; Path=/", b"b=2; Path=/", b"a=1; Path=/; Max-Age=100"],
    &[b"a=1; Path=/", b"a=; Path=/; Max-Age=0"],
    &[b"a=1; Path=/", b"a=; Path=/app; Max-Age=0"],
    &[b"a=1; Path=/", b"a=2; Path=/; Secure"],
    &[b"a=1; Path=/", b"a=2; Path=/; Secure; Max-Age=0"],
    &[b"a=1; Path=/", b"a=2; Path=/; SameSite=None"],
    &[b"=x; Path=/", b"a=1; Path=/", b"y; Path=/"],
    &[b"x; Path=/", b"; Path=/; Max-Age=0"],
    &[b"x; Path=/", b"=y; Path=/; Max-Age=0"],
    &["\u{e4}=1; Path=/".as_bytes(), b"\xe4=2; Path=/"],
    &["a=\u{e4}; Path=/".as_bytes(), b"a=\xe4; Path=/"],
];

/// The same over https.
const SEVERAL_SECURE: &[&[&[u8]]] = &[
    &[b"a=1; Path=/; Secure", b"a=2; Path=/; Secure; Partitioned"],
    &[b"a=1; Path=/; Secure; Partitioned", b"a=2; Path=/; Secure; Partitioned"],
    &[b"a=1; Path=/; Secure; Partitioned", b"a=; Path=/; Secure; Max-Age=0"],
    &[b"a=1; Path=/; Secure", b"a=2; Path=/"],
];

/// The table.
pub(super) fn all() -> Vec<Row> {
    let mut rows: Vec<Row> = [BYTES, PATHS, DOMAINS, PLAIN].concat().into_iter().map(|line| Row::http(&[line])).collect();
    rows.extend(SEVERAL.iter().map(|lines| Row::http(lines)));
    rows.extend(AGES.iter().map(|age| Row::http(&[format!("a=1; Path=/; Max-Age={age}").as_bytes()])));
    rows.extend(DATES.iter().map(|date| Row::http(&[format!("a=1; Path=/; Expires={date}").as_bytes()])));
    rows.extend(clocks());
    rows.extend(paths_and_domains());
    rows.extend(sizes());
    rows.extend(SECURE.iter().map(|line| Row::https(&[line])));
    rows.extend(SEVERAL_SECURE.iter().map(|lines| Row::https(lines)));
    rows.extend(prefixes());
    rows.extend(hosts());
    rows
}

/// Expires, if the server's clock or the browser's is wrong, or nobody knows.
fn clocks() -> Vec<Row> {
    let row = |date, expires: &str| Row::http(&[format!("a=1; Path=/; Expires={expires}").as_bytes()]).dated(date);
    vec![
        row(None, "Wed, 01 Jan 2020 00:00:00 GMT"),
        row(None, "Wed, 01 Jan 2121 00:00:00 GMT"),
        row(Some("junk"), "Thu, 02 Jan 2020 00:00:00 GMT"),
        row(Some("Wednesday, 01-Jan-20 00:00:00 GMT"), "Thu, 02 Jan 2020 00:00:00 GMT"),
        row(Some("Wed Jan  1 00:00:00 2020"), "Thu, 02 Jan 2020 00:00:00 GMT"),
        row(Some("Wed, 01 Jan 2121 00:00:00 GMT"), "Thu, 02 Jan 2121 00:00:00 GMT"),
        row(Some("Wed, 01 Jan 2121 00:00:00 GMT"), "Thu, 02 Jan 2120 00:00:00 GMT"),
    ]
}

fn paths_and_domains() -> Vec<Row> {
    let path = |page, line: &[u8], asks: &[&'static str]| Row::of(false, page, &[line]).asks(asks);
    vec![
        path("/", b"a=1", &["/", "/app"]),
        path("/page", b"a=1", &["/", "/app/x"]),
        path("/app/", b"a=1", &["/app", "/app/x", "/apple"]),
        path("/app/page?next=/a/b", b"a=1", &["/app/x", "/x"]),
        path("/app/page", b"a=1; Path=/app", &["/app", "/app/x", "/apple"]),
        path("/app/page", b"a=1; Path=/%41pp", &["/App/x", "/%41pp/x"]),
        path("/app/page", b"a=1; Path=/%C3%A4", &["/%C3%A4/x", "/%c3%a4/x"]),
        path("/app/page", "a=1; Path=/\u{e4}".as_bytes(), &["/%C3%A4/x"]),
        path("/app/page", b"a=1; Path=/a b", &["/a%20b"]),
        Row::http(&[b"a=1; Path=/"]).below("www."),
        Row::http(&[b"a=1; Path=/; Domain=HOST"]).below("www."),
        Row::http(&[b"a=1; Path=/; Domain=.HOST"]).below("a.b.c."),
        Row::http(&[b"a=1; Path=/; Domain=WWW.HOST"]).below("www."),
    ]
}

fn sizes() -> Vec<Row> {
    let x = |count: usize| "x".repeat(count);
    let lines = [
        format!("a={}; Path=/", x(4_095)),
        format!("a={}; Path=/", x(4_096)),
        format!("\u{e4}={}; Path=/", x(4_094)),
        format!("\u{e4}={}; Path=/", x(4_095)),
        format!("{}=; Path=/", x(4_096)),
        format!("{}=; Path=/", x(4_097)),
        format!("{}; Path=/", x(4_096)),
        format!("{}; Path=/", x(4_097)),
        format!("a={}1; Path=/", " ".repeat(5_000)),
        format!("a=1; Path=/{}", x(1_024)),
        format!("a=1; Path=/{}", x(1_023)),
        format!("a=1; Path=/; Path=/{}", x(1_024)),
        format!("a=1; Path=/; Domain={}", x(1_025)),
        format!("a=1; Path=/; Max-Age={}1", "0".repeat(1_024)),
        format!("a=1; Path=/; Secure={}", x(1_025)),
        format!("a=1; Path=/; Partitioned={}", x(1_025)),
        format!("a=1; Path=/; SameSite=None; SameSite={}", x(1_025)),
        format!("a=1; Path=/; odd={}; {}; Max-Age=100", x(5_000), x(5_000)),
    ];
    let mut rows: Vec<Row> = lines.iter().map(|line| Row::http(&[line.as_bytes()])).collect();
    let large = format!("a={}; Path=/", x(5_000));
    rows.push(Row::http(&[b"a=1; Path=/", large.as_bytes()]));
    // More cookies than Chromium keeps of one site; it needs the browser alone.
    let many: Vec<String> = (0..200).map(|n| format!("c{n}=1; Path=/")).collect();
    rows.push(Row::http(&many.iter().map(String::as_bytes).collect::<Vec<_>>()).on("many.example"));
    rows
}

fn prefixes() -> Vec<Row> {
    let mut rows = Vec::new();
    for prefix in ["__Host-", "__Secure-", "__Http-", "__Host-Http-", "__hOsT-", "__SECURE-", "__http-", "__HOST-HTTP-"] {
        for attributes in
            ["Path=/", "Path=/; Secure", "Path=/; Secure; HttpOnly", "Path=/app; Secure; HttpOnly", "Path=/; Secure; HttpOnly; Domain=HOST"]
        {
            rows.push(Row::https(&[format!("{prefix}a=1; {attributes}").as_bytes()]));
        }
    }
    rows
}

/// Hosts of a kind of their own, and answers over http after others over https.
fn hosts() -> Vec<Row> {
    let mut rows = Vec::new();
    for (host, domains) in [
        ("127.0.0.1", &["127.0.0.1", ".127.0.0.1", "0.0.1", "127.1"][..]),
        ("localhost", &["localhost", ".localhost", "LOCALHOST"]),
        ("example", &["example", ".example"]),
        ("xn--4ca.example", &["\u{e4}.example", "\u{c4}.EXAMPLE", "XN--4CA.example"]),
        ("a_b.example", &["a_b.example"]),
    ] {
        rows.extend(domains.iter().map(|domain| Row::http(&[format!("a=1; Path=/; Domain={domain}").as_bytes()]).on(host)));
    }
    for (host, domain) in [("github.io", ".github.io"), ("github.io", "io"), ("x.github.io", "github.io"), ("x.github.io", "x.github.io")] {
        rows.push(Row::https(&[format!("a=1; Path=/; Domain={domain}").as_bytes()]).on(host));
    }
    // The jar's only intended difference: a site that is tested on localhost has users elsewhere.
    rows.push(Row { differs: true, ..Row::http(&[b"a=1; Path=/; Secure"]).on("localhost") });
    for (first, second) in [
        (b"a=1; Path=/; Secure".as_slice(), b"a=2; Path=/".as_slice()),
        (b"a=1; Path=/; Secure", b"a=; Path=/; Max-Age=0"),
        (b"a=1; Path=/; Secure; Domain=HOST", b"a=2; Path=/app"),
        (b"a=1; Path=/app; Secure", b"a=2; Path=/"),
        (b"a=1; Path=/app; Secure", b"a=2; Path=/app/x"),
        (b"a=1; Path=/", b"a=2; Path=/"),
    ] {
        rows.push(Row::https(&[first]).then(Row::http(&[second])));
    }
    rows
}
