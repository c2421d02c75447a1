//! The layout of excerpts.

use super::excerpt;
use crate::location::Location;

#[test]
fn a_single_line_has_more_around_it_than_a_range() {
    let source = "a\nb\nc\nd\ne\nf\ng\n";
    let one = excerpt(source, "Dockerfile", Location::line(4));
    assert_eq!(
        one,
        "Dockerfile:4\n--------------------\n   2 |     b\n   3 |     c\n   4 | >>> d\n   5 |     e\n   6 |     f\n--------------------\n"
    );
    let range = excerpt(source, "x/Dockerfile", Location::new(3, 5));
    assert_eq!(
        range,
        "x/Dockerfile:3\n--------------------\n   2 |     b\n   3 | >>> c\n   4 | >>> d\n   5 | >>> e\n   6 |     f\n--------------------\n"
    );
}

#[test]
fn at_the_ends_of_a_file() {
    assert_eq!(
        excerpt("a\r\n", "D", Location::new(1, 9)),
        "D:1\n--------------------\n   1 | >>> a\n   2 | >>> \n--------------------\n"
    );
    assert_eq!(excerpt("a\nb\nc\nd", "D", Location::line(1)).lines().count(), 6);
    assert_eq!(excerpt("a", "D", Location::line(2)), "");
    assert_eq!(excerpt("a", "D", Location { start: 0, end: 0 }), "");
}
