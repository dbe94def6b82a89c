use super::*;

fn lines(text: impl AsRef<[u8]>) -> Vec<Line> {
    let bytes = text.as_ref().to_vec();
    match Lines::open(bytes.as_slice(), "EUR".parse().unwrap()) {
        Ok(lines) => lines.collect(),
        Err(faults) => vec![Err(faults)],
    }
}

/// What is told of the only faulty line.
fn fault(text: impl AsRef<[u8]>) -> String {
    let faults: Vec<LineFault> = lines(text).into_iter().filter_map(Result::err).flatten().collect();
    let [fault] = &faults[..] else { panic!("{faults:?}") };
    fault.to_string()
}

fn numbers(text: &str) -> Vec<u64> {
    lines(text).into_iter().map(|line| line.unwrap().number).collect()
}

#[test]
fn a_line_is_read_as_a_request_is() {
    let text = "\u{feff}price,sku,name,stock,stockPolicy,reorderLevel,category,barcode\r\n\
                3.80,FW-1,\" Flat \"\"white\"\", large 🍮\",40,flag,5.5,coffee,5901234123457\r\n";
    let line = lines(text).remove(0).unwrap();
    let catalogue = &line.replacement.catalogue;
    assert_eq!(catalogue.name, "Flat \"white\", large 🍮");
    assert_eq!(catalogue.price.minor(), 380);
    assert_eq!(catalogue.stock_policy, StockPolicy::Flag);
    assert_eq!(catalogue.reorder_level.map(Quantity::milli), Some(5500));
    assert_eq!(line.barcode(), Some("5901234123457"));
    assert_eq!(line.subject, Subject::Sku("FW-1".into()));
    assert_eq!(line.opening, Ok(Some(Quantity::from_milli(40_000))));
    assert!(!line.replacement.keeps_policy);
}

#[test]
fn an_empty_cell_says_as_little_as_a_column_that_is_not_there() {
    let line = lines("sku,name,price,barcode,stockPolicy,stock\nA,B,1,, ,\n").remove(0).unwrap();
    assert_eq!((line.barcode(), line.level, &line.opening), (None, None, &Ok(None)));
    assert!(line.replacement.keeps_policy);
}

#[test]
fn a_line_has_the_number_that_an_editor_shows() {
    let many = "sku,name,price\nA,\"a\nb\",1\nB,b,1\n";
    assert!(lines(many)[0].as_ref().is_err_and(|faults| faults[0].line == 2), "a name is one line");
    assert!(lines(many)[1].as_ref().is_ok_and(|line| line.number == 4));
    assert_eq!(numbers("sku,name,price\nA,a,1\nB,b,1"), [2, 3]);
    assert_eq!(numbers("sku,name,price\r\nA,a,1\r\nB,b,1\r\n"), [2, 3]);
    assert_eq!(numbers("sku,name,price\r\n\r\n\r\nA,a,1\r\n\r\nB,b,1\r\n"), [4, 6]);
    assert_eq!(numbers("\n\nsku,name,price\nA,a,1\n"), [4]);
    let file = (2..3000).fold("sku,name,price\r\n".to_owned(), |file, line| {
        file + &format!("{line},\"{}\",1\r\n", "x".repeat(line % 97 + 1))
    });
    assert_eq!(numbers(&file), (2..3000).collect::<Vec<u64>>());
}

#[test]
fn what_a_spreadsheet_would_run_is_read_as_it_was() {
    let line = lines("sku,name,price,category\n'=1+1,''@x,1,'t Hoen\n").remove(0).unwrap();
    let catalogue = &line.replacement.catalogue;
    assert_eq!(catalogue.sku.as_deref(), Some("=1+1"));
    assert_eq!(catalogue.name, "'@x");
    assert_eq!(catalogue.category.as_deref(), Some("'t Hoen"));
}

#[test]
fn each_fault_names_its_line_and_its_column() {
    let head = "sku,name,price,stock,stockPolicy,reorderLevel,currency,id";
    for (line, told) in [
        ("A,,1,,,,,", "line 2, name: must not be empty"),
        (",a,1,,,,,", "line 2, sku: must not be empty"),
        ("A,a,,,,,,", "line 2, price: must be a plain decimal"),
        ("A,a,1.234,,,,,", "line 2, price: may have at most 2 decimal places in EUR"),
        ("A,a,-1,,,,,", "line 2, price: must not be negative"),
        ("A,a,1e3,,,,,", "line 2, price: must be a plain decimal"),
        ("A,a,1,many,,,,", "line 2, stock: must be a plain decimal"),
        ("A,a,1,,maybe,,,", "line 2, stockPolicy: must be deny, allow, flag or untracked"),
        ("A,a,1,,,-1,,", "line 2, reorderLevel: must not be negative"),
        ("A,a,1,,,,CHF,", "line 2, currency: must be EUR"),
        ("A,a,1,,,,,17", "line 2, id: must be a UUID"),
        ("A\0,a,1,,,,,", "line 2, sku: must not contain control characters"),
        ("A,a,1", "line 2: has 3 cells, and the first line has 8"),
    ] {
        let found = fault(format!("{head}\n{line}\n"));
        assert!(found.starts_with(told), "{line}: {found}");
    }
    assert_eq!(fault(b"sku,name,price\nA,Cr\xe8me,1\n"), "line 2, name: is not UTF-8");
    assert_eq!(lines(format!("{head}\n,,x,y,z,-1,CHF,u\n"))[0].as_ref().unwrap_err().len(), 7);
}

#[test]
fn a_first_line_that_is_no_header_is_told() {
    assert!(fault("").contains("empty"));
    assert!(fault(b"sku,name,pr\xffce\n").contains("UTF-8"));
    assert!(fault("sku,name,price,price\nA,a,1,1\n").contains("price stands twice"));
}

#[test]
fn a_quote_that_is_not_closed_ends_the_file_at_its_line() {
    let rest = "B,b,1\n".repeat(100_000);
    let found = lines(format!("sku,name,price\nA,a,1\nB,\"b,1\n{rest}"));
    assert_eq!(found.len(), 2);
    let fault = found[1].as_ref().unwrap_err();
    assert_eq!(fault[0].line, 3);
    assert!(fault[0].detail.contains("quote"), "{}", fault[0]);
}
