//! The figures as a table, and as JSON.

use serde::Serialize;
use serde_json::json;

use super::BenchError;
use super::figure::{Figure, Floor, Spread};
use crate::text::number;

/// Under which conditions everything was measured.
#[derive(Debug, Serialize)]
pub(super) struct Conditions {
    pub(super) version: &'static str,
    pub(super) optimised: bool,
    pub(super) cpus: usize,
    pub(super) token: String,
    pub(super) rounds: u32,
    pub(super) round_seconds: f64,
}

const NAME: usize = 36;
const AGAINST: usize = 37;
const SPREAD: usize = 28;

/// What stands above the table.
pub(super) fn header(conditions: &Conditions, say: &dyn Fn(&str)) {
    say(&format!(
        "Claviger {} over mutual TLS, {}, {} CPUs for server and clients together\n\
         {} rounds of {:.1} s per figure and side, in turn; median (least to most)\n",
        conditions.version,
        conditions.token,
        conditions.cpus,
        conditions.rounds,
        conditions.round_seconds,
    ));
    if !conditions.optimised {
        say("NOT A RELEASE BUILD: these figures mean nothing. cargo build --release\n");
    }
    say(&format!(
        "{:<NAME$} {:>AGAINST$} {:>SPREAD$} {:>4}  {:>6}  floor",
        "", "bare token", "Claviger", "", "ratio"
    ));
}

/// One line of the table.
pub(super) fn line(figure: &Figure) -> String {
    let against = figure.against.map_or_else(String::new, |(what, spread)| {
        let what = if what == "token" { "" } else { what };
        format!("{what} {}", text(&spread))
    });
    let ratio = figure.ratio().map_or_else(String::new, |ratio| format!("{ratio:.2}"));
    let line = format!(
        "{:<NAME$} {against:>AGAINST$} {:>SPREAD$} {:<4}  {ratio:>6}  {}",
        figure.name,
        text(&figure.claviger),
        figure.unit,
        verdict(figure)
    );
    line.trim_end().to_owned()
}

fn verdict(figure: &Figure) -> String {
    let (Some(floor), Some(kept)) = (figure.floor, figure.kept()) else { return String::new() };
    let (bound, missed) = match floor {
        Floor::RatioAtLeast(least) => (format!(">= {least:.2}"), "BELOW"),
        Floor::RatioAtMost(most) => (format!("<= {most:.2}"), "ABOVE"),
        Floor::AtLeast(least) => (format!(">= {}", number(least)), "BELOW"),
        Floor::AtMost(most) => (format!("<= {}", number(most)), "ABOVE"),
    };
    format!("{bound} {}", if kept { "ok" } else { missed })
}

fn text(spread: &Spread) -> String {
    if spread.min.total_cmp(&spread.max).is_eq() {
        return number(spread.median);
    }
    format!("{} ({} to {})", number(spread.median), number(spread.min), number(spread.max))
}

/// Everything, for a program to read.
pub(super) fn json(conditions: &Conditions, figures: &[Figure]) -> Result<String, BenchError> {
    let figures = figures
        .iter()
        .map(|figure| {
            json!({
                "name": figure.name.trim(),
                "unit": figure.unit,
                "claviger": figure.claviger,
                "against": figure.against.map(|(what, spread)| json!({ "what": what, "rate": spread })),
                "ratio": figure.ratio(),
                "floor": figure.floor,
                "kept": figure.kept(),
            })
        })
        .collect::<Vec<_>>();
    serde_json::to_string_pretty(&json!({ "conditions": conditions, "figures": figures }))
        .map_err(|err| BenchError::System { what: "JSON", source: err.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure() -> Figure {
        let spread = |median| Spread { median, min: median - 1.0, max: median + 1.0 };
        Figure {
            name: "RSA-2048 sign, 8 connections".to_owned(),
            unit: "/s",
            against: Some(("token", spread(2_000.0))),
            claviger: spread(1_400.0),
            floor: Some(Floor::RatioAtLeast(0.75)),
        }
    }

    #[test]
    fn line_says_whether_the_floor_is_kept() {
        assert!(line(&figure()).ends_with("0.70  >= 0.75 BELOW"), "{}", line(&figure()));
        let good = Figure { floor: Some(Floor::RatioAtLeast(0.7)), ..figure() };
        assert!(line(&good).ends_with(">= 0.70 ok"), "{}", line(&good));
        let heavy = Figure::alone("x", "MiB", Spread::once(50.0)).with_floor(Floor::AtMost(40.0));
        assert!(line(&heavy).ends_with("<= 40.0 ABOVE"), "{}", line(&heavy));
    }

    #[test]
    fn columns_stay_in_their_places() {
        let alone = Figure::alone("x", "/s", Spread::once(50.0)).with_floor(Floor::AtLeast(1.0));
        let place = |text: &str| text.find(">=");
        assert_eq!(place(&line(&alone)), place(&line(&figure())));
    }

    #[test]
    fn json_holds_ratio_and_verdict() {
        let conditions = Conditions {
            version: "0",
            optimised: true,
            cpus: 2,
            token: "token".to_owned(),
            rounds: 5,
            round_seconds: 1.0,
        };
        let text = json(&conditions, &[figure()]).unwrap();
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["figures"][0]["ratio"], 0.7);
        assert_eq!(value["figures"][0]["kept"], false);
        assert_eq!(value["figures"][0]["floor"]["ratio_at_least"], 0.75);
    }
}
