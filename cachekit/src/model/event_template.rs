//! Renders event templates: fills the placeholders of an event that a function lists with the data
//! of an event that was emitted.
//!
//! A function lists `events = ["product.updated {id}"]`. Another program sends `event
//! product.updated id=7`, without knowing the templates of the functions. The rendered event is
//! `product.updated 7`.

/// Replaces each placeholder in `template` with the value that `about` has for its name. Returns
/// `None` if the template is not of the event `name`, has no placeholder, or has one that `about`
/// lacks.
pub(crate) fn render(template: &str, name: &str, about: &[(String, String)]) -> Option<String> {
    let start = template.find(['{', '<']).unwrap_or(template.len());
    let literal = template[..start].trim_end_matches([' ', ':', '/', '.', '-', '_', '#']);
    if literal != name || start == template.len() {
        return None;
    }
    let mut text = String::new();
    let mut rest = template;
    while let Some(at) = rest.find(['{', '<']) {
        text.push_str(&rest[..at]);
        let close = if rest[at..].starts_with('{') {
            '}'
        } else {
            '>'
        };
        let (argument, after) = rest[at + 1..].split_once(close)?;
        let (_, value) = about.iter().find(|(key, _)| key == argument.trim())?;
        text.push_str(value);
        rest = after;
    }
    text.push_str(rest);
    Some(text)
}

#[cfg(test)]
mod tests {
    use crate::model::event_template::render;

    #[test]
    fn what_is_said_is_put_where_it_is_asked_for() {
        let about = [("id", "7"), ("shop", "a b")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        let render = |template| render(template, "product.updated", &about);
        assert_eq!(
            render("product.updated {id}").as_deref(),
            Some("product.updated 7")
        );
        assert_eq!(
            render("product.updated:<shop>/{ id }!").as_deref(),
            Some("product.updated:a b/7!")
        );
        for other in [
            "product.updated",
            "product.update {id}",
            "product.updated {page}",
            "{id}",
            "product.updated {id",
        ] {
            assert_eq!(render(other), None, "{other}");
        }
    }
}
