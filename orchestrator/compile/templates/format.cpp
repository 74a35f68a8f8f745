#include "orchestrator/compile/templates/format.hpp"

#include "core/json/json.hpp"
#include "orchestrator/compile/templates/limits.hpp"

namespace evenkeel::templates {
namespace {

// The formats of an expression, from the first bar on.
class FormatReader {
  public:
    FormatReader(std::string_view text, std::size_t byte) : text_(text), byte_(byte) {}

    TemplateResult<std::vector<Format>> read() {
        std::vector<Format> formats;
        for (skip_blanks(); at_ < text_.size(); skip_blanks()) {
            if (text_[at_] != '|') return bad("expected | or the end of the tag");
            if (formats.size() == kFormatsMost) return bad("expected at most 4 formats");
            ++at_;
            skip_blanks();
            formats.push_back(EK_TRY(read_format()));
        }
        return formats;
    }

  private:
    void skip_blanks() {
        while (at_ < text_.size() && kBlanks.find(text_[at_]) != std::string_view::npos) ++at_;
    }
    bool take(std::string_view word) {
        if (!text_.substr(at_).starts_with(word)) return false;
        at_ += word.size();
        return true;
    }
    tl::unexpected<Fault> bad(std::string expected) const {
        const std::string_view found = text_.substr(at_);
        return fault_at(byte_ + at_,
                        expected + ", not " + (found.empty() ? "the end" : quoted(found)));
    }

    TemplateResult<Format> read_format() {
        if (take("json")) return Format{Format::Kind::json};
        if (!take("join")) return bad("expected one of the formats json, join:\"TEXT\"");
        skip_blanks();
        if (!take(":")) return bad("expected : and the text between the items, as join:\", \"");
        skip_blanks();
        return Format{Format::Kind::join, EK_TRY(read_text())};
    }

    // A JSON string, so that a line end can be written.
    TemplateResult<std::string> read_text() {
        std::size_t end = at_ + 1;
        while (end < text_.size() && text_[end] != '"') end += text_[end] == '\\' ? 2 : 1;
        if (at_ == text_.size() || text_[at_] != '"' || end >= text_.size()) {
            return bad("expected a text in double quotes");
        }
        const auto value = json::parse(text_.substr(at_, end + 1 - at_));
        if (!value) return bad("expected a text that is written as in JSON");
        at_ = end + 1;
        return value->as_string();
    }

    std::string_view text_;
    std::size_t byte_;
    std::size_t at_ = 0;
};

// Counts the brackets, the texts and at least a byte for everything else; stops when `left` is
// used up. Recursion is bounded as everywhere: values come through the gate of core/json.
bool use_up(const json::Value& value, std::size_t& left) {
    const auto take = [&](std::size_t bytes) {
        left -= std::min(left, bytes);
        return left > 0;
    };
    if (value.is_string()) return take(value.as_string().size() + 2);
    if (value.is_array()) {
        for (const json::Value& item : value.as_array()) {
            if (!use_up(item, left)) return false;
        }
    }
    if (value.is_object()) {
        for (const auto& [name, member] : value.as_object()) {
            if (!take(name.size() + 3) || !use_up(member, left)) return false;
        }
    }
    return take(1);
}

TemplateResult<std::string> joined(const Format& format, const json::Value& value,
                                   const Path& path) {
    if (!value.is_array()) {
        return fault_at(path.byte, "expected a list for |join: '" + to_string(path) +
                                       "' is of type " + std::string(value.type_name()));
    }
    std::string text;
    bool first = true;
    for (const json::Value& item : value.as_array()) {
        if (item.is_null() || item.is_array() || item.is_object()) {
            return fault_at(path.byte, "expected texts, numbers and truth values for |join: '" +
                                           to_string(path) + "' has an item of type " +
                                           std::string(item.type_name()));
        }
        if (!first) text += format.separator;
        first = false;
        text += EK_TRY(text_of(item, path));
        if (text.size() > kOutputBytesMost) return too_long(path.byte);
    }
    return text;
}

}  // namespace

TemplateResult<Expression> read_expression(std::string_view text, std::size_t byte) {
    const std::size_t bar = std::min(text.find('|'), text.size());
    std::string_view name = text.substr(0, bar);
    while (!name.empty() && kBlanks.find(name.back()) != std::string_view::npos) {
        name.remove_suffix(1);
    }
    Expression expression{EK_TRY(read_path(name, byte))};
    expression.formats = EK_TRY(FormatReader(text.substr(bar), byte + bar).read());
    return expression;
}

bool is_true(const json::Value& value) {
    if (value.is_bool()) return value.as_bool();
    if (value.is_string()) return !value.as_string().empty();
    if (value.is_array()) return !value.as_array().empty();
    if (value.is_object()) return !value.as_object().empty();
    if (value.is_integer()) return value.as_integer() != 0;
    return value.is_number() && !(value == json::Value(0));
}

bool is_longer(const json::Value& value, std::size_t bytes) {
    std::size_t left = bytes + 1;
    return !use_up(value, left);
}

TemplateResult<std::string> text_of(const json::Value& value, const Path& path) {
    if (value.is_string()) return value.as_string();
    if (value.is_integer()) return std::to_string(value.as_integer());
    if (value.is_bool() || value.is_number()) return json::write_canonical(value);
    const std::string what =
        "expected a text, a number or a truth value: '" + to_string(path) + "' ";
    if (value.is_null()) return fault_at(path.byte, what + "is null");
    const std::string way = value.is_array() ? "|json, |join:\", \" or a section" : "|json";
    return fault_at(path.byte,
                    what + "is of type " + std::string(value.type_name()) + ", which takes " + way);
}

TemplateResult<std::string> apply(const Format& format, const json::Value& value,
                                  const Path& path) {
    if (format.kind == Format::Kind::join) return joined(format, value, path);
    if (is_longer(value, kOutputBytesMost)) return too_long(path.byte);
    return json::write_canonical(value);
}

}  // namespace evenkeel::templates
