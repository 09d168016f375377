//! The gate held against the server itself: decoys bear the names of refused functions, and say when
//! one of them is reached. What reaches a decoy must not have passed the gate; what only looks as if
//! it did must have.

use std::fmt::Write as _;

use studio_multidb::backend::postgres::{Client, Parameter, Statement};
use studio_multidb::error::Code;

use crate::databases::own_database;
use crate::support::{reading, run, statement};

const STATEMENTS: usize = 4_000;
const REACHED: &str = "a decoy was reached";

/// Of extensions, whose functions may be in any schema. Each takes one text.
const DECOYS: [&str; 4] = ["dblink_exec", "http_get", "pg_prewarm", "hypopg_create_index"];
/// Begin or end like one, or are one's namesakes elsewhere.
const INNOCENT: [&str; 6] = [
    "dblink_execute",
    "http_gets",
    "_pg_prewarm",
    "hypopg_create_indexes",
    "app.lo_import",
    "app.nextval",
];

/// What a statement is made of, always the same for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).unwrap()
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.roll(from.len())]
    }

    fn blank(&mut self) -> &'static str {
        self.pick(&[
            "",
            "",
            "",
            " ",
            "\n",
            "\t",
            "\r\n",
            "/**/",
            " /* ' \" $$ */ ",
            " -- ' \" /*\n",
            "/* /* */ -- */",
            "--\r",
            "/***//*/**/*/",
        ])
    }

    /// One way to write an identifier.
    fn spell(&mut self, name: &str) -> String {
        match self.roll(7) {
            0 => name.to_uppercase(),
            1 => name[..1].to_uppercase() + &name[1..],
            2 => format!("\"{name}\""),
            3 => {
                let at = self.roll(name.len());
                let code = u32::from(name.as_bytes()[at]);
                format!("U&\"{}\\{code:04x}{}\"", &name[..at], &name[at + 1..])
            }
            4 => {
                let mut text = String::new();
                for byte in name.bytes() {
                    let _ = write!(text, "!+{:06X}", u32::from(byte));
                }
                format!("u&\"{text}\"{}UESCAPE{}'!'", self.blank(), self.blank())
            }
            _ => name.to_owned(),
        }
    }

    /// An expression of type text that reaches the function, and whether only in a FROM.
    fn reach(&mut self, name: &str) -> String {
        let name = self.spell(name);
        let (a, b, c) = (self.blank(), self.blank(), self.blank());
        let value = self.pick(&[
            "'x'::text",
            "$1",
            "E'\\''",
            "'a' || 'b'",
            "$q$'$q$",
            "(select 'x')",
            "U&'\\0061'",
            "upper('x')",
            "null::text",
        ]);
        match self.roll(14) {
            0 | 1 => format!("{name}{a}({b}{value}{c})"),
            2 => format!("public{a}.{b}{name}{c}({value})"),
            3 => format!("\"public\".{a}{name}({b}{value})"),
            4 => format!("gate_reaching.public.{name}{a}({value})"),
            5 => format!("(({value})::text){a}.{b}{name}"),
            6 => format!("(array[{value}]::text[])[1]{a}.{b}{name}"),
            7 => format!("(row('x')::holder).a{a}.{b}{name}"),
            8 => format!("(select f.{a}{name} from unnest(array['x']) f)"),
            9 => format!("(select f{a}.{name} from upper('x') as f)"),
            10 => format!("{name}(variadic{a} array['x'])"),
            11 => format!("(select z::text from {name}{a}({value}) as z)"),
            12 => format!("(select z::text from rows from ({name}{a}({value})) as z)"),
            _ => format!("(select z::text from upper('x') y, lateral {name}{a}(y) z)"),
        }
    }

    /// An expression of type text that has the name in it and reaches nothing.
    fn pretend(&mut self, name: &str) -> String {
        let call = format!("{name}{}('x')", self.blank().replace('\r', " ")).replace('\n', " ");
        let quoted = call.replace('\'', "''");
        match self.roll(12) {
            0 => format!("'{quoted}'"),
            1 => format!("'\\'||'{quoted} \\'"),
            2 => format!("E'\\'{quoted}\\\\'"),
            3 => format!("E'\\''{}'\\' {quoted}'", self.pick(&["\n", " -- '\n", "\r\n \t"])),
            4 => format!("$${}$$", call.replace('$', "")),
            5 => format!("$_ä1${} $$ $a$ $_ä1$", call.replace("$_ä1$", "")),
            6 => format!("'x' /* {} ' */", call.replace("*/", "").replace("/*", "")),
            7 => format!("'x' -- {call}\n"),
            8 => format!("(select {name} from (select 'x'::text as {name}) \"{name} (\")"),
            9 => format!("(select 'x' from upper('x') as {name} (a))"),
            10 => format!("U&'{quoted} \\005c'"),
            _ => format!("{}('x')", self.pick(&INNOCENT)),
        }
    }

    /// A place for an expression of type text.
    fn place(&mut self, text: &str) -> String {
        let filler = self.roll(1000);
        match self.roll(16) {
            0 => format!("case when {text} = 'y' then 'z' end"),
            1 => format!("coalesce(null, {text})"),
            2 => format!("(array[{text}])[1]"),
            3 => format!("cast({text} as varchar(10))"),
            4 => format!("('a' OPERATOR(pg_catalog.||) {text})"),
            5 => format!("(with w as materialized (select {text} as t) select t from w)"),
            6 => format!("(select max(v) from (values ('a'), ({text})) v(v))"),
            7 => format!("(select 'x' where {text} is not null)"),
            8 => format!("(select max(a.a) from (select 'x' as a) a group by {text})"),
            9 => format!("(select max('x') having {text} like '%' escape '!')"),
            10 => format!("(select 'x' from upper('x') a order by {text} limit 1)"),
            11 => format!("(select max('x') filter (where {text} <> ''))"),
            12 => format!("substring({text} from 1 for {filler})"),
            13 => format!("({text} in ('a', 'b'))"),
            14 => format!("{filler}.5e1 - -1, {text}"),
            _ => text.to_owned(),
        }
    }

    fn statement(&mut self, reaching: bool) -> String {
        let mut items = Vec::new();
        for _ in 0..=self.roll(3) {
            let name = self.pick(&DECOYS);
            let text = self.pretend(name);
            items.push(self.place(&text));
        }
        if reaching {
            let name = self.pick(&DECOYS);
            let text = self.reach(name);
            let at = self.roll(items.len() + 1);
            items.insert(at, self.place(&text));
        }
        let begin =
            self.pick(&["select ", "SELECT DISTINCT ", "with a as (select 1) select ", "("]);
        let end = if begin == "(" { ")" } else { "" };
        let begin = if begin == "(" { "(select " } else { begin };
        format!(
            "{}{begin}{}{end}{}",
            self.blank(),
            items.join(self.pick(&[",", " , ", ",\n"])),
            self.blank()
        )
    }

    /// Pieces that open or close something, in any order around a call.
    fn soup(&mut self) -> String {
        let mut text = "select 'x'".to_owned();
        let name = self.pick(&DECOYS);
        for _ in 0..2 + self.roll(8) {
            let piece = match self.roll(5) {
                0 => format!(",{}", self.reach(name)),
                1 => format!(",{}", self.pretend(name)),
                _ => self
                    .pick(&[
                        "'", "''", "\"", "$$", "$a$", "/*", "*/", "--", "\n", "\\", ",E'", ",'",
                        ",U&'", ",U&\"", "1e", ".", "(", ")", ",$1", ",1e'\\'", ",x'", ",n'",
                        "||'", ",1.5", "$_", "+-/*", "::text", " as ", "\u{a0}", "é$$", ",e$$",
                    ])
                    .to_owned(),
            };
            text.push_str(&piece);
        }
        text
    }
}

fn with_parameter(sql: &str, statement: impl Fn(&str) -> Statement) -> Statement {
    let wanted = usize::from(sql.contains("$1"));
    Statement { parameters: vec![Parameter::Text("x".into()); wanted], ..statement(sql) }
}

/// Whether the server comes to a decoy.
async fn reaches(client: &Client, sql: &str) -> bool {
    let ran = run(client, &with_parameter(sql, statement)).await;
    ran.is_err_and(|error| error.message().contains(REACHED))
}

async fn passes(client: &Client, sql: &str) -> bool {
    match run(client, &with_parameter(sql, reading)).await {
        Ok(_) => true,
        Err(error) => {
            assert!(!error.message().contains(REACHED), "it was let through: {sql}");
            !matches!(error.code(), Code::OperationNotAllowed | Code::ValidationError)
        }
    }
}

async fn set_up(client: &Client) {
    let body = format!("language plpgsql volatile as $$ begin raise '{REACHED}'; end $$");
    let harmless = "language sql volatile as $$ select 'x'::text $$";
    let mut sql = vec!["create schema app".to_owned(), "create type holder as (a text)".to_owned()];
    for name in DECOYS {
        sql.push(format!("create function public.{name}(text, int default 1) returns text {body}"));
        sql.push(format!("create function public.{name}(variadic text[]) returns text {body}"));
    }
    for name in INNOCENT {
        sql.push(format!("create function {name}(text) returns text {harmless}"));
    }
    for sql in sql {
        run(client, &statement(&sql)).await.unwrap();
    }
}

#[tokio::test]
async fn whatever_reaches_a_refused_function_is_refused_and_nothing_else() {
    let Some(database) = own_database("gate_reaching").await else { return };
    // One is reset while another is in use.
    let client = database.client(2).await;
    set_up(&client).await;
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let (mut reached, mut innocent) = (0, 0);
    for n in 0..STATEMENTS {
        let sql = match n % 4 {
            0 | 1 => dice.statement(true),
            2 => dice.statement(false),
            _ => dice.soup(),
        };
        let passed = passes(&client, &sql).await;
        if n % 4 == 2 {
            assert!(passed, "refused, and harmless: {sql}");
            assert!(!reaches(&client, &sql).await, "not harmless: {sql}");
            innocent += 1;
        } else if !passed && reaches(&client, &sql).await {
            reached += 1;
        }
    }
    // Else the decoys would prove nothing.
    assert!(reached > STATEMENTS / 4 && innocent > STATEMENTS / 5, "{reached} {innocent}");
    drop(client);
    database.remove().await;
}
