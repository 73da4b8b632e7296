//! Reading within limits: each refusal with its reason, beside what is accepted.

use context_handler::domain::reason::Reason;
use context_handler::protocol::xml::{Document, Limits, Name};

fn reason(text: impl AsRef<[u8]>) -> Reason {
    Document::parse(text.as_ref()).unwrap_err().reason
}

fn accepted(text: impl AsRef<[u8]>) {
    let text = text.as_ref();
    Document::parse(text).unwrap_or_else(|fault| panic!("{fault}: {}", String::from_utf8_lossy(text)));
}

#[test]
fn plain_documents_are_read() {
    for text in [
        "<a/>",
        "\u{feff}<a/>",
        "<?xml version=\"1.0\"?><a/>",
        "<?xml version='1.0' encoding='utf-8' standalone='yes' ?>\r\n<!-- c --><a>\r\n</a>\n",
        "<a><![CDATA[<b>]]>&amp;&lt;&#13;&#x1F600;</a>",
        "<a b = '>' c=\"'/>\"/>",
        "<p:a xmlns:p='urn:p' p:b='1' b='2'/>",
        "<a xmlns='http://a.example/x?y=1'><b xmlns=''/></a>",
    ] {
        accepted(text);
    }
}

#[test]
fn what_is_not_well_formed_xml_1_0_in_utf_8_is_malformed() {
    for text in [
        "",
        "text",
        "<a>",
        "<a></b>",
        "<a/><b/>",
        "<a/>text",
        "<a/><!-- x --><b/>",
        "<?xml version=\"1.1\"?><a/>",
        "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a/>",
        "<?xml version=\"1.0\" encoding=\"UTF-16\"?><a/>",
        "<?xml encoding=\"UTF-8\"?><a/>",
        " <?xml version=\"1.0\"?><a/>",
        "<?xml\tversion=\"1.1\"?><a/>",
        "<a><?pi x?></a>",
        "<?xml-stylesheet href='http://192.0.2.1/'?><a/>",
        "<a>&#1;</a>",
        "<a>&#xD800;</a>",
        "<a>&#x110000;</a>",
        "<a b='&#0;'/>",
        "<a>\u{1}</a>",
        "<a>\u{fffe}</a>",
        "<a>x\ry</a>",
        "<a>&unknown;</a>",
        "<a b='1' b='2'/>",
        "<p:a xmlns:p='urn:x' xmlns:q='urn:x' p:b='1' q:b='2'/>",
        "<a xmlns='urn:a' xmlns='urn:b'/>",
        "<:a/>",
        "<a:/>",
        "<a:b:c xmlns:a='urn:a'/>",
        "<a b=c/>",
        "<a b/>",
        "<a b='<'/>",
        "<a b='1'c='2'/>",
        "<a>]]></a>",
        "<a><!-- -- --></a>",
        "<a><!ELEMENT b></a>",
    ] {
        assert_eq!(reason(text), Reason::XmlMalformed, "{text}");
    }
    assert_eq!(reason(b"<a>\xc3\x28</a>"), Reason::XmlMalformed);
    assert_eq!(reason(b"\xff\xfe<\0a\0/\0>\0"), Reason::XmlMalformed);
}

#[test]
fn a_document_type_is_refused_before_it_is_looked_at() {
    for text in [
        "<!DOCTYPE a><a/>",
        "<?xml version=\"1.0\"?><!-- c --><!DOCTYPE a [<!ENTITY e 'x'>]><a ID='&e;'/>",
        "<!DOCTYPE a SYSTEM 'http://192.0.2.1/dtd'><a/>",
        "<!doctype a><a/>",
        "<a><!DOCTYPE a></a>",
        "<!DOCTYPE",
    ] {
        assert_eq!(reason(text), Reason::XmlDoctype, "{text}");
    }
    accepted("<a>&lt;!DOCTYPE a><![CDATA[<!DOCTYPE a>]]></a>");
}

#[test]
fn one_id_names_one_element_in_every_spelling() {
    for spelling in ["ID", "Id", "id", "iD", "xml:id", "AssertionID", "RequestID", "w:Id"] {
        let text = format!("<a xmlns:w='urn:w' ID='x'><b {spelling}='x'/></a>");
        assert_eq!(reason(&text), Reason::XmlDuplicateId, "{spelling}");
        accepted(format!("<a xmlns:w='urn:w' ID='x'><b {spelling}='y'/></a>"));
    }
    assert_eq!(reason("<a ID='x'><b ID=' x '/></a>"), Reason::XmlDuplicateId);
    let prefixed = "<a xmlns:samlp='urn:oasis:names:tc:SAML:2.0:protocol' ID='x'><b samlp:ID='x'/></a>";
    assert_eq!(reason(prefixed), Reason::XmlDuplicateId);
}

#[test]
fn namespaces_and_attributes_cannot_be_taken_for_others() {
    let samlp = "xmlns:samlp='urn:oasis:names:tc:SAML:2.0:protocol'";
    for text in [
        "<p:a/>".to_owned(),
        "<a p:b='1'/>".to_owned(),
        "<a xmlns:xml='http://www.w3.org/XML/1998/namespace'/>".to_owned(),
        "<a xmlns:xml='urn:x'/>".to_owned(),
        "<a xmlns:xmlns='urn:x'/>".to_owned(),
        "<a xmlns:p='http://www.w3.org/2000/xmlns/'/>".to_owned(),
        "<a xmlns:p='http://www.w3.org/XML/1998/namespace'/>".to_owned(),
        "<a xmlns:p=''/>".to_owned(),
        "<a xmlns='relative/uri'/>".to_owned(),
        "<a xmlns:p='../x'/>".to_owned(),
        "<a xmlns:p='//x.example/'/>".to_owned(),
        "<a xmlns:p='1:2'/>".to_owned(),
        "<a xmlns:p='urn:&#x61;'/>".to_owned(),
        "<a xmlns:p='urn:a b'/>".to_owned(),
        "<a xmlns:p='urn:p' p:xmlns='urn:x'/>".to_owned(),
        "<a xmlns:p='urn:a' xmlns:p='urn:b'/>".to_owned(),
        "<xmlns:a/>".to_owned(),
        "<a ID='1' Id='2'/>".to_owned(),
        "<a ID='1' xml:id='1'/>".to_owned(),
        format!("<samlp:R {samlp} samlp:ID='x'/>"),
        format!("<samlp:R {samlp} samlp:Destination='x' Destination='y'/>"),
        format!("<samlp:R {samlp} xmlns:p='urn:p' p:Destination='x' Destination='y'/>"),
        format!("<a {samlp} samlp:Destination='x'/>"),
    ] {
        assert_eq!(reason(&text), Reason::XmlNamespace, "{text}");
    }
    accepted(format!("<samlp:R {samlp} xmlns:p='urn:p' p:other='x' Destination='y' xml:lang='da'/>"));
}

#[test]
fn limits_are_exact() {
    let limits = Limits::MESSAGE;
    let filled = |bytes: usize| format!("<a>{}</a>", "x".repeat(bytes - 7));
    accepted(filled(limits.bytes));
    assert_eq!(reason(filled(limits.bytes + 1)), Reason::LimitXml);
    let deep = |depth: usize| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
    accepted(deep(limits.depth));
    assert_eq!(reason(deep(limits.depth + 1)), Reason::LimitXml);
    let attributes = |count: usize| {
        let attributes = (0..count).map(|i| format!(" a{i}=''")).collect::<String>();
        format!("<a{attributes}/>")
    };
    accepted(attributes(limits.attributes));
    assert_eq!(reason(attributes(limits.attributes + 1)), Reason::LimitXml);
    let declarations = |count: usize, nested: usize| {
        let declarations = (0..count).map(|i| format!(" xmlns:a{i}='urn:a'")).collect::<String>();
        format!("{}{}", format!("<a{declarations}>").repeat(nested), "</a>".repeat(nested))
    };
    accepted(declarations(limits.declarations, 1));
    assert_eq!(reason(declarations(limits.declarations + 1, 1)), Reason::LimitXml);
    let nested = limits.declarations_in_force / 32;
    accepted(declarations(32, nested));
    assert_eq!(reason(declarations(32, nested + 1)), Reason::LimitXml);
    let beside = |count: usize| format!("<a>{}</a>", "<b xmlns:c='urn:c'/>".repeat(count));
    accepted(beside(limits.declarations_in_all));
    assert_eq!(reason(beside(limits.declarations_in_all + 1)), Reason::LimitXml);
    let name = |length: usize| format!("<{}/>", "a".repeat(length));
    accepted(name(limits.name));
    assert_eq!(reason(name(limits.name + 1)), Reason::LimitXml);
    let elements = |count: usize| format!("<a>{}</a>", "<b/>".repeat(count));
    accepted(elements(limits.nodes / 2));
    assert_eq!(reason(elements(limits.nodes)), Reason::LimitXml);
    let large = elements(limits.nodes);
    Document::parse_metadata(large.as_bytes()).unwrap();
}

#[test]
fn what_was_decrypted_stands_on_its_own_and_holds_nothing_encrypted() {
    let nested = "<a><x:EncryptedData xmlns:x='http://www.w3.org/2001/04/xmlenc#'/></a>";
    assert_eq!(Document::parse_decrypted(nested.as_bytes()).unwrap_err().reason, Reason::LimitDepth);
    assert_eq!(Document::parse_decrypted(b"<saml:Assertion/>").unwrap_err().reason, Reason::XmlNamespace);
    Document::parse_decrypted(b"<a/>").unwrap();
}

#[test]
fn text_is_whole_or_refused() {
    let read = |text: &str| {
        let document = Document::parse(text.as_bytes()).unwrap();
        document.root().text().map(|text| text.into_owned()).map_err(|fault| fault.reason)
    };
    assert_eq!(read("<a>admin@a.dk<!-- -->.evil.dk</a>"), Err(Reason::ValueComment));
    assert_eq!(read("<a><!-- --></a>"), Err(Reason::ValueComment));
    assert_eq!(read("<a>x<b/>y</a>"), Err(Reason::AttrType));
    assert_eq!(read("<a>1<![CDATA[2]]>&#x33;&amp;<![CDATA[]]>4\r\n5</a>"), Ok("123&4\n5".to_owned()));
    assert_eq!(read("<a/>"), Ok(String::new()));
}

#[test]
fn an_element_leads_to_its_own_content() {
    const B: Name = Name::new("urn:b", "b", "b");
    let text = "<a x='0' y:x='1' xmlns:y='urn:y'>\n<z:b xmlns:z='urn:b' > t </z:b><b/></a>";
    let document = Document::parse(text.as_bytes()).unwrap();
    let root = document.root();
    assert_eq!((root.local(), root.namespace()), ("a", ""));
    assert_eq!(
        (root.attribute("x"), root.attribute_ns("urn:y", "x"), root.attribute("y")),
        (Some("0"), Some("1"), None)
    );
    assert_eq!(root.attributes().collect::<Vec<_>>(), [("", "x", "0"), ("urn:y", "x", "1")]);
    let b = root.only_child(B).unwrap();
    assert_eq!((b.source(), b.line(), b.namespace()), ("<z:b xmlns:z='urn:b' > t </z:b>", 2, "urn:b"));
    assert!(b.is(B) && !root.is(B));
    assert_eq!(root.children().count(), 2);
    assert_eq!(b.only_child(B).unwrap_err().reason, Reason::XmlSchema);
    assert_eq!(b.optional_child(B), Ok(None));
    let twice = Document::parse(b"<a xmlns='urn:b'><b/><b/></a>").unwrap();
    assert_eq!(twice.root().optional_child(B).unwrap_err().reason, Reason::XmlSchema);
    let prefixed = Document::parse(b"<a y:x='1' xmlns:y='urn:y'/>").unwrap();
    assert_eq!(prefixed.root().attribute("x"), None, "an attribute with a namespace is another one");
}

/// Inputs whose cost would grow with the square, or that would fill the memory: refused by a count, at once.
#[test]
fn hostile_shapes_are_refused_at_once() {
    let attributes = (0..80_000).map(|at| format!(" a{at}=''")).collect::<String>();
    let namespaces = (0..80_000).map(|at| format!(" xmlns:a{at}='urn:a'")).collect::<String>();
    let shapes = [
        format!("<a{attributes}/>"),
        format!("<a{namespaces}/>"),
        "<a/>".repeat(1_000_000),
        format!("<a>{}</a>", "<b/>".repeat(1_000_000)),
        "<a>".repeat(200_000),
        format!("<a>{}</a>", "<!---->x".repeat(600_000)),
        format!("<a>{}</a>", "<![CDATA[]]>".repeat(500_000)),
        "<".repeat(16_000_000),
        "&#".repeat(8_000_000),
        format!("<a b='{}", "x".repeat(16_000_000)),
    ];
    for shape in shapes {
        for parse in [Document::parse, Document::parse_metadata] {
            let begun = processor_seconds();
            let fault = parse(shape.as_bytes()).unwrap_err();
            // Generous, for builds without optimisation; a square would take minutes.
            let spent = processor_seconds() - begun;
            assert!(spent < 2.0, "{fault} took {spent} s: {}", &shape[..20]);
        }
    }
}

/// What this thread has used of a processor, whatever else the machine does.
fn processor_seconds() -> f64 {
    let used = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    used.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e9
}
