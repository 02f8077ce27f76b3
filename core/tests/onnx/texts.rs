//! Operators of text, and what `com.microsoft` adds to them.

use scorebox_core::onnx::{Data, Shape, Tensor, Value};

use super::ml_models::{STRING, floats_of, integers, one, table, text, text_input, text_list, texts, words};
use super::writer::{
    FLOAT, INT64, Message, attribute_int, attribute_ints, numbers, refusal, run, sizes, value,
};

fn plain(operator: &str, attributes: &[Message], inputs: &[Message], outputs: &[&str]) -> Message {
    one(("", operator, 20), attributes, inputs, outputs)
}

fn normalized(attributes: &[Message], input: &[&str]) -> Vec<String> {
    let model = plain("StringNormalizer", attributes, &[text_input()], &["y"]);
    texts(&run(&model, &[("x0", &words(input))]).unwrap()[0])
}

#[test]
fn case_changes_the_same_way_everywhere() {
    let lower = text("case_change_action", "LOWER");
    let locale = text("locale", "tr_TR");
    assert_eq!(normalized(&[lower, locale], &["IİÇΣ", "straße"]), ["iiçσ", "straße"]);
    assert_eq!(normalized(&[text("case_change_action", "UPPER")], &["straße", "é"]), ["STRAßE", "É"]);
    let words = text_list("stopwords", &["Und"]);
    assert_eq!(normalized(std::slice::from_ref(&words), &["UND", "Haus"]), ["Haus"]);
    assert_eq!(normalized(&[words.clone(), attribute_int("is_case_sensitive", 1)], &["UND", "Und"]), ["UND"]);
    assert_eq!(normalized(&[words], &["und"]), [""]);
}

fn split(attributes: &[Message], input: &[&str]) -> (Vec<String>, Vec<i64>) {
    let model = plain("StringSplit", attributes, &[text_input()], &["y", "z"]);
    let made = run(&model, &[("x0", &words(input))]).unwrap();
    (texts(&made[0]), integers(&made[1]))
}

#[test]
fn texts_are_split_and_joined() {
    let owned = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    assert_eq!(split(&[], &["a  b\tc", " d "]), (owned(&["a", "b", "c", "d", "", ""]), vec![3, 1]));
    let comma = text("delimiter", ",");
    assert_eq!(
        split(std::slice::from_ref(&comma), &["a,,b", ","]),
        (owned(&["a", "", "b", "", "", ""]), vec![3, 2])
    );
    assert_eq!(split(&[comma, attribute_int("maxsplit", 1)], &["a,b,c"]), (owned(&["a", "b,c"]), vec![2]));
    assert_eq!(split(&[attribute_int("maxsplit", 0)], &[" a b "]), (owned(&["a b"]), vec![1]));
    assert_eq!(split(&[], &["", " "]), (owned(&[]), vec![0, 0]));
    let inputs = [value("x0", STRING, &["N", "1"]), value("x1", STRING, &["K"])];
    let model = plain("StringConcat", &[], &inputs, &["y"]);
    let column =
        Value::Tensor(Tensor::new(Shape::matrix(2, 1), Data::Str(["a", "b"].into_iter().collect())).unwrap());
    let made = run(&model, &[("x0", &column), ("x1", &words(&["1", "2"]))]).unwrap();
    assert_eq!((sizes(&made[0]), texts(&made[0])), (vec![2, 2], owned(&["a1", "a2", "b1", "b2"])));
}

#[test]
fn whole_texts_match_expressions() {
    let model = plain("RegexFullMatch", &[text("pattern", "(?i)[a-z]{2,3}")], &[text_input()], &["y"]);
    let made = run(&model, &[("x0", &words(&["AB", "abcd", "a1"]))]).unwrap();
    let Value::Tensor(made) = &made[0] else { panic!("no tensor") };
    assert_eq!(made.elements::<bool>().unwrap(), [true, false, false]);
    let wrong = plain("RegexFullMatch", &[text("pattern", "(a")], &[text_input()], &["y"]);
    assert!(refusal(&wrong).contains("parenthesis"));
}

fn tokens(attributes: &[Message], input: &[&str]) -> (Vec<usize>, Vec<String>) {
    let attributes: Vec<Message> = [text("pad_value", "#"), attribute_int("mincharnum", 1)]
        .into_iter()
        .chain(attributes.iter().cloned())
        .collect();
    let model = one(("com.microsoft", "Tokenizer", 1), &attributes, &[text_input()], &["y"]);
    let made = run(&model, &[("x0", &words(input))]).unwrap();
    (sizes(&made[0]), texts(&made[0]))
}

#[test]
fn tokens_are_cut_and_padded() {
    let expression = |pattern: &str| [text("tokenexp", pattern), attribute_int("mark", 0)];
    assert_eq!(tokens(&expression("[a-z]+"), &["ab cd", "é x"]).1, ["ab", "cd", "x", "#"]);
    assert_eq!(tokens(&expression("."), &["aé", ""]).1, ["a", "é", "#", "#"]);
    assert_eq!(tokens(&expression("[a-z]"), &["1", ""]).0, [2, 0]);
    assert_eq!(tokens(&expression("a"), &[]).0, [0]);
    let marked = [text_list("separators", &[" ", ","]), attribute_int("mark", 1)];
    assert_eq!(
        tokens(&marked, &["a,b  c", "d"]).1,
        ["\u{2}", "a", "b", "c", "\u{3}", "\u{2}", "d", "\u{3}", "#", "#"]
    );
}

#[test]
fn ngrams_are_counted_by_length_and_distance() {
    let attributes = |mode: &str, lengths: (i64, i64), skips: i64| {
        vec![
            text("mode", mode),
            attribute_int("min_gram_length", lengths.0),
            attribute_int("max_gram_length", lengths.1),
            attribute_int("max_skip_count", skips),
            attribute_ints("ngram_counts", &[0, 2]),
            attribute_ints("ngram_indexes", &[1, 0, 3]),
            attribute_ints("pool_int64s", &[1, 2, 1, 2]),
            super::ml_models::float_list("weights", &[0.5, 10.0, 100.0]),
        ]
    };
    let x = Value::Tensor(Tensor::vector(vec![1i64, 3, 2, 1, 2, 2]));
    let input = [value("x0", INT64, &["N"])];
    let count = |mode, lengths, skips| {
        floats_of(&plain("TfIdfVectorizer", &attributes(mode, lengths, skips), &input, &["y"]), &x)
    };
    assert_eq!(count("TF", (1, 2), 0), [3.0, 2.0, 0.0, 1.0]);
    assert_eq!(count("TF", (1, 2), 1), [3.0, 2.0, 0.0, 3.0]);
    assert_eq!(count("TF", (2, 2), 0), [0.0, 0.0, 0.0, 1.0]);
    assert_eq!(count("IDF", (1, 2), 1), [10.0, 0.5, 0.0, 100.0]);
    assert_eq!(count("TFIDF", (1, 1), 0), [30.0, 1.0, 0.0, 0.0]);
    let mut twice = attributes("TF", (1, 2), 0);
    twice[6] = attribute_ints("pool_int64s", &[1, 1, 1, 2]);
    assert!(refusal(&plain("TfIdfVectorizer", &twice, &input, &["y"])).contains("twice"));
    let mut wide = attributes("TF", (1, 2), 0);
    wide[5] = attribute_ints("ngram_indexes", &[1, 0, 1 << 40]);
    assert!(refusal(&plain("TfIdfVectorizer", &wide, &input, &["y"])).contains("ngram_indexes"));
}

#[test]
fn distances_of_all_pairs() {
    let inputs = [value("x0", FLOAT, &["N", "2"]), value("x1", FLOAT, &["M", "2"])];
    let model = |metric: &str| one(("com.microsoft", "CDist", 1), &[text("metric", metric)], &inputs, &["y"]);
    let (a, b) = (table(2, &[0.0, 0.0, 3.0, 4.0]), table(2, &[3.0, 4.0, 0.0, 1.0, 3.0, 0.0]));
    let made = run(&model("euclidean"), &[("x0", &a), ("x1", &b)]).unwrap();
    assert_eq!((sizes(&made[0]), &numbers(&made[0])[..4]), (vec![2, 3], &[5.0, 1.0, 3.0, 0.0][..]));
    let made = run(&model("sqeuclidean"), &[("x0", &a), ("x1", &b)]).unwrap();
    assert_eq!(numbers(&made[0])[..3], [25.0, 1.0, 9.0]);
    assert!(refusal(&model("cosine")).contains("cosine"));
}
