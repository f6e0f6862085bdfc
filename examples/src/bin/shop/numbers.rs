//! Numbers and times as text.

use std::time::Duration;

use hdrhistogram::Histogram;

#[expect(clippy::cast_precision_loss, reason = "shown with few digits")]
pub(crate) fn float(number: u64) -> f64 {
    number as f64
}

/// Returns a number without a fraction, with a comma after each three digits.
pub(crate) fn count(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Returns a number as `count` does, and with two digits after the point if it is less than 1.
pub(crate) fn few(number: f64) -> String {
    if number < 1.0 {
        format!("{number:.2}")
    } else {
        count(number)
    }
}

/// Returns a length of time with one digit after the point.
pub(crate) fn time(took: Duration) -> String {
    format!("{took:.1?}")
}

/// Returns a quantile of times in nanoseconds. `None` if there are no times.
pub(crate) fn quantile(times: &Histogram<u64>, quantile: f64) -> Option<Duration> {
    let is_empty = times.is_empty();
    (!is_empty).then(|| Duration::from_nanos(times.value_at_quantile(quantile)))
}

/// Returns a quantile of times in nanoseconds as text.
pub(crate) fn shown(times: &Histogram<u64>, wanted: f64) -> String {
    quantile(times, wanted).map_or_else(|| "-".to_owned(), time)
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn each_three_digits_have_a_comma() {
        assert_eq!(count(999.4), "999");
        assert_eq!(count(1_000.0), "1,000");
        assert_eq!(count(1_234_567.0), "1,234,567");
    }
}
