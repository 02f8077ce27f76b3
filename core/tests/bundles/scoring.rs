//! Records and batches through all stages.

use serde_json::json;

use crate::support::{Folder, decide, guide};

#[test]
fn the_guides_example_scores() {
    let mut scorer = Folder::loan().scorer();
    let decision = decide(&mut scorer, guide(1));
    println!("{}", serde_json::to_string_pretty(&decision).unwrap());
    assert_eq!(decision["outcome"], "approve");
    // margin = 0.5 * 0.4 - 2 + 1 - 0.25 = -1.05; Platt: 1 / (1 + exp(1.1 * 1.05 + 0.2)).
    let pd = 1.0 / (1.0 + f64::exp(1.1 * 1.05 + 0.2));
    assert!((decision["scores"]["pd"].as_f64().unwrap() - pd).abs() < 1e-7);
    let points = 600.0 + 20.0 / 2_f64.ln() * (((1.0 - pd) / pd) / 50.0).ln();
    assert_eq!(decision["scores"]["points"], json!(points.round() as i64));
}
