//! The forms that arguments have, each with the values that a body sees of it.

use fastrand::Rng;

/// A value that two calls can differ in.
#[derive(Clone)]
pub(crate) struct Leaf {
    /// How it is written in one call, and in the other.
    pub(crate) values: [&'static str; 2],
    /// What the body does to see it.
    pub(crate) show: String,
    /// The form that it came in, for reports.
    pub(crate) form: String,
}

/// A word that a signature has for values.
#[derive(Clone)]
pub(crate) struct Word {
    pub(crate) name: String,
    /// What the template has for it; `None`: it cannot be in a key.
    pub(crate) mention: Option<String>,
    /// The values that it stands for, by position.
    pub(crate) leaves: Vec<usize>,
    pub(crate) rule: Rule,
}

/// What happens to a word that is in neither `key` nor `skip`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Rule {
    /// It is refused.
    Refused,
    /// It is no mistake: what it stands for is in the key whatever is said, or is no data.
    Fine,
}

/// A signature under construction.
pub(crate) struct Forms<'r> {
    rng: &'r mut Rng,
    pub(crate) leaves: Vec<Leaf>,
    pub(crate) words: Vec<Word>,
    /// `T: AsRef<str>`, and what a turbofish has for it.
    pub(crate) generics: Vec<(String, String)>,
    pub(crate) wheres: Vec<String>,
    next: usize,
}

/// An argument as it is written, and as a call has it: `§3§` stands for the value of leaf 3.
pub(crate) struct Argument {
    pub(crate) written: String,
    pub(crate) call: String,
}

/// A type of data.
struct Data {
    ty: &'static str,
    values: [&'static str; 2],
    /// Behind its name, for a template; `None`: it is only skipped.
    mention: Option<&'static str>,
    /// Whether an `Option` or a list of it can be in a key too.
    composes: bool,
    is_copy: bool,
    /// Whether it has a trait that tells data behind a reference.
    has_trait: bool,
}

const fn data(
    ty: &'static str,
    values: [&'static str; 2],
    mention: &'static str,
    composes: bool,
    has_trait: bool,
) -> Data {
    Data {
        ty,
        values,
        mention: Some(mention),
        composes,
        is_copy: true,
        has_trait,
    }
}

const DATA: [Data; 13] = [
    data("u64", ["1u64", "2u64"], "", true, true),
    data("i32", ["-1i32", "1i32"], "", true, true),
    data("bool", ["true", "false"], "", true, true),
    data("char", ["'x'", "':'"], "", true, true),
    data("f64", ["1.5f64", "2.5f64"], "", false, true),
    data("Id", ["Id(1)", "Id(2)"], "", true, true),
    data("Shown", ["Shown(1)", "Shown(2)"], "", false, true),
    data("Hashed", ["Hashed(1)", "Hashed(2)"], ".0", false, true),
    data("Equal", ["Equal(1)", "Equal(2)"], ".0", false, true),
    data("Written", ["Written(1)", "Written(2)"], ".0", false, true),
    data("Read", ["Read(1)", "Read(2)"], ".0", false, true),
    data("Bare", ["Bare(1)", "Bare(2)"], ".0", false, false),
    Data {
        ty: "String",
        values: ["\"x\".to_owned()", "\"y:\".to_owned()"],
        mention: Some(""),
        composes: true,
        is_copy: false,
        has_trait: true,
    },
];

/// A bound by which a body takes data out of a value: how it does, and how a template may.
struct Bound {
    written: &'static str,
    values: [&'static str; 2],
    show: &'static str,
    mention: Option<&'static str>,
}

const BOUNDS: [Bound; 9] = [
    bound("AsRef<str>", "n.as_ref().to_owned()", Some("{n.as_ref()}")),
    bound(
        "std::convert::AsRef<str>",
        "n.as_ref().to_owned()",
        Some("{n.as_ref()}"),
    ),
    bound(
        "Into<String> + Clone",
        "{ let s: String = n.clone().into(); s }",
        None,
    ),
    bound("ToString", "n.to_string()", Some("{n.to_string()}")),
    bound("Display", "n.to_string()", Some("{n}")),
    bound("Display + Debug", "format!(\"{n:?}\")", Some("{n}")),
    bound(
        "Borrow<str>",
        "{ let s: &str = n.borrow(); s.to_owned() }",
        None,
    ),
    Bound {
        written: "Display + Debug",
        // One text.
        values: ["7u64", "\"7\""],
        show: "format!(\"{n:?}\")",
        mention: Some("{n}"),
    },
    Bound {
        written: "IntoIterator<Item = u64> + Clone",
        values: ["[1u64]", "[2u64]"],
        show: "n.clone().into_iter().collect::<Vec<u64>>()",
        mention: None,
    },
];

const fn bound(bound: &'static str, show: &'static str, mention: Option<&'static str>) -> Bound {
    Bound {
        written: bound,
        values: ["\"x\"", "\"y\""],
        show,
        mention,
    }
}

/// Values that no template can have and no trait tells: as they are written, and whether leaving
/// them out is refused. `§` is the value.
const OTHERS: [(&str, &str, [&str; 2], &str); 10] = [
    (
        "impl Iterator<Item = u64>",
        "vec![§].into_iter()",
        ["1u64", "2u64"],
        "n.collect::<Vec<u64>>()",
    ),
    (
        "&mut impl Iterator<Item = u64>",
        "&mut vec![§].into_iter()",
        ["1u64", "2u64"],
        "n.collect::<Vec<u64>>()",
    ),
    (
        "&mut dyn Iterator<Item = u64>",
        "&mut vec![§].into_iter()",
        ["1u64", "2u64"],
        "n.collect::<Vec<u64>>()",
    ),
    (
        "Box<dyn Iterator<Item = u64>>",
        "Box::new(vec![§].into_iter())",
        ["1u64", "2u64"],
        "n.collect::<Vec<u64>>()",
    ),
    ("impl Fn() -> u64", "giving(§)", ["1", "2"], "n()"),
    ("fn() -> u64", "§", ["one", "two"], "n()"),
    (
        "Box<dyn Named>",
        "Box::new(Bare(§))",
        ["1", "2"],
        "n.name()",
    ),
    ("&dyn Display", "&§", ["1u64", "2u64"], "n.to_string()"),
    ("&dyn AsRef<str>", "&§", ["\"x\"", "\"y\""], "n.as_ref()"),
    (
        "Arc<dyn AsRef<str>>",
        "Arc::new(§)",
        ["\"x\"", "\"y\""],
        "(*n).as_ref()",
    ),
];

/// What no call differs in, as services have it.
const HANDLES: [(&str, &str); 14] = [
    ("n: Data<Db>", "Data(Db)"),
    ("n: &Db", "&Db"),
    ("n: &mut Db", "&mut Db"),
    ("n: State<Db>", "State(Db)"),
    ("State(n): State<Db>", "State(Db)"),
    ("n: Arc<dyn Repo>", "Arc::new(Db)"),
    ("State(n): State<Arc<dyn Repo>>", "State(Arc::new(Db))"),
    ("Extension(n): Extension<PgPool>", "Extension(PgPool)"),
    ("n: Pool<Db>", "Pool(Db)"),
    ("n: PgPool", "PgPool"),
    ("n: &dyn Repo", "&Db"),
    ("n: impl Executor", "Db"),
    ("n: Arc<Stateless>", "Arc::new(Stateless)"),
    ("n: &Bare", "&Bare(1)"),
];

impl<'r> Forms<'r> {
    pub(crate) fn new(rng: &'r mut Rng) -> Self {
        Self {
            rng,
            leaves: Vec::new(),
            words: Vec::new(),
            generics: Vec::new(),
            wheres: Vec::new(),
            next: 0,
        }
    }

    /// Any argument.
    pub(crate) fn argument(&mut self) -> Argument {
        match self.rng.u8(..16) {
            0..=1 => self.plain(),
            2 => self.borrowed(),
            3 => self.container(),
            4 => self.pointer(),
            5..=8 => self.pattern_argument(),
            9..=10 => self.by_bound(),
            11 => self.entity(),
            12 => self.other(),
            13 => self.parameters(),
            _ => self.handle(),
        }
    }

    fn name(&mut self) -> String {
        self.next += 1;
        // Letters that stand in no other word.
        format!("zz{}", self.next)
    }

    fn data(&mut self) -> &'static Data {
        &DATA[self.rng.usize(..DATA.len())]
    }

    pub(crate) fn leaf(&mut self, values: [&'static str; 2], show: String, form: &str) -> usize {
        self.leaves.push(Leaf {
            values,
            show,
            form: form.to_owned(),
        });
        self.leaves.len() - 1
    }

    pub(crate) fn word(
        &mut self,
        name: &str,
        mention: Option<String>,
        leaves: Vec<usize>,
        rule: Rule,
    ) {
        self.words.push(Word {
            name: name.to_owned(),
            mention,
            leaves,
            rule,
        });
    }

    /// A value of its own under its own name.
    fn one(&mut self, data: &Data, name: &str, form: &str) -> usize {
        let leaf = self.leaf(data.values, format!("&{name}"), form);
        let mention = data.mention.map(|behind| format!("{{{name}{behind}}}"));
        self.word(name, mention, vec![leaf], Rule::Refused);
        leaf
    }

    fn plain(&mut self) -> Argument {
        let (data, name) = (self.data(), self.name());
        let is_mut = if self.rng.u8(..4) == 0 { "mut " } else { "" };
        let leaf = self.one(data, &name, data.ty);
        Argument {
            written: format!("{is_mut}{name}: {}", data.ty),
            call: format!("§{leaf}§"),
        }
    }

    fn borrowed(&mut self) -> Argument {
        let (data, name) = (self.data(), self.name());
        let is_mut = self.rng.u8(..4) == 0;
        let borrow = if is_mut { "&mut " } else { "&" };
        let written = format!("{name}: {borrow}{}", data.ty);
        if !data.has_trait {
            // Nobody can see into it.
            self.word(&name, None, Vec::new(), Rule::Fine);
            return Argument {
                written,
                call: format!("{borrow}{}", data.values[0]),
            };
        }
        let form = format!("{borrow}{}", data.ty);
        let leaf = self.one(data, &name, &form);
        if is_mut && let Some(word) = self.words.last_mut() {
            word.mention = None;
        }
        Argument {
            written,
            call: format!("{borrow}§{leaf}§"),
        }
    }

    fn container(&mut self) -> Argument {
        const FORMS: [(&str, &str); 12] = [
            ("Option<D>", "Some(§)"),
            ("Option<&D>", "Some(&§)"),
            ("&Option<D>", "&Some(§)"),
            ("Vec<D>", "vec![§]"),
            ("&[D]", "&[§]"),
            ("&Vec<D>", "&vec![§]"),
            ("[D; 1]", "[§]"),
            ("&[D; 1]", "&[§]"),
            ("(D, u8)", "(§, 1)"),
            ("&(D, u8)", "&(§, 1)"),
            ("Box<[D]>", "Box::new([§])"),
            ("Result<D, u8>", "Ok(§)"),
        ];
        let (ty, call) = FORMS[self.rng.usize(..FORMS.len())];
        self.around(ty, call, |data| data.composes && !ty.starts_with("Result"))
    }

    fn pointer(&mut self) -> Argument {
        const FORMS: [(&str, &str); 9] = [
            ("Arc<D>", "Arc::new(§)"),
            ("Rc<D>", "Rc::new(§)"),
            ("Box<D>", "Box::new(§)"),
            ("Cow<'_, D>", "Cow::Owned(§)"),
            ("Arc<Vec<D>>", "Arc::new(vec![§])"),
            ("&Arc<Vec<D>>", "&Arc::new(vec![§])"),
            ("Arc<[D]>", "Arc::new([§])"),
            ("&Arc<(D, D)>", "&Arc::new((§, §))"),
            ("Arc<Box<D>>", "Arc::new(Box::new(§))"),
        ];
        let (ty, call) = FORMS[self.rng.usize(..FORMS.len())];
        self.around(ty, call, |data| data.composes)
    }

    /// Data inside of another type.
    fn around(&mut self, ty: &str, call: &str, in_key: impl Fn(&Data) -> bool) -> Argument {
        let (data, name) = (self.data(), self.name());
        let ty = ty.replace('D', data.ty);
        let leaf = self.one(data, &name, &ty);
        if !in_key(data)
            && let Some(word) = self.words.last_mut()
        {
            word.mention = None;
        }
        Argument {
            written: format!("{name}: {ty}"),
            call: call.replace('§', &format!("§{leaf}§")),
        }
    }

    fn pattern_argument(&mut self) -> Argument {
        match self.rng.u8(..8) {
            // Through a reference.
            0 => {
                let Pattern(pattern, ty, call) = self.pattern(2, Taken::Lent);
                Argument {
                    written: format!("{pattern}: &{ty}"),
                    call: format!("&{call}"),
                }
            }
            1 => {
                let Pattern(pattern, ty, call) = self.pattern(2, Taken::Copied);
                Argument {
                    written: format!("&{pattern}: &{ty}"),
                    call: format!("&{call}"),
                }
            }
            // The state of a server has handles, and perhaps data.
            2 => {
                let pool = self.name();
                self.word(&pool, None, Vec::new(), Rule::Fine);
                let Pattern(pattern, ty, call) = self.pattern(1, Taken::Lent);
                Argument {
                    written: format!(
                        "State(AppState {{ pool: {pool}, tenant: {pattern} }}): State<AppState<{ty}>>"
                    ),
                    call: format!("State(AppState {{ pool: Db, tenant: {call} }})"),
                }
            }
            3 => {
                let Pattern(pattern, ty, call) = self.pattern(1, Taken::Owned);
                Argument {
                    written: format!("({pattern} | Err({pattern})): Result<{ty}, {ty}>")
                        .replacen('(', "(Ok(", 1)
                        .replacen(" |", ") |", 1),
                    call: format!("Ok({call})"),
                }
            }
            _ => {
                let Pattern(pattern, ty, call) = self.pattern(3, Taken::Owned);
                Argument {
                    written: format!("{pattern}: {ty}"),
                    call,
                }
            }
        }
    }

    /// A pattern, its type, and its value.
    fn pattern(&mut self, depth: u8, taken: Taken) -> Pattern {
        if depth == 0 {
            return self.bound_name(taken);
        }
        match self.rng.u8(..9) {
            0 => self
                .pattern(depth - 1, taken)
                .within("(□,)", "(□,)", "(□,)"),
            1..=2 => {
                let left = self.pattern(depth - 1, taken);
                let right = self.pattern(depth - 1, taken);
                let [written, ty, call] = [left.0, left.1, left.2].map(|it| format!("({it}, □)"));
                right.within(&written, &ty, &call)
            }
            3..=4 => {
                // What is in a borrowed `Extension` is refused whatever it is.
                let wrapper = ["Path", "Extension"][self.rng.usize(..2)];
                let wrapper = if matches!(taken, Taken::Owned) {
                    wrapper
                } else {
                    "Path"
                };
                let (value, ty) = (format!("{wrapper}(□)"), format!("{wrapper}<□>"));
                self.pattern(depth - 1, taken).within(&value, &ty, &value)
            }
            5 => {
                let left = self.pattern(depth - 1, taken);
                let right = self.pattern(depth - 1, taken);
                let written = format!("Pair {{ x: {}, y: □ }}", left.0);
                let ty = format!("Pair<{}, □>", left.1);
                right.within(&written, &ty, &format!("Pair {{ x: {}, y: □ }}", left.2))
            }
            // The body does not see what is not bound.
            6 => {
                let inner = self.pattern(depth - 1, taken);
                let (rest, value) = [("y: _", "8u64"), ("..", "9u64")][self.rng.usize(..2)];
                let call = format!("Pair {{ x: □, y: {value} }}");
                inner.within(&format!("Pair {{ x: □, {rest} }}"), "Pair<□, u64>", &call)
            }
            7 => self.slice(),
            _ => self.whole_and_part(taken),
        }
    }

    fn slice(&mut self) -> Pattern {
        let (first, rest) = (self.name(), self.name());
        let one = self.one(&DATA[0], &first, "[first, ..]");
        let two = self.one(&DATA[0], &rest, "[.., rest @ ..]");
        Pattern(
            format!("[{first}, {rest} @ ..]"),
            "[u64; 2]".to_owned(),
            format!("[{}, {}]", place(one), place(two)),
        )
    }

    /// A name for the whole, and one for a part of it.
    fn whole_and_part(&mut self, taken: Taken) -> Pattern {
        let (whole, part) = (self.name(), self.name());
        let one = self.one(&DATA[0], &part, "whole @ Pair { x, .. }");
        // Behind a reference it is a struct without traits, of which nobody can see the rest.
        let (values, rule) = match taken {
            Taken::Lent => (["3u64", "3u64"], Rule::Fine),
            Taken::Owned | Taken::Copied => (["3u64", "4u64"], Rule::Refused),
        };
        let two = self.leaf(values, format!("{whole}.y"), "whole @ Pair { .. }");
        let leaves = match rule {
            Rule::Fine => vec![],
            Rule::Refused => vec![one, two],
        };
        let mention = format!("{{{whole}.x}}+{{{whole}.y}}");
        self.word(&whole, Some(mention), leaves, rule);
        Pattern(
            format!("{whole} @ Pair {{ x: {part}, .. }}"),
            "Pair<u64, u64>".to_owned(),
            format!("Pair {{ x: {}, y: {} }}", place(one), place(two)),
        )
    }

    fn bound_name(&mut self, taken: Taken) -> Pattern {
        let mut data = self.data();
        while matches!(taken, Taken::Copied) && !data.is_copy {
            data = self.data();
        }
        let ty = data.ty.to_owned();
        if self.rng.u8(..8) == 0 {
            return Pattern("_".to_owned(), ty, data.values[0].to_owned());
        }
        let name = self.name();
        if matches!(taken, Taken::Lent) && !data.has_trait {
            self.word(&name, None, Vec::new(), Rule::Fine);
            return Pattern(name, ty, data.values[0].to_owned());
        }
        // A copy of what is borrowed.
        if !matches!(taken, Taken::Lent) && data.is_copy && self.rng.u8(..6) == 0 {
            let leaf = self.one(data, &name, &format!("a part of a pattern, &: {ty}"));
            return Pattern(format!("&{name}"), format!("&{ty}"), format!("&§{leaf}§"));
        }
        let word = match taken {
            Taken::Owned => ["", "mut ", "ref "][self.rng.usize(..3)],
            Taken::Copied | Taken::Lent => "",
        };
        let form = format!("a part of a pattern, {taken:?}: {ty}");
        let leaf = self.one(data, &name, &form);
        Pattern(format!("{word}{name}"), ty, format!("§{leaf}§"))
    }

    /// `impl Trait`, and type parameters with bounds, where bounds may stand.
    fn by_bound(&mut self) -> Argument {
        const FORMS: [(&str, &str, &str); 8] = [
            ("T", "§", "S"),
            ("T", "§", "S"),
            ("&T", "&§", "S"),
            ("Option<T>", "Some(§)", "n.map(|n| S)"),
            ("&[T]", "&[§]", "n.iter().map(|n| S).collect::<Vec<_>>()"),
            ("(T, u8)", "(§, 1)", "{ let n = n.0; S }"),
            ("&Wrap<T>", "&Wrap(§)", "{ let n = &n.0; S }"),
            ("Arc<T>", "Arc::new(§)", "{ let n = &*n; S }"),
        ];
        let bound = &BOUNDS[self.rng.usize(..BOUNDS.len())];
        let (ty, call, show) = FORMS[self.rng.usize(..FORMS.len())];
        let name = self.name();
        let show = show.replace('S', bound.show);
        let show = words(&show, &name);
        let form = format!("{}, T: {}", ty, bound.written);
        let leaf = self.leaf(bound.values, show, &form);
        let is_itself = matches!(ty, "T" | "&T");
        let mention = bound.mention.filter(|_| is_itself);
        let mention = mention.map(|it| words(it, &name));
        let written = self.spelled(ty, bound.written);
        self.word(&name, mention, vec![leaf], Rule::Refused);
        Argument {
            written: format!("{name}: {written}"),
            call: call.replace('§', &format!("§{leaf}§")),
        }
    }

    /// A type with `T` as `impl Trait`, or with a parameter that has the bound.
    fn spelled(&mut self, ty: &str, bound: &str) -> String {
        let behind = ty.starts_with("&T");
        match self.rng.u8(..3) {
            0 if behind => ty.replace('T', &format!("(impl {bound})")),
            0 => ty.replace('T', &format!("impl {bound}")),
            1 => {
                let param = format!("T{}", self.next);
                self.generics
                    .push((format!("{param}: {bound}"), "_".to_owned()));
                ty.replace('T', &param)
            }
            _ => {
                let param = format!("T{}", self.next);
                self.generics.push((param.clone(), "_".to_owned()));
                self.wheres.push(format!("{param}: {bound}"));
                ty.replace('T', &param)
            }
        }
    }

    /// A value whose type alone matters.
    fn entity(&mut self) -> Argument {
        const FORMS: [(&str, &str, &str, bool); 4] = [
            ("T", "§", "n.table()", false),
            ("&T", "&§", "n.table()", true),
            ("(T, u8)", "(§, 1)", "n.0.table()", false),
            ("Arc<T>", "Arc::new(§)", "n.table()", false),
        ];
        let (ty, call, show, is_lent) = FORMS[self.rng.usize(..FORMS.len())];
        let name = self.name();
        let form = format!("{ty}, T: Entity");
        let leaf = self.leaf(["User", "Secret"], words(show, &name), &form);
        let mention = (ty != "(T, u8)").then(|| format!("{{{name}.id()}}"));
        let rule = if is_lent { Rule::Fine } else { Rule::Refused };
        let written = self.spelled(ty, "Entity");
        self.word(&name, mention, vec![leaf], rule);
        Argument {
            written: format!("{name}: {written}"),
            call: call.replace('§', &format!("§{leaf}§")),
        }
    }

    fn other(&mut self) -> Argument {
        let (ty, call, values, show) = OTHERS[self.rng.usize(..OTHERS.len())];
        let name = self.name();
        let leaf = self.leaf(values, words(show, &name), ty);
        self.word(&name, None, vec![leaf], Rule::Refused);
        Argument {
            written: format!("{name}: {ty}"),
            call: call.replace('§', &format!("§{leaf}§")),
        }
    }

    /// Parameters that no argument has.
    fn parameters(&mut self) -> Argument {
        self.next += 1;
        if self.rng.bool() {
            let param = format!("N{}", self.next);
            let leaf = self.leaf(["1", "2"], param.clone(), "const N: usize");
            self.generics
                .push((format!("const {param}: usize"), format!("§{leaf}§")));
            self.word(&param, Some(format!("{{{param}}}")), vec![leaf], Rule::Fine);
        } else {
            let param = format!("T{}", self.next);
            let leaf = self.leaf(["User", "Secret"], format!("{param}::TABLE"), "T: Entity");
            self.generics
                .push((format!("{param}: Entity"), format!("§{leaf}§")));
            self.word(&param, Some(format!("{{{param}}}")), vec![leaf], Rule::Fine);
        }
        self.plain()
    }

    fn handle(&mut self) -> Argument {
        let (written, call) = HANDLES[self.rng.usize(..HANDLES.len())];
        let name = self.name();
        self.word(&name, None, Vec::new(), Rule::Fine);
        Argument {
            written: words(written, &name),
            call: call.to_owned(),
        }
    }
}

/// A pattern, its type, and a value.
struct Pattern(String, String, String);

impl Pattern {
    /// Inside of another one, where that has `□`.
    fn within(self, written: &str, ty: &str, call: &str) -> Self {
        Self(
            written.replace('□', &self.0),
            ty.replace('□', &self.1),
            call.replace('□', &self.2),
        )
    }
}

/// Where the value of a leaf stands in a call.
fn place(leaf: usize) -> String {
    format!("§{leaf}§")
}

/// How a pattern takes what it is matched against.
#[derive(Debug, Clone, Copy)]
enum Taken {
    Owned,
    Lent,
    Copied,
}

/// `text` with the word `n` as `name`.
fn words(text: &str, name: &str) -> String {
    let mut out = String::new();
    let mut word = String::new();
    for letter in text.chars().chain([' ']) {
        if letter.is_alphanumeric() || letter == '_' {
            word.push(letter);
            continue;
        }
        out.push_str(if word == "n" { name } else { &word });
        word.clear();
        out.push(letter);
    }
    out.pop();
    out
}
